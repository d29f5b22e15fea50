"""Plays with a relay as plugins of agents do: 50 speeches on a connection, some of which nobody listens to, some listened to at
playback's pace, some canceled by a task that is being canceled. An AssertionError is a failure."""

import asyncio
import contextlib
import json
import random
import sys
import time

import voicerelay

OUTPUT: voicerelay.Output = {"encoding": "pcm_s16le", "sample_rate": 24000}
SPEECHES = 50
SPEEDUP = 4  # of playback
SOON = 10.0  # seconds to what takes milliseconds on an idle machine


class Player:
    """Checks that audio comes whole and in order."""

    def __init__(self) -> None:
        self.frames, self.samples = 0, 0

    def play(self, audio: voicerelay.Audio) -> None:
        assert audio.seq == self.frames, f"frame {audio.seq}, want {self.frames}"
        assert audio.start_ms == self.samples * 1000 // OUTPUT["sample_rate"]
        assert len(audio.data) == 2 * audio.samples
        self.frames, self.samples = self.frames + 1, self.samples + audio.samples

    def check_whole(self, done: voicerelay.Done) -> None:
        assert done["reason"] == "completed", done
        assert self.samples * 1000 // OUTPUT["sample_rate"] == done["usage"]["audio_ms"], (self.samples, done["usage"])


async def unread(speech: voicerelay.Speech) -> None:
    assert (await speech.wait())["reason"] == "completed"


async def read(speech: voicerelay.Speech) -> None:
    player = Player()
    async for audio in speech.audio():
        player.play(audio)
    player.check_whole(await speech.wait())


async def played(speech: voicerelay.Speech) -> None:
    player = Player()
    async for audio in speech.audio():
        player.play(audio)
        await asyncio.sleep(audio.samples / OUTPUT["sample_rate"] / SPEEDUP)
    player.check_whole(await speech.wait())


async def polled(speech: voicerelay.Speech) -> None:
    """A timeout around each wait, behind which another loop goes on."""
    player, listening, draw = Player(), speech.audio(), random.Random(1)
    while True:
        try:
            player.play(await asyncio.wait_for(listening.__anext__(), draw.choice((0, 0.001, 0.003))))
        except asyncio.TimeoutError:
            listening = speech.audio()
        except StopAsyncIteration:
            break
    player.check_whole(await speech.wait())


async def interrupted(speech: voicerelay.Speech) -> None:
    """The caller interrupts: the task that plays is canceled, and cancels the speech."""
    player, begun = Player(), asyncio.Event()

    async def play() -> None:
        try:
            async for audio in speech.audio():
                player.play(audio)
                begun.set()
                await asyncio.sleep(audio.samples / OUTPUT["sample_rate"])
        finally:
            speech.cancel_nowait(played_ms=player.samples * 1000 // OUTPUT["sample_rate"])

    task = asyncio.create_task(play())
    await begun.wait()
    task.cancel()
    began = time.monotonic()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    done = await speech.wait()
    assert time.monotonic() - began < SOON
    # On a busy machine it may have ended before.
    assert done["reason"] == "completed" or done["reason"] == "cancelled" and done["spoken"]["char"] < 40, done


WAYS = (unread, read, played, polled, interrupted)


async def main(address: str, text: str) -> None:
    async with voicerelay.connect(address) as relay:
        plays = []
        for i in range(SPEECHES):
            way = WAYS[i % len(WAYS)]
            length = 4 if way is interrupted else 1
            speech = await relay.speak(" ".join([text] * length), output=OUTPUT, word_timestamps=i % 2 == 0)
            plays.append(asyncio.create_task(way(speech)))
        began = time.monotonic()
        async with await relay.speak("One two.", output=OUTPUT) as late:  # beside all of them
            await late.audio().__anext__()
        first = time.monotonic() - began
        assert first < SOON, f"the first audio came after {first:.1f} s"
        await asyncio.gather(*plays)
        print(json.dumps({"message": {"type": "played", "first": first}}))


asyncio.run(main(*sys.argv[1:]))
