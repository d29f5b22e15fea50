"""Recognises what is said in files: python ear.py PROCESSES. It reads a line of JSON for each: "file" (16 kHz, mono, bare samples), "text"
"join", the second at which another voice goes on, or null, and "freely", which has the first recogniser listen, since that takes its
time. It writes one for each, with the words that two recognisers hear.

The first knows English: "free" are its words. The second knows that the text is read in its order, up to any word by the first voice, and
from any word on by the second: "known" are places in the text, with times. It is sure where the first one guesses."""

import json
import os
import re
import sys
import tempfile
from multiprocessing import Pool

from pocketsphinx import Decoder, FsgModel

RATE = 16000
FRAMES = 100  # a second
SILENCE = 0.2  # seconds around what is listened to, which a recogniser needs to begin and to end

free = Decoder(loglevel="FATAL", fwdflat=False, bestpath=False)
knowing = Decoder(loglevel="FATAL", lm=None, beam=1e-80, pbeam=1e-80, wbeam=1e-60)
texts = {}  # the name of each text that the second one knows


def words_of(text):
    return re.findall(r"[a-z']+", text.lower())


def hear(decoder, raw, offset=0.0):
    """The words in samples that begin at an offset, each with its times."""
    silence = bytes(2 * int(SILENCE * RATE))
    decoder.start_utt()
    decoder.process_raw(silence + raw + silence, full_utt=True)
    decoder.end_utt()
    for segment in decoder.seg() or []:
        if not segment.word.startswith(("<", "[", "+", "(")):
            start, end = segment.start_frame / FRAMES, (segment.end_frame + 1) / FRAMES
            yield segment.word, offset + start - SILENCE, offset + end - SILENCE


def add_grammar(name, states, first, last):
    """Has the second recogniser know a text's words in their order, which begin at any of first and end at any of last."""
    lines = [f"FSG_BEGIN {name}", f"NUM_STATES {states + 2}", f"START_STATE {states}", f"FINAL_STATE {states + 1}"]
    lines += [f"TRANSITION {states} {i} {1 / len(first)}" for i in first]
    lines += [f"TRANSITION {i} {states + 1} {1 / len(last)}" for i in last]
    lines += [f"TRANSITION {i} {i + 1} 0.9 {name.split('.')[0]}-{i}" for i in range(states - 1)]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "grammar")
        with open(path, "w") as file:
            file.write("\n".join(lines + ["FSG_END", ""]))
        knowing.add_fsg(name, FsgModel.readfile(path, knowing.logmath, 1.0))


def learn(text):
    """Has the second recogniser know a text, each word of which gets a name of its own."""
    if text not in texts:
        name = texts[text] = f"text{len(texts)}"
        words = words_of(text)
        for i, word in enumerate(words):
            knowing.add_word(f"{name}-{i}", knowing.lookup_word(word), i == len(words) - 1)
        states = range(len(words) + 1)
        add_grammar(f"{name}.to", len(states), [0], states)
        add_grammar(f"{name}.from", len(states), states, [len(words)])
    return texts[text]


def places(name, raw, offset=0.0):
    knowing.activate_search(name)
    for word, start, end in hear(knowing, raw, offset):
        yield int(word.split("-")[1].split("(")[0]), start, end


def listen(line):
    item = json.loads(line)
    with open(item["file"], "rb") as file:
        raw = file.read()
    name, join = learn(item["text"]), item["join"]
    cut = len(raw) if join is None else 2 * int(join * RATE)
    known = list(places(f"{name}.to", raw[:cut]))
    if join is not None:
        known += places(f"{name}.from", raw[cut:], join)
    heard = [re.sub(r"\(\d+\)$", "", word) for word, _, _ in hear(free, raw)] if item["freely"] else []
    return json.dumps({"file": item["file"], "free": heard, "known": known})


if __name__ == "__main__":
    with Pool(int(sys.argv[1])) as pool:
        for told in pool.imap(listen, sys.stdin):
            print(told, flush=True)
