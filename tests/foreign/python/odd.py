"""What the client that is shipped makes of a server that does odd things: the one in odd_test.go, which does what the text of
each speech says. An AssertionError is a failure."""

import asyncio
import contextlib
import random
import sys
import time

import voicerelay
import voicerelay.client
import voicerelay.speech

SOON = 5.0  # seconds that something may take which takes milliseconds; the machine may be busy


async def hear(speech):
    """The numbers of the frames that come, and how the speech ended."""
    heard = []
    try:
        async for audio in speech.audio():
            heard.append(audio.seq)
    except voicerelay.Error as failure:
        return heard, failure
    return heard, None


@contextlib.contextmanager
def bound(name, value):
    """Has a speech that is begun meanwhile have another bound."""
    kept = getattr(voicerelay.speech, name)
    setattr(voicerelay.speech, name, value)
    try:
        yield
    finally:
        setattr(voicerelay.speech, name, kept)


async def say(relay, steps, **options):
    return await hear(await relay.speak(steps, **options))


async def report(relay):
    """What the server has been told so far."""
    async for event in (await relay.speak("report done")).events():
        return event


async def until(condition):
    began = time.monotonic()
    while not await condition():
        assert time.monotonic() - began < SOON, "it takes too long"
        await asyncio.sleep(0.01)


async def canceled(relay, speech):
    """Waits until the server has been told to cancel a speech, and returns the cancels."""

    async def told():
        return (await report(relay))["cancels"].get(speech.id)

    await until(told)
    return await told()


async def unread(relay, base):
    """A speech that nobody listens to bounds itself, holds up nobody, and ends."""
    with bound("UNHEARD", 500_000):
        mute = await relay.speak("frames=2000 done")
    ended = asyncio.create_task(mute.wait())
    began = time.monotonic()
    assert await say(relay, "frames=3 done") == ([0, 1, 2], None)
    assert time.monotonic() - began < SOON
    assert (await asyncio.wait_for(ended, 6 * SOON))["reason"] == "completed"
    heard, failure = await hear(mute)
    assert heard == [] and isinstance(failure, voicerelay.Overrun), (heard, failure)
    short = await relay.speak("frames=100 done")
    await short.wait()
    assert await hear(short) == (list(range(100)), None)


async def slow(relay, base):
    """Neither does one that is listened to slowly: all of it is there when it is wanted."""
    speech = await relay.speak("frames=3000 done")
    heard = []
    async for audio in speech.audio():
        heard.append(audio.seq)
        if audio.seq == 5:
            began = time.monotonic()
            assert await say(relay, "frames=3 done") == ([0, 1, 2], None)
            assert (await (await relay.speak("frames=1 hold")).cancel())["char"] == 3
            assert time.monotonic() - began < SOON
    assert heard == list(range(3000))


async def overrun(relay, base):
    """Beyond its bound it is canceled, and says that something is missing."""
    with bound("BACKLOG", 100_000):
        speech = await relay.speak("frames=1000 hold")
    listening = speech.audio()
    assert (await listening.__anext__()).seq == 0
    await canceled(relay, speech)
    rest = []
    try:
        async for audio in listening:
            rest.append(audio.seq)
        raise AssertionError("it ended as if it were whole")
    except voicerelay.Overrun:
        pass
    assert rest == list(range(1, len(rest) + 1)) and 0 < len(rest) < 200, rest


async def broken(relay, base):
    """What is no message breaks the connection; what was not heard goes to the next one."""
    kinds = "done-without-spoken spoken-without-char no-type no-json no-object short-frame empty-frame no-utf8"
    for kind in kinds.split():
        waits = await relay.speak("hold|frames=2 done")
        heard, failure = await asyncio.wait_for(say(relay, f"frames=1 {kind}"), SOON)
        assert heard == [0] and isinstance(failure, voicerelay.Lost), (kind, heard, failure)
        assert await asyncio.wait_for(hear(waits), SOON) == ([0, 1], None), kind


async def breaking(relay, base):
    """A speech that breaks every connection is given up."""
    heard, failure = await asyncio.wait_for(say(relay, "no-json"), SOON)
    assert heard == [] and isinstance(failure, voicerelay.Lost), (heard, failure)
    assert await say(relay, "frames=1 done") == ([0], None)


async def unknown(relay, base):
    before = (await report(relay))["connections"]
    assert await say(relay, "frames=1 unknown-type unknown-kind frames=1 done") == ([0, 1], None)
    assert (await report(relay))["connections"] == before


async def timeouts(relay, base):
    """A timeout around a wait loses no frame, whoever goes on: the same loop or another one."""
    for seed in range(4):
        draw, heard = random.Random(seed), []
        speech = await relay.speak("frames=150 pace=1 frames=300 done")
        listening, cut = speech.audio(), 0
        while True:
            try:
                heard.append((await asyncio.wait_for(listening.__anext__(), draw.choice((0, 0.0005, 0.001, 0.002)))).seq)
            except asyncio.TimeoutError:
                cut += 1
                if draw.random() < 0.5:
                    listening = speech.audio()
            except StopAsyncIteration:
                break
        assert heard == list(range(450)), (seed, heard)
        assert cut > 10, cut
        assert (await speech.wait())["reason"] == "completed"


async def left(relay, base):
    """Whoever leaves cancels."""

    async def broken_off(speech):
        async for _ in speech.audio():
            break

    async def raised(speech):
        with contextlib.suppress(KeyError):
            async for _ in speech.audio():
                raise KeyError

    async def block(speech):
        async with speech:
            pass

    async def closing(speech):
        async with contextlib.aclosing(speech.events()) as events:
            await events.__anext__()

    async def closed(speech):
        await speech.aclose()

    async def dropped(speech):
        listening = speech.audio()
        await listening.__anext__()
        del listening

    for leave in (broken_off, raised, block, closing, closed, dropped):
        speech = await relay.speak("frames=5 hold")
        await leave(speech)
        assert await canceled(relay, speech) == [None], leave
        assert (await speech.wait())["reason"] == "cancelled"
        assert await hear(speech) == ([], None)


async def dying(relay, base):
    """A task that is being canceled cancels its speech, and waits for nothing."""
    speech = await relay.speak("frames=5 hold", context_id="turn")
    turn = await relay.speak("frames=5 hold", context_id="other turn")
    waited = []

    async def play():
        try:
            async for _ in speech.audio():
                pass
        finally:
            began = time.monotonic()
            speech.cancel_nowait(played_ms=40)
            relay.cancel_context_nowait("other turn", {turn: 20})
            waited.append(time.monotonic() - began)

    task = asyncio.create_task(play())
    await asyncio.sleep(0.05)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert waited[0] < 0.5, waited
    assert await canceled(relay, speech) == [40]
    assert (await turn.wait())["reason"] == (await speech.wait())["reason"] == "cancelled"


async def twice(relay, base):
    """The answer to a cancel without a played time, which the server is late with, is none to one that has it."""
    speech = await relay.speak("frames=5 hold")
    speech.cancel_nowait()
    await canceled(relay, speech)
    assert (await speech.cancel(played_ms=740))["char"] == 740
    assert await canceled(relay, speech) == [None, 740]


async def cut(relay, base):
    """A connection that is cut is noticed, whoever listens."""
    mute = await relay.speak("frames=5 drop")
    try:
        await asyncio.wait_for(mute.wait(), SOON)
        raise AssertionError("it ended well")
    except voicerelay.Lost:
        pass
    assert await say(relay, "frames=1 done") == ([0], None)


async def drained(relay, base):
    """A relay that goes away ends what it speaks. What comes next goes elsewhere, at once."""
    before = (await report(relay))["connections"]
    running = await relay.speak("frames=1 drain wait frames=1 done")
    listening = running.audio()
    assert (await listening.__anext__()).seq == 0

    async def moved():
        return (await report(relay))["connections"] > before

    await until(moved)
    assert await asyncio.wait_for(say(relay, "frames=2 go done"), SOON) == ([0, 1], None)
    assert [audio.seq async for audio in listening] == [1]


async def refused(relay, base):
    """All that goes wrong is an Error, and connecting says what is wrong, or tries again."""
    free = "http://127.0.0.1:1"
    try:
        async with voicerelay.connect(free):
            raise AssertionError("connected to nobody")
    except voicerelay.Error as failure:
        assert isinstance(failure, voicerelay.Unreachable) and isinstance(failure, OSError) and not failure.retryable
    try:
        async with voicerelay.connect(base + "/forbidden"):
            raise AssertionError("connected without a key")
    except voicerelay.RelayError as failure:
        assert isinstance(failure, voicerelay.Error) and failure.code == "auth_failed" and not failure.retryable
    async with voicerelay.connect(base + "/forbidden", key="secret") as first:
        assert await say(first, "frames=1 done") == ([0], None)
    async with voicerelay.connect([free, base + "/forbidden", base]) as second:
        assert await say(second, "frames=1 done") == ([0], None)
    async with voicerelay.connect(base + "/busy") as third:  # which is so for the first two times
        assert await say(third, "frames=1 done") == ([0], None)
    for kind in (voicerelay.RelayError, voicerelay.Lost, voicerelay.Unreachable, voicerelay.Overrun, voicerelay.Unanswered):
        assert issubclass(kind, voicerelay.Error)


async def bad_options(relay, base):
    """What can't be sent is the caller's to know, and nobody else's."""
    for options in ({"speed": float("nan")}, {"metadata": object()}, {"generation_id": "not valid"}):
        try:
            await relay.speak("frames=1 done", **options)
            raise AssertionError("it was sent")
        except (TypeError, ValueError):
            pass
    heard, failure = await say(relay, "x" * 5000)
    assert isinstance(failure, voicerelay.RelayError) and failure.code == "text_too_long"


async def main(base):
    checks = (unread, slow, overrun, broken, breaking, unknown, timeouts, left, dying, twice, cut, drained, refused, bad_options)
    for check in checks:
        async with voicerelay.connect(base) as relay:
            try:
                await asyncio.wait_for(check(relay, base), 10 * SOON)
            except BaseException as failure:
                raise AssertionError(check.__name__) from failure


asyncio.run(main(*sys.argv[1:]))
