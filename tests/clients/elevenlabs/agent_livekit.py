# LiveKit's plugin for ElevenLabs, livekit.plugins.elevenlabs.TTS, with a relay in the vendor's stead.
import asyncio
import contextlib

import aiohttp
from livekit.agents import APIConnectOptions
from livekit.plugins import elevenlabs

from clients import KEY, URL, audio, main, note, now
from livekit_turns import hear, note_errors, push, turn


def client(at, **options):
    if at == "root":
        return elevenlabs.TTS(base_url=f"{URL}/v1", api_key=KEY, **options)
    # in docs/clients.md: livekit-python-elevenlabs
    return elevenlabs.TTS(base_url=f"{URL}/elevenlabs/v1", api_key=KEY, **options)
    # end


@contextlib.asynccontextmanager
async def speaker(at="prefix", **options):
    options = {"voice_id": "narrator", "encoding": "pcm_24000"} | options
    async with aiohttp.ClientSession() as session:
        tts = client(at, http_session=session, **options)
        note_errors(tts)
        yield tts
        await tts.aclose()


async def speak(text, at="prefix"):
    async with speaker(at) as tts:
        await turn(tts, text)


# With the voice that the plugin asks for where a program names none.
async def usual(text):
    async with speaker(voice_id="hpp4J3VqNfWAUOO0d1Us") as tts:
        await turn(tts, text)


# With the format that the plugin asks for where a program names none.
async def mp3(text):
    async with speaker(encoding="mp3_22050_32") as tts:
        await turn(tts, text)


# With the alignment that the plugin reads for some languages.
async def original(text):
    async with speaker(preferred_alignment="original") as tts:
        await turn(tts, text)


async def synthesize(text):
    async with speaker() as tts:
        await hear(tts.synthesize(text))


# A language model that gives three characters at a time.
async def tokens(text):
    async with speaker() as tts:
        await push(tts, text)


# The plugin sends word by word.
async def wordwise(text):
    async with speaker(auto_mode=False) as tts:
        await push(tts, text)


# One turn after the other, which share a socket.
async def turns(*texts):
    async with speaker() as tts:
        for number, text in enumerate(texts):
            await turn(tts, text, f"t{number}")


# At once, on one socket.
async def parallel(*texts):
    async with speaker() as tts:
        await asyncio.gather(*(turn(tts, text, f"t{number}") for number, text in enumerate(texts)))


# The first turn is interrupted, and the second begins a second later. over: after the end of its text, else while it goes on.
async def interrupt(first, second, over):
    async with speaker() as tts:
        stream = tts.stream()
        stream.push_text(first)
        if over == "over":
            stream.end_input()
        async for event in stream:
            audio(event.frame.data, "t0")
            break
        await stream.aclose()
        await asyncio.sleep(1)
        await turn(tts, second, "t1")


# After minutes of silence, on the socket of the first turn.
async def silence(first, second, seconds):
    async with speaker() as tts:
        await turn(tts, first, "t0")
        await asyncio.sleep(float(seconds))
        await turn(tts, second, "t1")


# Without a retry, as all of them would fail.
async def once(text):
    async with speaker() as tts:
        began = now()
        await turn(tts, text, options=APIConnectOptions(max_retry=0))
        note(now() - began)


async def voice(text, id):
    async with speaker(voice_id=id) as tts:
        await turn(tts, text)


# Two clients, where the relay lets the key have one connection only.
async def crowd(first, second):
    async with speaker() as one, speaker() as other:
        await turn(one, first, "t0")

        async def leave():
            await asyncio.sleep(0.3)
            await one.aclose()

        await asyncio.gather(turn(other, second, "t1"), leave())


async def voices():
    async with speaker() as tts:
        note([(v.id, v.name, v.category) for v in await tts.list_voices()])


main({
    "speak": speak, "usual": usual, "mp3": mp3, "original": original, "synthesize": synthesize, "tokens": tokens, "wordwise": wordwise,
    "turns": turns, "parallel": parallel, "interrupt": interrupt, "silence": silence, "once": once, "voice": voice, "crowd": crowd,
    "voices": voices,
})
