"""KugelAudio's sample, a request with its whole text, and what its pages say of turns and of contexts.

python3 kugelaudio.py URL KEY STORY
"""

import base64
import json

from line import connect, run, tell

VOICE = 1071


def save(name, chunks):
    with open(name, "wb") as f:
        f.write(b"".join(chunks))


async def until(ws, last, chunks):
    """Takes messages up to one that satisfies a condition, or to an error."""
    async for message in ws:
        data = json.loads(message)
        tell(message=data)
        if "audio" in data:
            chunks.setdefault(data.get("context_id", ""), []).append(base64.b64decode(data["audio"]))
        if last(data) or "error" in data:
            return


async def speak(base, key):
    """The vendor's sample."""
    chunks = {}
    async with connect(f"{base}/ws/tts?api_key={key}") as ws:
        await ws.send(json.dumps({
            "text": "Hello, this is streaming audio.",
            "model_id": "kugel-3",
            "voice_id": VOICE,
            "cfg_scale": 2.0,
            "word_timestamps": True,
        }))
        await until(ws, lambda data: data.get("final"), chunks)
    save("output.pcm", chunks.get("", []))


async def turns(base, key):
    """A turn token by token, one that the caller interrupts, and one behind that, all on one socket."""
    async with connect(f"{base}/ws/tts/stream?api_key={key}") as ws:
        async def turn(name, tokens, last):
            chunks = {}
            # They come with the first text. A slow machine may take its time between two tokens.
            settings = {"voice_id": VOICE, "model_id": "kugel-3", "flush_timeout_ms": 4000}
            for token in tokens:
                await ws.send(json.dumps({**settings, "text": token, "flush": False}))
                settings = {}
            if last == "interrupted":
                await until(ws, lambda data: "audio" in data, chunks)
                await ws.send(json.dumps({"cancel": True}))
            else:
                await ws.send(json.dumps({"flush": True}))
            await until(ws, lambda data: data.get(last), chunks)
            save(f"{name}.pcm", chunks.get("", []))

        await turn("first", ["One two ", "three. Four", " five six."], "session_closed")
        await turn("second", ["Seven eight nine. Ten eleven twelve."], "interrupted")
        await turn("third", ["Thirteen four", "teen fifteen."], "session_closed")


async def contexts(base, key):
    """Two contexts side by side on one socket."""
    texts = {"c1": ["One two three. ", "Four five six."], "c2": ["Seven eight nine. ", "Ten eleven twelve."]}
    chunks, open_contexts = {}, set(texts)

    def last(data):
        if data.get("context_closed"):
            open_contexts.discard(data["context_id"])
        return not open_contexts

    async with connect(f"{base}/ws/tts/multi?api_key={key}") as ws:
        for context in texts:
            await ws.send(json.dumps({"text": " ", "context_id": context, "voice_settings": {"voice_id": VOICE}}))
        for pieces in zip(*texts.values()):
            for context, text in zip(texts, pieces):
                await ws.send(json.dumps({"text": text, "context_id": context}))
        for context in texts:
            await ws.send(json.dumps({"flush": True, "context_id": context}))
            await ws.send(json.dumps({"close_context": True, "context_id": context}))
        await until(ws, last, chunks)
    for context in texts:
        save(f"{context}.pcm", chunks.get(context, []))


async def main(base, key, story):
    await {"speak": speak, "turns": turns, "contexts": contexts}[story](base, key)


run(main)
