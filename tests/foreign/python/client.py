"""What a program does with the client that is shipped, clients/python/voicerelay, told to the test that has started it."""

import asyncio
import sys

from line import tell

import voicerelay

OUTPUT = {"encoding": "pcm_s16le", "sample_rate": 24000}


async def hear(speech, name):
    """Listens to a speech into a file, and tells how it ended."""
    heard = b""
    try:
        async for event in speech.events():
            if isinstance(event, voicerelay.Audio):
                heard += event.data
            else:
                tell(message=event)
    except (voicerelay.Error, RuntimeError) as failure:
        tell(message={"type": type(failure).__name__, "text": str(failure)})
    else:
        tell(message=await speech.wait())
    with open(name, "wb") as file:
        file.write(heard)


async def whole(relay, text):
    await hear(await relay.speak(text, word_timestamps=True, output=OUTPUT), "whole")


async def stream(relay, text):
    """Speaks a text as a language model writes it, beside another one."""

    async def tokens():
        for token in text.split(" "):
            await asyncio.sleep(0)
            yield token + " "

    other = await relay.speak(text, output=OUTPUT)
    await asyncio.gather(hear(await relay.speak(tokens(), output=OUTPUT), "stream"), hear(other, "other"))


async def broken(relay, text):
    """Speaks a text that breaks off."""

    async def tokens():
        yield text
        raise RuntimeError("the model is gone")

    await hear(await relay.speak(tokens()), "broken")


async def refused(relay, text):
    await hear(await relay.speak(text, voice="nobody"), "refused")


async def flushed(relay, text):
    """Speaks what is no sentence, and ends it only when that is heard."""
    speech = await relay.speak(text, final=False, output=OUTPUT)
    await speech.flush()
    heard, finished = b"", False
    async for audio in speech.audio():
        heard += audio.data
        if not finished:
            finished = True
            await speech.finish()
    with open("flushed", "wb") as file:
        file.write(heard)


async def interrupted(relay, text):
    """Barge-in: one speech has ended and is played, the next one still runs."""
    first = await relay.speak(text, context_id="turn", output=OUTPUT)
    second = await relay.speak(text * 20, context_id="turn", output=OUTPUT)
    await first.wait()
    async for _ in second.audio():
        break
    heard = await relay.cancel_context("turn", {first: 60_000, second: 0})
    tell(message={"type": "heard", "first": heard[first]["char"], "second": heard[second]["char"]})
    done = await second.wait()
    tell(message={"type": "second", "reason": done["reason"]})
    tell(message={"type": "again", "first": (await first.cancel(0))["char"]})


async def main(scene, address, text):
    async with voicerelay.connect(address) as relay:
        await globals()[scene](relay, text)


asyncio.run(main(*sys.argv[1:]))
