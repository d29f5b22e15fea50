"""Turns that LiveKit's classes speak, and what comes out of them.

    from livekit_turns import hear, note_errors, push, turn
"""

import asyncio

from clients import audio, ended, failed, note, now, words
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, USERDATA_TIMED_TRANSCRIPT


def note_errors(tts):
    """Notes each error, also of an attempt after which there is another."""
    tts.on("error", lambda e: note({"recoverable": e.recoverable, "error": str(e.error), "at": now()}))


async def hear(stream, id=""):
    """Tells all of a stream."""
    try:
        async for event in stream:
            audio(event.frame.data, id)
            if timed := event.frame.userdata.get(USERDATA_TIMED_TRANSCRIPT):
                words([(text, text.start_time, text.end_time) for text in timed], id)
        ended(id)
    except Exception as error:
        failed(error, id)


async def turn(tts, text, id="", options=DEFAULT_API_CONNECT_OPTIONS):
    """Speaks a text that is there at once."""
    async with tts.stream(conn_options=options) as stream:
        stream.push_text(text)
        stream.end_input()
        await hear(stream, id)


async def push(tts, text):
    """Speaks a text of a language model that gives three characters at a time."""
    async with tts.stream() as stream:

        async def write():
            for at in range(0, len(text), 3):
                stream.push_text(text[at : at + 3])
                await asyncio.sleep(0.005)
            stream.end_input()

        writing = asyncio.create_task(write())
        await hear(stream)
        await writing
