"""LiveKit's plugins for voice agents, and the vendors' own SDKs. Each story is a client of its own, before a vendor of its own.

python3 agents.py KEY VENDOR/STORY=ADDRESS...
"""

import asyncio
import base64
import json
import logging
import os
import sys
import threading

import aiohttp
import assemblyai as aai
from fishaudio import FishAudio
from fishaudio.types import FlushEvent, TTSConfig
from livekit.agents import APIConnectOptions
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT
from livekit.plugins import assemblyai, fishaudio, inworld, minimax, rime, soniox
from soniox import AsyncSonioxClient
from soniox.types import RealtimeTTSConfig

FIRST = "One two three. Four five six."
SECOND = "Seven eight nine ten eleven twelve."
LONG = "This is a long sentence" + ", which nobody will hear to its end, because the caller has something to say" * 17 + "."

_out = os.fdopen(os.dup(sys.stdout.fileno()), "w")  # libraries may print
_lock = threading.Lock()


class Told:
    """What comes of a story, told to the test as a JSON object a line."""

    def __init__(self, story):
        self.story = story

    def tell(self, **noticed):
        with _lock:  # some tell from threads of their own
            _out.write(json.dumps({"story": self.story, **noticed}, default=str) + "\n")
            _out.flush()

    def audio(self, data, turn="t1"):
        if data:
            self.tell(turn=turn, audio=base64.b64encode(bytes(data)).decode())

    def words(self, words, turn="t1"):
        """(text, start, end), in seconds of the turn's audio."""
        self.tell(turn=turn, words=[{"text": text, "start": start, "end": end} for text, start, end in words])

    def ended(self, turn="t1"):
        self.tell(turn=turn, ended=True)

    def failed(self, error, turn="t1"):
        self.tell(turn=turn, failed=f"{type(error).__name__}: {error}")


async def hear(told, stream, turn="t1"):
    """Tells all of a stream of LiveKit's."""
    try:
        async for event in stream:
            told.audio(event.frame.data, turn)
            if timed := event.frame.userdata.get(USERDATA_TIMED_TRANSCRIPT):
                told.words([(text, text.start_time, text.end_time) for text in timed], turn)
        told.ended(turn)
    except Exception as error:
        told.failed(error, turn)


async def say(told, tts, text, turn="t1"):
    """Speaks a text that is there at once, without trying again."""
    async with tts.stream(conn_options=APIConnectOptions(max_retry=0, timeout=20)) as stream:
        stream.push_text(text)
        stream.end_input()
        await hear(told, stream, turn)


async def speak(told, tts):
    await say(told, tts, FIRST)


async def turns(told, tts):
    """One after the other."""
    await say(told, tts, FIRST, "t1")
    await say(told, tts, SECOND, "t2")


async def again(told, tts):
    """Two turns, of which a second try is allowed."""
    for turn, text in {"t1": FIRST, "t2": SECOND}.items():
        async with tts.stream(conn_options=APIConnectOptions(max_retry=1, retry_interval=0.1, timeout=20)) as stream:
            stream.push_text(text)
            stream.end_input()
            await hear(told, stream, turn)


async def tokens(told, tts):
    """The text of a language model that gives three characters at a time."""
    async with tts.stream() as stream:

        async def write():
            for at in range(0, len(FIRST), 3):
                stream.push_text(FIRST[at : at + 3])
                await asyncio.sleep(0.005)
            stream.end_input()

        writing = asyncio.create_task(write())
        await hear(told, stream)
        await writing


async def beside(told, tts):
    """Two at once."""
    await asyncio.gather(say(told, tts, FIRST, "t1"), say(told, tts, SECOND, "t2"))


async def interrupt(told, tts):
    """The first turn is interrupted at its first audio, and another follows."""
    async with tts.stream() as stream:
        stream.push_text(LONG)
        stream.end_input()
        async for event in stream:
            told.audio(event.frame.data, "t1")
            break
    await say(told, tts, SECOND, "t2")


async def halting(told, tts):
    """A language model that falls silent between two sentences, for longer than the plugin keeps a stream."""
    async with tts.stream(conn_options=APIConnectOptions(max_retry=0, timeout=20)) as stream:

        async def write():
            stream.push_text("One two three four five six. Seven eight nine ten")  # which shows that the first is a sentence
            await asyncio.sleep(1)
            stream.push_text(" eleven twelve.")
            stream.end_input()

        writing = asyncio.create_task(write())
        await hear(told, stream)
        await writing


async def soniox_sdk(told, address, key):
    """Three streams on a connection of Soniox's own SDK, one of which is cancelled; its key is in the header alone."""
    client = AsyncSonioxClient(api_key=key, tts_websocket_base_url=f"{address}/tts-websocket")

    def config(turn):
        return RealtimeTTSConfig(
            stream_id=turn, model="tts-rt-v2", language="en", voice="Adrian", audio_format="pcm_s16le", sample_rate=24000,
            return_timestamps=True,
        )

    def joined(characters):
        """The words of characters with their times."""
        word = []
        for character in [*characters, (" ", 0, 0)]:
            if not character[0].isspace():
                word.append(character)
            elif word:
                yield "".join(c[0] for c in word), word[0][1], word[-1][2]
                word = []

    async def one(connection, turn, *texts):
        try:
            stream = await connection.open_stream(config=config(turn))
            for text in texts:
                await stream.send_text_chunk(text)
            await stream.finish()
            characters, cancelled = [], False
            async for event in stream.receive_events():
                told.audio(event.audio_bytes(), turn)
                if times := event.timestamps:
                    characters += zip(times.characters, times.character_start_times_seconds, times.character_end_times_seconds)
                if turn == "t3" and event.audio and not cancelled:
                    cancelled = True
                    await stream.cancel()
            told.words(joined(characters), turn)
            told.ended(turn)
        except Exception as error:
            told.failed(error, turn)

    async with client.realtime.tts.connect_multi_stream() as connection:
        await asyncio.gather(
            one(connection, "t1", "One two three. ", "Four five six."), one(connection, "t2", SECOND), one(connection, "t3", LONG)
        )
    async with client.realtime.tts.connect(config=config("t4")) as connection:
        await connection.send_text_chunks(FIRST)
        async for data in connection.receive_audio_chunks():
            told.audio(data, "t4")
        told.ended("t4")


def assemblyai_session(told, address, key):
    """A session of AssemblyAI's own SDK, which is strict about order and numbers."""
    aai.settings.api_key, aai.settings.tts_base_url = key, "http" + address.removeprefix("ws")
    config = aai.TTSConfig(voice_id="aai-jane", language="English", sample_rate=24000, encoding="pcm_s16le")
    try:
        with aai.TTSSession(config=config, word_boundaries=True) as session:
            session.on("WordBoundaries", lambda e: told.words([(w.word, w.start / 1000, w.end / 1000) for w in e.words], f"b{e.flush_id}"))
            session.on("Cancelled", lambda e: told.tell(turn="t3", note="cancelled"))
            session.generate("One two three. ")
            session.generate("Four five six.")
            first, second = session.flush(), None
            session.generate(SECOND)
            second = session.flush()
            for turn, request in (("t1", first), ("t2", second)):
                for data in session.audio(request):
                    told.audio(data, turn)
                told.ended(turn)
            for data in session.speak(LONG):
                told.audio(data, "t3")
                session.cancel()
                break
            for data in session.speak(FIRST):
                told.audio(data, "t4")
            told.ended("t4")
        told.tell(turn="end", note=session.termination.total_input_char_length)
    except Exception as error:
        told.failed(error, "t1")


async def assemblyai_sdk(told, address, key):
    await asyncio.to_thread(assemblyai_session, told, address, key)


def fish_session(told, address, key):
    """Two sessions of Fish Audio's own SDK, which speaks in the thread that asks it, and one with a wrong key."""
    config = TTSConfig(format="pcm", sample_rate=24000, reference_id="voice-1", latency="balanced")

    def one(turn, key, texts):
        try:
            client = FishAudio(api_key=key, base_url="http" + address.removeprefix("ws"))
            for data in client.tts.stream_websocket(iter(texts), config=config, model="s1"):
                told.audio(data, turn)
            told.ended(turn)
        except Exception as error:
            told.failed(error, turn)

    one("t1", key, ["One two three. ", FlushEvent(), "Four ", "five six."])
    one("t2", key, [SECOND])
    one("t3", "wrong", [SECOND])


async def fish_sdk(told, address, key):
    await asyncio.to_thread(fish_session, told, address, key)


def plugin(vendor, story, address, key, session):
    """A plugin as its users make it, but for the address."""
    match vendor:
        case "soniox":
            gap = {"stream_idle_timeout": 0.3} if story == "halting" else {}
            return soniox.TTS(api_key=key, websocket_url=f"{address}/tts-websocket", http_session=session, **gap)
        case "inworld":
            model = {"model": "inworld-tts-2"} if story.endswith("-2") else {}
            return inworld.TTS(api_key=key, ws_url=f"{address}/", timestamp_type="WORD", http_session=session, **model)
        case "assemblyai":
            return assemblyai.TTS(api_key=key, base_url=address, http_session=session)
        case "fish":
            base = "http" + address.removeprefix("ws")
            return fishaudio.TTS(
                api_key=key, base_url=base, voice_id="voice-1", output_format="pcm", sample_rate=24000, http_session=session
            )
        case "minimax":  # the older socket
            base = "http" + address.removeprefix("ws")
            return minimax.TTS(api_key=key, base_url=base, audio_format="pcm", sample_rate=24000, http_session=session)
        case "rime" if story.endswith("-ws3"):
            return rime.TTS(api_key=key, base_url=address, segment="never", speaker="lyra", lang="eng", http_session=session)
        case "rime":
            law = {"audio_format": "audio/pcmu"} if story.endswith("-mulaw") else {}
            return rime.TTS(
                api_key=key, websocket_url=f"{address}/ws", websocket_protocol="json", model="coda", speaker="lyra",
                http_session=session, **law,
            )


SDKS = {"soniox/sdk": soniox_sdk, "assemblyai/sdk": assemblyai_sdk, "fish/sdk": fish_sdk}


async def play(name, address, key, session):
    told = Told(name)
    vendor, story = name.split("/")
    if story.startswith("wrong-key"):
        key = "wrong"
    if name in SDKS:
        await SDKS[name](told, address, key)
        return
    # A story's name may have more behind it, which says what its vendor does.
    run = {
        "speak": speak, "turns": turns, "again": again, "tokens": tokens, "beside": beside, "interrupt": interrupt, "halting": halting,
    }.get(story.split("-")[0], speak)
    tts = plugin(vendor, story, address, key, session)
    try:
        await run(told, tts)
    finally:
        await tts.aclose()


async def main(key, *stories):
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(play(*story.split("=", 1), key, session) for story in stories))


logging.disable(logging.CRITICAL)
asyncio.run(main(*sys.argv[1:]))
