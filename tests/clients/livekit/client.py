# LiveKit's own class for its Inference gateway, livekit.agents.inference.TTS, with a relay in the gateway's stead.
import asyncio
import contextlib
import os

import aiohttp
from livekit.agents import APIConnectOptions, inference
from livekit.agents.utils import http_context

from clients import KEY, URL, audio, main, note, now
from livekit_turns import hear, note_errors, push, turn

SECRET = "any-text-of-32-characters-or-more-will-do"  # the relay does not know it


def client(model="cartesia/sonic-3", **options):
    # in docs/clients.md: livekit-python-inference
    return inference.TTS(
        base_url=f"{URL}/livekit/v1", api_key=KEY, api_secret=SECRET,
        model=model, voice="narrator", extra_kwargs={"add_timestamps": True}, **options,
    )
    # end


@contextlib.asynccontextmanager
async def speaker(**options):
    async with aiohttp.ClientSession() as session:
        tts = client(sample_rate=24000, http_session=session, **options)
        note_errors(tts)
        yield tts
        await tts.aclose()


async def speak(text, model="cartesia/sonic-3"):
    async with speaker(model=model) as tts:
        await turn(tts, text)


async def synthesize(text):
    async with speaker() as tts:
        await hear(tts.synthesize(text))


# A language model that gives three characters at a time.
async def tokens(text):
    async with speaker() as tts:
        await push(tts, text)


# One turn after the other, which share a socket.
async def turns(*texts):
    async with speaker() as tts:
        for number, text in enumerate(texts):
            await turn(tts, text, f"t{number}")
            note(tts._pool.last_connection_reused)


# The first turn is interrupted, and the second begins a second later.
async def interrupt(first, second):
    async with speaker() as tts:
        stream = tts.stream()
        stream.push_text(first)
        stream.end_input()
        async for event in stream:
            audio(event.frame.data, "t0")
            break
        await stream.aclose()
        await asyncio.sleep(1)
        await turn(tts, second, "t1")


# At once, where the relay lets the key have one connection only.
async def crowd(first, second):
    async with speaker() as tts:
        await asyncio.gather(turn(tts, first, "t0"), turn(tts, second, "t1"))


# The voice is changed before the second turn, on the same socket.
async def voices(first, second):
    async with speaker() as tts:
        await turn(tts, first, "t0")
        tts.update_options(voice="actor")
        await turn(tts, second, "t1")


# The socket is not used for longer than the relay lets others be idle.
async def idle(first, second):
    async with speaker() as tts:
        await turn(tts, first, "t0")
        await asyncio.sleep(3)
        began = now()
        await turn(tts, second, "t1")
        note(now() - began)


# A voice that is not there, on a socket that has spoken, and then one that is.
async def wrong_voice(first, second):
    async with speaker() as tts:
        await turn(tts, first, "t0")
        tts.update_options(voice="nobody")
        await turn(tts, second, "t1", APIConnectOptions(max_retry=1))
        tts.update_options(voice="actor")
        await turn(tts, second, "t2")


# As agents name a model by a string, and the rest by the environment.
async def model_string(text):
    os.environ |= {
        "LIVEKIT_INFERENCE_URL": f"{URL}/livekit/v1", "LIVEKIT_INFERENCE_API_KEY": KEY, "LIVEKIT_INFERENCE_API_SECRET": SECRET,
    }
    async with http_context.open():
        tts = inference.TTS.from_model_string("cartesia/sonic-3:narrator")
        note(tts.sample_rate)
        await turn(tts, text)
        await tts.aclose()


# Without a retry, as all of them would fail.
async def once(text):
    async with speaker() as tts:
        began = now()
        await turn(tts, text, options=APIConnectOptions(max_retry=0))
        note(now() - began)


main({
    "speak": speak, "synthesize": synthesize, "tokens": tokens, "turns": turns, "interrupt": interrupt, "crowd": crowd,
    "voices": voices, "wrong_voice": wrong_voice, "idle": idle, "model_string": model_string, "once": once,
})
