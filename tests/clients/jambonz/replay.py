# Plays what jambonz sends to a custom speech vendor's WebSocket, in its order. jambonz itself needs a telephone switch.
import asyncio
import json

import aiohttp

from clients import KEY, WS, audio, ended, failed, main, note

QUIET = 2  # seconds without audio after which a turn has been spoken: the protocol has no word for that


class Call:
    """A connection as jambonz' module for FreeSWITCH opens it."""

    def __init__(self, socket):
        self.socket = socket

    async def say(self, *pieces):
        for text in pieces:
            await self.socket.send_json({"type": "stream", "text": text})

    async def flush(self):
        await self.socket.send_json({"type": "flush"})

    async def hear(self, id="", enough=None):
        """All audio of a turn, or a number of frames."""
        heard = 0
        while heard != enough:
            try:
                message = await self.socket.receive(timeout=QUIET)
            except asyncio.TimeoutError:
                return ended(id)
            if message.type == aiohttp.WSMsgType.BINARY:
                audio(message.data, id)
                heard += 1
            elif message.type == aiohttp.WSMsgType.TEXT:
                said = json.loads(message.data)
                if said["type"] == "error":
                    return failed(RuntimeError(said["error"]), id)
                note(said)
            else:
                return failed(ConnectionError("closed"), id)


async def call(play):
    headers = {"Authorization": f"Bearer {KEY}"}
    query = {"voice": "narrator", "language": "en-US", "sampleRate": "24000"}
    async with aiohttp.ClientSession() as session:
        try:
            async with session.ws_connect(f"{WS}/jambonz/stream", params=query, headers=headers) as socket:
                await play(Call(socket))
        except aiohttp.WSServerHandshakeError as error:
            note(error.status)


# pieces are as jambonz' buffer cuts a text: behind the end of a sentence, with the space before the next one.
def pieces(text):
    start, cut = 0, []
    for at, letter in enumerate(text):
        if letter in ".!?":
            cut.append(text[start : at + 1])
            start = at + 1
    return cut + [text[start:]] if text[start:] else cut


async def turns(*texts):
    async def play(call):
        for number, text in enumerate(texts):
            await call.say(*pieces(text))
            await call.flush()
            await call.hear(f"t{number}")

    await call(play)


async def tokens(text):
    async def play(call):
        for at in range(0, len(text), 3):
            await call.socket.send_json({"type": "stream", "text": text[at : at + 3]})
            await asyncio.sleep(0.005)
        await call.flush()
        await call.hear("t0")

    await call(play)


# The caller interrupts, and the next turn goes over the same connection.
async def interrupt(first, second):
    async def play(call):
        await call.say(*pieces(first))
        await call.hear("t0", enough=3)
        await call.socket.send_json({"type": "stop"})
        await call.socket.send_json({"type": "keepalive"})
        await call.hear("late")
        await call.say(second)
        await call.flush()
        await call.hear("t1")

    await call(play)


main({"turns": turns, "tokens": tokens, "interrupt": interrupt})
