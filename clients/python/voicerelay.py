"""Speak texts through a relay: a client of its WebSocket protocol in asyncio, with nothing but the package websockets.

    async with voicerelay.connect("http://127.0.0.1:8080") as relay:
        speech = await relay.speak("Hello there.")
        async for audio in speech.audio():
            play(audio.data)

What holds:

1. Speeches run side by side. Audio of each comes in order, without gap or repeat.
2. Its loop ends with the generation: by an exception where that was refused, failed or was lost, and without one where it
   was completed or canceled.
3. Nothing is spoken twice. What nobody heard when its connection broke is sent again, under the same idempotency key; what
   was heard in part ends with Lost, since only the caller knows how much was played.
4. What is not listened to waits: BACKLOG messages of a speech, and then the connection is not read. So listen to a speech or
   cancel it.

Python 3.9 and websockets 10 or later will do.
"""

import asyncio
import dataclasses
import inspect
import json
import random
import secrets
import struct
import urllib.parse

import websockets

BACKLOG = 1024  # messages of a speech that wait for its loop
PATIENCE = 30.0  # seconds that a speech may be without a connection
ANSWER_TIME = 10.0  # seconds that a cancel may take; the relay waits up to 0.3 s for the vendor
CONNECT_TIME = 10.0  # seconds to a connection's ready
PING_EVERY = 20.0  # seconds; after three times as long without any message a connection is given up
FIRST_WAIT, LONGEST_WAIT = 0.1, 10.0  # seconds between tries to connect again, doubling
READ_LIMIT = 8 << 20  # bytes, above any message


class RelayError(Exception):
    """The relay refused a command, or a generation failed. fields is the error as the protocol has it."""

    def __init__(self, fields):
        super().__init__(f"{fields.get('code')}: {fields.get('message')}")
        self.fields = fields
        self.code = fields.get("code")
        self.retryable = fields.get("retryable", False)


class Lost(Exception):
    """The connection was lost, or closed, while the speech ran."""


@dataclasses.dataclass
class Audio:
    """A frame of a speech."""

    seq: int  # 0, 1, 2 … within the speech
    start_ms: int  # audio of the speech before it
    samples: int  # at the output's rate
    data: bytes  # in the output's encoding


def connect(url, key=None):
    """Connects to a relay at an http, https, ws or wss address: async with connect(…) as relay."""
    return Client(url, key)


class Client:
    """A connection to a relay that is made anew whenever it breaks."""

    def __init__(self, url, key=None):
        self._url, self._key = _speech_url(url), key
        self._socket = None  # None: being connected
        self._speeches = {}  # that have not ended, by id, in the order in which they were spoken
        self._cancels = []  # on their way
        self._draining = False
        self._fault = None  # why nothing more can be spoken
        self._tasks = set()

    async def __aenter__(self):
        socket = await self._dial()
        self._start(self._run(socket))
        self._socket = socket
        return self

    async def __aexit__(self, *_):
        self._fail(Lost("the client is closed"))
        while self._tasks:  # the library takes some cancels for its own
            for task in list(self._tasks):
                task.cancel()
            await asyncio.wait(list(self._tasks), timeout=1)

    async def speak(self, text, **options):
        """Starts a speech of a text, or of text that comes bit by bit from an async iterator.

        options are the fields of a generate: voice, route, output, context_id, word_timestamps, idempotency_key …. With
        final=False a text stays open for append, up to finish.
        """
        if self._fault:
            raise self._fault
        streamed = not isinstance(text, str)
        final = options.pop("final", True)
        speech = Speech(self, "" if streamed else text, final and not streamed, options)
        self._speeches[speech.id] = speech
        await speech._attach(self._socket)
        if streamed:
            speech._feeder = self._start(speech._feed(text))
        return speech

    async def cancel_context(self, context_id, played=None):
        """Stops all speeches of a context: barge-in. played is milliseconds by speech, of those that were played at all.
        Returns how far into its text each was heard, by speech."""
        played = played or {}
        hit = [s for s in self._speeches.values() if s.fields.get("context_id") == context_id]
        owed = {s.id: s for s in [*hit, *played]}
        for speech in owed.values():
            speech._leave()
        command = {"type": "cancel", "context_id": context_id}
        if played:
            command["played"] = {s.id: int(ms) for s, ms in played.items()}
        answers = await self._cancel(command, {id: s in played for id, s in owed.items()}) if owed else {}
        return {owed[id]: spoken for id, spoken in answers.items()}

    def _start(self, work):
        """Runs work that ends with the client at the latest."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _dial(self):
        options = {"max_size": READ_LIMIT, "ping_interval": None, "subprotocols": ["voice-relay.v1"], "open_timeout": CONNECT_TIME, "close_timeout": 1}
        if self._key:
            # The library has renamed the argument in version 14.
            known = inspect.signature(websockets.connect).parameters
            name = "additional_headers" if "additional_headers" in known else "extra_headers"
            options[name] = {"Authorization": f"Bearer {self._key}"}
        try:
            socket = await websockets.connect(self._url, **options)
        except websockets.InvalidHandshake as refusal:
            raise _refusal(refusal) from refusal
        try:
            if json.loads(await asyncio.wait_for(socket.recv(), CONNECT_TIME))["type"] != "ready":
                raise Lost("the relay did not begin with ready")
        except BaseException:
            await socket.close()
            raise
        return socket

    async def _run(self, socket):
        """Reads one connection after the other."""
        try:
            while socket:
                self._draining = False
                pings = self._start(self._ping(socket))
                cause = await self._read(socket)
                self._socket = None
                pings.cancel()
                self._lose(cause)
                await socket.close()
                socket = await self._reconnect()
                while socket and (waiting := [s for s in self._speeches.values() if s._sent_on is not socket]):
                    for speech in waiting:
                        await speech._attach(socket)
                self._socket = socket
        finally:
            if socket:
                await socket.close()

    async def _read(self, socket):
        try:
            while not (self._draining and not any(s._sent_on is socket for s in self._speeches.values())):
                message = await asyncio.wait_for(socket.recv(), 3 * PING_EVERY)
                if isinstance(message, bytes):
                    await self._take_audio(message)
                else:
                    await self._take(json.loads(message))
            return "the relay is going away"
        except (websockets.ConnectionClosed, asyncio.TimeoutError, OSError) as lost:
            return str(lost) or "the relay is silent"

    async def _ping(self, socket):
        while True:
            await asyncio.sleep(PING_EVERY)
            await _send(socket, {"type": "ping"})

    def _lose(self, cause):
        """Ends what was heard on a connection that is gone. The rest waits for the next one."""
        for cancel in self._cancels:
            cancel.end(Lost(cause))
        self._cancels = []
        for speech in list(self._speeches.values()):
            if speech._heard or speech._left:
                speech._end(None, Lost(cause))
            else:
                speech._waits()

    async def _reconnect(self):
        wait = FIRST_WAIT
        while not self._fault:
            await asyncio.sleep(wait * random.uniform(0.5, 1))
            try:
                return await self._dial()
            except RelayError as refusal:
                if not refusal.retryable:
                    self._fail(refusal)
                    return None
                failure = refusal
            except (OSError, asyncio.TimeoutError, websockets.WebSocketException, Lost, ValueError) as why:
                failure = why
            now = asyncio.get_running_loop().time()
            for speech in list(self._speeches.values()):
                if now - speech._waiting_since > PATIENCE:
                    speech._end(None, Lost(f"no connection: {failure}"))
            wait = min(2 * wait, LONGEST_WAIT)

    def _fail(self, fault):
        self._fault = fault
        for speech in list(self._speeches.values()):
            speech._end(None, fault)

    async def _take_audio(self, frame):
        version, kind, length = frame[:3]
        if version != 1 or kind != 1:
            return
        id = frame[3 : 3 + length].decode()
        numbers = struct.unpack_from(">III", frame, 3 + length)
        if id in self._speeches:
            await self._speeches[id]._push(Audio(*numbers, frame[3 + length + 12 :]))

    async def _take(self, message):
        kind, id = message["type"], message.get("generation_id")
        speech = self._speeches.get(id)
        if kind in ("started", "timestamps", "rerouted") and speech:
            await speech._push(message)
        elif kind == "done":
            self._answer(id, message["spoken"], message["reason"])
            if speech:
                speech._end(message, None)
        elif kind == "spoken":
            self._answer(id, message["spoken"], None)
        elif kind == "draining":
            self._draining = True
        elif kind == "error":
            self._refused(message, speech)

    def _refused(self, error, speech):
        command = error.get("command")
        if command == "cancel":
            fitting = [c for c in self._cancels if c.command.get("generation_id") == error.get("generation_id")]
            if fitting:
                self._cancels.remove(fitting[0])
                fitting[0].end(RelayError(error))
        elif speech and command == "generate":
            self._answer(speech.id, None, None)
            self._turned_down(error, speech)
        elif speech:
            speech._refusal = RelayError(error)

    def _turned_down(self, error, speech):
        """A relay that is going away, and one that has not noticed yet how the former connection ended, are no reason to
        give up."""
        running = error["code"] == "duplicate_request" and error.get("first", {}).get("state") == "running"
        if error["code"] == "draining":
            self._draining = True
            speech._waits()
        elif running and speech._sends > 1 and asyncio.get_running_loop().time() - speech._waiting_since < PATIENCE:
            self._start(self._again(speech))
        else:
            speech._end(None, RelayError(error))

    async def _again(self, speech):
        speech._sent_on = None
        await asyncio.sleep(min(FIRST_WAIT * 2**speech._sends, LONGEST_WAIT))
        await speech._attach(self._socket)

    def _answer(self, id, spoken, reason):
        """Takes an answer to cancels. A generation that ended by itself is told of twice, where a played time was told."""
        for cancel in list(self._cancels):
            if id in cancel.owed and (reason in (None, "cancelled") or not cancel.owed[id]):
                del cancel.owed[id]
                if spoken:
                    cancel.spoken[id] = spoken
            if not cancel.owed:
                self._cancels.remove(cancel)
                cancel.end(None)

    async def _cancel(self, command, owed):
        if not self._socket:
            raise Lost("there is no connection")
        cancel = _Cancel(command, owed)
        self._cancels.append(cancel)
        await _send(self._socket, command)
        try:
            return await asyncio.wait_for(cancel.over, ANSWER_TIME)
        finally:
            if cancel in self._cancels:
                self._cancels.remove(cancel)


class Speech:
    """One generation: a text on its way, and what comes of it."""

    def __init__(self, client, text, whole, options):
        self.id = options.pop("generation_id", None) or "g-" + secrets.token_hex(12)
        self.fields = {"idempotency_key": "k-" + secrets.token_hex(12), **options, "generation_id": self.id}
        self._client = client
        self._text, self._finished = text, whole
        self._flushed = False  # nothing came behind the last flush
        self._queue = asyncio.Queue(BACKLOG)
        self._over = asyncio.Event()  # it has ended
        self._gone = asyncio.Event()  # nobody wants what comes, or it has ended
        self._done, self._failure, self._refusal = None, None, None
        self._heard, self._left = False, False
        self._sent_on, self._sends, self._feeder = None, 0, None
        self._waits()

    async def audio(self):
        """The speech's audio as it comes."""
        async for event in self.events():
            if isinstance(event, Audio):
                yield event

    async def events(self):
        """All that comes of the speech, in order: Audio, and the messages started, timestamps and rerouted as they are."""
        while not self._left:
            if self._queue.empty() and self._over.is_set():
                break
            event = await self._next()
            if event is not None and not self._left:
                yield event
        if self._failure:
            raise self._failure

    async def _next(self):
        """The next event, or None where the speech ends first."""
        if not self._queue.empty():
            return self._queue.get_nowait()
        return await self._either(self._queue.get())

    async def _either(self, move):
        """Waits until the queue has moved, or nobody wants that it does."""
        moved, gone = asyncio.ensure_future(move), asyncio.ensure_future(self._gone.wait())
        try:
            await asyncio.wait({moved, gone}, return_when=asyncio.FIRST_COMPLETED)
            return moved.result() if moved.done() else None
        finally:
            moved.cancel()
            gone.cancel()

    async def wait(self):
        """Waits for the end and returns the relay's done. Somebody else has to listen to a long speech meanwhile."""
        await self._over.wait()
        if self._failure and not self._done:
            raise self._failure
        return self._done

    async def append(self, text):
        """Adds text as it is: mind the spaces. It begins to be spoken as soon as there is enough."""
        if self._refusal:
            refusal, self._refusal = self._refusal, None
            raise refusal
        if self._over.is_set():
            raise self._failure or Lost("the speech has ended")
        if not self._heard:
            self._text += text
        self._flushed = False
        await self._tell({"type": "append", "generation_id": self.id, "text": text})

    async def flush(self):
        """Has all text so far spoken now."""
        self._flushed = True
        await self._tell({"type": "flush", "generation_id": self.id})

    async def finish(self):
        """Says that no more text comes."""
        self._finished = True
        await self._tell({"type": "finish", "generation_id": self.id})

    async def cancel(self, played_ms=None):
        """Stops the speech, also one that has ended where it was played in part. Returns how far into its text the audio
        reached, or the caller heard: {"char": …, "source": …}."""
        self._leave()
        if self._over.is_set() and (self._failure or played_ms is None):
            if not self._done:
                raise self._failure
            return self._done["spoken"]
        if self._sent_on is None:  # the relay doesn't have it
            self._end(None, Lost("canceled before it was sent"))
            raise self._failure
        command = {"type": "cancel", "generation_id": self.id}
        if played_ms is not None:
            command["played_ms"] = int(played_ms)
        answers = await self._client._cancel(command, {self.id: played_ms is not None})
        return answers.get(self.id)

    async def _feed(self, text):
        try:
            async for part in text:
                await self.append(part)
            await self.finish()
        except asyncio.CancelledError:
            raise
        except Exception as broken:  # the text's, or the speech's, which has ended then
            if not self._over.is_set():
                self._end(None, broken)
                await self._tell({"type": "cancel", "generation_id": self.id})

    async def _attach(self, socket):
        """Sends the speech, with all its text so far."""
        if socket is None or self._sent_on is socket or self._over.is_set():
            return
        if self._left:  # by a cancel, which had nothing to cancel at the relay
            self._end(None, Lost("canceled before it was sent"))
            return
        self._sent_on, self._sends = socket, self._sends + 1
        await _send(socket, {"type": "generate", "text": self._text, "final": self._finished, **self.fields})
        if self._flushed and not self._finished:
            await self._tell({"type": "flush", "generation_id": self.id})

    async def _tell(self, command):
        """Sends a command. While there is no connection, the text goes with the next one."""
        if self._sent_on:
            await _send(self._sent_on, command)

    async def _push(self, event):
        self._heard = True
        if self._left or self._over.is_set():
            return
        if self._queue.full():
            await self._either(self._queue.put(event))
        else:
            self._queue.put_nowait(event)

    def _waits(self):
        self._sent_on = None
        self._waiting_since = asyncio.get_running_loop().time()

    def _leave(self):
        self._left = True
        self._gone.set()

    def _end(self, done, failure):
        if self._over.is_set():
            return
        self._done, self._failure = done, failure
        if done and done.get("error"):
            self._failure = RelayError(done["error"])
        elif done and done["reason"] == "completed":
            self._failure = self._refusal  # the text was not spoken whole
        self._client._speeches.pop(self.id, None)
        if self._feeder and self._feeder is not asyncio.current_task():
            self._feeder.cancel()
        self._over.set()
        self._gone.set()


class _Cancel:
    """A cancel on its way, and what has been answered of it."""

    def __init__(self, command, owed):
        self.command = command
        self.owed = owed  # ids without an answer; True: a played time was told
        self.spoken = {}
        self.over = asyncio.get_running_loop().create_future()

    def end(self, failure):
        if self.over.done():
            return
        if failure:
            self.over.set_exception(failure)
        else:
            self.over.set_result(self.spoken)


async def _send(socket, message):
    """Sends a message. A connection that is broken is for its reader to notice."""
    try:
        await socket.send(json.dumps(message))
    except (websockets.ConnectionClosed, OSError):
        pass


def _speech_url(address):
    url = urllib.parse.urlsplit(address)
    scheme = {"http": "ws", "https": "wss"}.get(url.scheme, url.scheme)
    if scheme not in ("ws", "wss") or not url.netloc:
        raise ValueError("the relay's address must begin with http, https, ws or wss, and name a host")
    path = url.path if url.path.endswith("/v1/speech") else url.path.rstrip("/") + "/v1/speech"
    query = [pair for pair in urllib.parse.parse_qsl(url.query) if pair[0] != "audio"] + [("audio", "binary")]
    return urllib.parse.urlunsplit((scheme, url.netloc, path, urllib.parse.urlencode(query), ""))


def _refusal(refusal):
    """The relay's own words, where the library has them: before version 14 it has the status alone."""
    response = getattr(refusal, "response", None)
    status = getattr(response, "status_code", None) or getattr(refusal, "status_code", 0)
    try:
        return RelayError(json.loads(response.body)["error"])
    except (AttributeError, TypeError, ValueError, KeyError):
        known = {400: "invalid_request", 401: "auth_failed", 403: "origin_not_allowed", 429: "too_many_connections", 503: "draining"}
        fields = {"code": known.get(status, "internal"), "status": status, "message": f"refused with status {status}"}
        return RelayError({**fields, "retryable": status not in (400, 401, 403)})
