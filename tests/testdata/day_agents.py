"""Agents of the day in small: each speaks turn after turn on a client of its own, and tells of each in a line of JSON.

    day_agents.py FRONT COUNT KEY OF_THE_POOR TEXTS FOLDER

They go on until standard input ends. The first of them has the key of the tenant that is short of money.
"""

import asyncio
import itertools
import json
import os
import sys
import time

import voicerelay

RATE = 24000
RETRY = 0.2  # seconds: an agent's pause behind what failed or was interrupted


class Playback:
    """A caller's clock: what has come is played at once, and goes on in real time."""

    def __init__(self, wanted):
        self.owed = wanted  # since when there is text to speak, by the monotonic clock
        self.end = 0.0  # of what is in hand
        self.longest = 0.0

    def audio(self, samples):
        now = time.monotonic()
        self.longest = max(self.longest, now - max(self.end, self.owed))
        self.end = max(self.end, now) + samples / RATE


async def think(speech, heard, rest):
    await asyncio.sleep(0.7)  # a model that thinks
    heard.owed = time.monotonic()
    await speech.append(rest)
    await speech.finish()


async def turn(relay, parts, n, file, wanted):
    """Speaks a text: whole, with a pause in the middle, or up to where its caller interrupts."""
    told = {"Text": parts[0] + parts[1]}
    heard, pcm, thinking = Playback(wanted), bytearray(), None
    paused, interrupted, done = n % 3 == 1, n % 3 == 2, None
    try:
        speech = await relay.speak(parts[0] if paused else told["Text"], final=not paused)
        if paused:
            thinking = asyncio.ensure_future(think(speech, heard, parts[1]))
        try:
            async for event in speech.events():
                if isinstance(event, voicerelay.Audio):
                    heard.audio(event.samples)
                    pcm += event.data
                elif event["type"] == "rerouted":
                    told["Reroutes"] = told.get("Reroutes", 0) + 1
                    told["Untimed"] = told.get("Untimed", False) or event["resume_source"] != "word_times"
                if interrupted and len(pcm) > 48000:
                    await speech.cancel(900)
                    heard.end, told["Cut"] = 0.0, True
                    break
        except voicerelay.RelayError as error:
            told["Code"] = error.code
        done = await speech.wait()
    except voicerelay.Error as error:
        told["Code"] = repr(error)
    if thinking:
        await asyncio.gather(thinking, return_exceptions=True)
    if done:
        told.update(Reason=done["reason"], RecordID=done["record_id"], Cost=done["usage"]["cost"])
    told["MuteMS"] = int(1000 * heard.longest)
    if done and done["reason"] == "completed":
        with open(file, "wb") as out:
            out.write(pcm)
        told["File"] = file
    return told, max(heard.end - time.monotonic(), RETRY)


async def agent(front, key, tenant, i, texts, folder, over):
    async with voicerelay.connect(front, key) as relay:
        for n in itertools.count(i):
            if over.is_set():
                return
            wanted, file = time.monotonic(), os.path.join(folder, f"{i}-{n}.pcm")
            told, rest = await turn(relay, texts[n // 3 % len(texts)], n, file, wanted)
            while "Reason" not in told and "ledger_unavailable" in told.get("Code", ""):
                await asyncio.sleep(RETRY)  # it asks again, and its caller waits from the first time on
                told, rest = await turn(relay, texts[n // 3 % len(texts)], n, file, wanted)
            told["Agent"] = f"python-{i} of {tenant}"
            print(json.dumps(told), flush=True)
            try:
                await asyncio.wait_for(over.wait(), rest)  # its caller has heard it, or tries again
            except asyncio.TimeoutError:
                pass


async def main():
    front, count, key, poor, texts, folder = sys.argv[1:]
    over, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.run_in_executor(None, lambda: (sys.stdin.read(), loop.call_soon_threadsafe(over.set)))
    agents = [
        agent(front, poor if i == 0 else key, "poor" if i == 0 else "acme", i, json.loads(texts), folder, over)
        for i in range(int(count))
    ]
    await asyncio.gather(*agents)


asyncio.run(main())
