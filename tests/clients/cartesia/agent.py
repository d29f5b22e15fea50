# LiveKit's plugin for Cartesia, with no other option than the address, the key and a voice.
import asyncio

import aiohttp
from clients import KEY, URL, audio, ended, failed, main, note, now, words
from livekit.agents import APIConnectOptions
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT
from livekit.plugins import cartesia


def client(voice="narrator", **options):
    # in docs/clients.md: livekit-python-cartesia
    return cartesia.TTS(base_url=f"{URL}/cartesia", api_key=KEY, voice=voice, **options)
    # end


class Plugin:
    """The plugin with a session of its own, since there is no job that has one."""

    def __init__(self, **options):
        self.options = options

    async def __aenter__(self):
        self.session = aiohttp.ClientSession()
        self.tts = client(http_session=self.session, **self.options)
        return self.tts

    async def __aexit__(self, *_):
        await self.tts.aclose()
        await self.session.close()


# Hears a stream to its end. With a limit in seconds of audio, that is where the caller interrupts.
async def hear(stream, id="", limit=None):
    heard = 0.0
    try:
        async for event in stream:
            audio(event.frame.data.tobytes(), id)
            timed = event.frame.userdata.get(USERDATA_TIMED_TRANSCRIPT, [])
            if timed:
                words([(str(word), word.start_time, word.end_time) for word in timed], id)
            heard += event.frame.duration
            if limit is not None and heard >= limit:
                return
        ended(id)
    except Exception as error:
        failed(error, id)


# The tokens of a text, as of a language model.
def write(stream, text):
    for word in text.split(" "):
        stream.push_text(word + " ")
    stream.end_input()


async def turn(tts, text, id=""):
    async with tts.stream() as stream:
        write(stream, text)
        await hear(stream, id)


async def speak(text, **options):
    async with Plugin(**options) as tts:
        await turn(tts, text)


# At the root, without the dialect's prefix, and with the voice that the plugin sends by default.
async def root(text):
    async with aiohttp.ClientSession() as session:
        tts = cartesia.TTS(http_session=session, base_url=URL, api_key=KEY)
        await turn(tts, text)
        await tts.aclose()


# The second sentence comes late but for its first word, by which the plugin knows that the first one has ended: that is heard
# meanwhile.
async def slowly(first, second):
    async with Plugin() as tts, tts.stream() as stream:

        async def later():
            word, rest = second.split(" ", 1)
            stream.push_text(f"{first} {word} ")
            await asyncio.sleep(4)
            note({"second": now()})
            stream.push_text(rest)
            stream.end_input()

        writing = asyncio.create_task(later())
        await hear(stream)
        await writing


async def synthesize(text):
    async with Plugin() as tts:
        await hear(tts.synthesize(text))


# Two turns on one connection.
async def twice(first, second, pause="0"):
    async with Plugin() as tts:
        await turn(tts, first, "t1")
        await asyncio.sleep(float(pause))
        await turn(tts, second, "t2")


# The caller interrupts, waits, and then there is another turn.
async def interrupt(text, next, pause="2"):
    async with Plugin() as tts:
        async with tts.stream() as stream:
            write(stream, text)
            await hear(stream, "t1", limit=0.5)
        await asyncio.sleep(float(pause))
        await turn(tts, next, "t2")


# Two agents of one program speak at once.
async def both(first, second):
    async with Plugin() as one, Plugin() as other:
        await asyncio.gather(turn(one, first, "t1"), turn(other, second, "t2"))


# One attempt alone, so that it shows how long that takes.
async def once(text, voice="narrator"):
    async with Plugin(voice=voice) as tts, tts.stream(conn_options=APIConnectOptions(max_retry=0)) as stream:
        note({"began": now()})
        write(stream, text)
        await hear(stream)


# An older version of the protocol, which says how to speak in another place.
async def version(text):
    await speak(text, api_version="2024-11-13", model="sonic-2-2025-03-07", speed="normal", emotion=["positivity:high"])


main(
    {
        "speak": speak, "root": root, "slowly": slowly, "synthesize": synthesize, "twice": twice, "interrupt": interrupt,
        "both": both, "once": once, "version": version,
    }
)
