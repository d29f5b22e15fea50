"""One WebSocket to a relay, from its ready to its end."""

from __future__ import annotations

import asyncio
import collections
import inspect
import ipaddress
import json
import urllib.parse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import websockets

from .cancels import Cancel
from .errors import BadMessage, Error, Lost, RelayError, Unanswered, Unreachable
from .messages import read_message

if TYPE_CHECKING:
    from .speech import Speech

CONNECT_TIME = 10.0  # seconds to a connection's ready
CONNECT_TIME_OF_MANY = 3.0  # where another relay may be well: three round trips around the world take a second
WRITE_TIME = 10.0  # seconds that one message may take
ANSWER_TIME = 10.0  # seconds that a cancel may take; the relay waits up to 0.3 s for the vendor
PING_EVERY = 20.0  # seconds; after SILENCE without any message a connection is given up
SILENCE = 3 * PING_EVERY
READ_LIMIT = 8 << 20  # bytes, above any message
UNSENT = 64 << 10  # bytes that may wait to be sent before append waits


class _Socket(Protocol):
    """What the package websockets has in all of its versions."""

    async def send(self, message: str) -> None: ...

    async def recv(self) -> str | bytes: ...

    async def close(self) -> None: ...


async def dial(url: str, key: str | None, number: int, deadline: float) -> Link:
    """Connects to a relay, the client's one of that number. An error is a RelayError or Unreachable."""
    try:
        return await asyncio.wait_for(_open(url, key, number), deadline)
    except websockets.InvalidHandshake as refusal:
        raise _refusal(refusal) from refusal
    except BadMessage as broken:
        raise Unreachable(f"what answers is no relay: {broken}") from broken
    except asyncio.TimeoutError as late:
        raise Unreachable(f"no answer within {deadline:g} s") from late
    except (OSError, EOFError, websockets.WebSocketException) as failure:
        raise Unreachable(str(failure) or type(failure).__name__) from failure


async def _open(url: str, key: str | None, number: int) -> Link:
    options: dict[str, Any] = {"max_size": READ_LIMIT, "ping_interval": None, "subprotocols": ["voice-relay.v1"]}
    options.update(open_timeout=None, close_timeout=1)
    if key:
        # The library has renamed the argument in version 14.
        known = inspect.signature(websockets.connect).parameters
        name = "additional_headers" if "additional_headers" in known else "extra_headers"
        options[name] = {"Authorization": f"Bearer {key}"}
    socket: _Socket = await _connector()(url, **options)
    try:
        first = await socket.recv()
        if isinstance(first, bytes):
            raise BadMessage("it did not begin with ready")
        ready = read_message(first)
        if ready["type"] != "ready":
            raise BadMessage("it did not begin with ready")
    except BaseException:
        await socket.close()
        raise
    return Link(socket, number, ready)


def _connector() -> Any:
    """The library's connect, but that it takes a redirect for an answer: following one would send the key elsewhere."""
    base: Any = websockets.connect  # whose types differ by version

    class Connect(base):  # type: ignore[misc]
        def process_redirect(self, failure: Exception) -> Exception:  # from version 14 on
            return failure

        def handle_redirect(self, uri: str) -> None:  # before it
            raise Unreachable("the relay's address leads elsewhere, and no redirect is followed")

    return Connect


class Link:
    """A connection. The client reads it; whatever is sent is queued and never waits."""

    def __init__(self, socket: _Socket, number: int, ready: dict[str, Any]) -> None:
        self.number = number  # of its relay, in the client's list
        self.speeches: dict[str, Speech] = {}  # that the relay has not ended
        self.retired = False  # nothing new is spoken here
        self.over = False
        self._socket = socket
        self._cancels: list[Cancel] = []  # in the order in which they were sent
        limits = ready.get("limits")
        most = limits.get("max_message_bytes") if isinstance(limits, dict) else None
        self._most = most if isinstance(most, int) and most > 0 else None
        self._unsent: collections.deque[str] = collections.deque()
        self._bytes = 0  # of what is unsent
        self._moved = asyncio.Event()  # something is to be sent
        self._room = asyncio.Event()  # append may go on
        self._room.set()
        self._seen = 0.0  # when something came last

    # What is sent.

    def send(self, message: dict[str, Any]) -> None:
        """Queues a command. A connection that is broken is for its reader to notice. A RelayError says that it is not sent,
        being too large, which would cost the connection and all that is on it."""
        text = json.dumps(message, allow_nan=False)
        if self._most and len(text) > self._most:
            fields = {"code": "text_too_long", "status": 413, "param": "text", "retryable": False}
            raise RelayError({**fields, "message": f"over {self._most} bytes in one message"})
        if self.over:
            return
        self._unsent.append(text)
        self._bytes += len(text)
        self._moved.set()
        if self._bytes > UNSENT:
            self._room.clear()

    async def room(self) -> None:
        """Waits while much is unsent."""
        await self._room.wait()

    async def write(self) -> None:
        """Sends what is queued, until the connection ends."""
        try:
            while not self.over:
                await self._moved.wait()
                self._moved.clear()
                while self._unsent:
                    text = self._unsent.popleft()
                    await asyncio.wait_for(self._socket.send(text), WRITE_TIME)
                    self._bytes -= len(text)
                    if self._bytes <= UNSENT:
                        self._room.set()
        except (websockets.ConnectionClosed, OSError, asyncio.TimeoutError):
            await self._socket.close()  # which its reader notices

    # What comes.

    async def read(self, take: Callable[[str | bytes], None]) -> str:
        """Hands on what comes until the connection ends or what comes is broken, and says why it ended."""
        try:
            while True:
                message = await self._socket.recv()
                self._seen = _now()
                take(message)
        except BadMessage as broken:
            return f"the relay sent what is no message: {broken}"
        except (websockets.ConnectionClosed, EOFError, OSError) as lost:
            return str(lost) or "the relay is gone"

    async def watch(self) -> None:
        """Asks for signs of life, and ends a connection that gives none."""
        self._seen = _now()
        while _now() - self._seen < SILENCE:
            await asyncio.sleep(PING_EVERY)
            self.send({"type": "ping"})
        await self._socket.close()

    def end(self, cause: Error) -> list[Speech]:
        """Notes the end of the connection, ends its cancels, and returns what ran on it, oldest first."""
        self.retired = self.over = True
        orphans = list(self.speeches.values())
        self.speeches.clear()
        for cancel in self._cancels:
            cancel.end(cause)
        self._cancels.clear()
        self._unsent.clear()
        self._moved.set()
        self._room.set()
        return orphans

    async def close(self) -> None:
        await self._socket.close()

    # Cancels.

    async def cancel(self, cancel: Cancel) -> None:
        """Sends a cancel and waits until everything that it owes is answered."""
        try:
            await asyncio.wait_for(self._ask(cancel), ANSWER_TIME)
        except asyncio.TimeoutError:
            raise Unanswered(f"the cancel was not answered within {ANSWER_TIME:g} s") from None
        finally:
            if cancel in self._cancels:
                self._cancels.remove(cancel)
                cancel.end(Unanswered("given up"))
        if cancel.failure is not None:
            raise cancel.failure

    async def _ask(self, cancel: Cancel) -> None:
        while earlier := next((c for c in self._cancels if cancel.is_behind(c)), None):
            await earlier.over.wait()
        if self.over:
            raise Lost("the connection was lost")
        self._cancels.append(cancel)
        self.send(cancel.command)
        await cancel.over.wait()

    def answer(self, id: str, answer: Any, reason: str | None) -> None:
        """Takes an answer to cancels, or None for one that never comes. A generation that ended by itself is told of twice,
        where a played time was told."""
        for cancel in list(self._cancels):
            if id in cancel.owed and (reason in (None, "cancelled") or not cancel.owed[id]):
                del cancel.owed[id]
                if answer is not None:
                    cancel.spoken[id] = answer
            if not cancel.owed:
                self._cancels.remove(cancel)
                cancel.end(None)

    def refuse_cancel(self, error: dict[str, Any]) -> None:
        """Ends the first cancel that a refusal fits: only a cancel of one generation has an id."""
        for cancel in self._cancels:
            if cancel.command.get("generation_id") == error.get("generation_id"):
                self._cancels.remove(cancel)
                cancel.end(RelayError(error))
                return


def _now() -> float:
    return asyncio.get_running_loop().time()


def exposes(url: str) -> bool:
    """Whether what is sent to an address can be read on the way: it is not encrypted, and leaves this machine."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("ws", "http"):
        return False
    host = (parts.hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761: they never leave the machine
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True
    mapped = getattr(address, "ipv4_mapped", None)
    return not (mapped or address).is_loopback


def speech_url(address: str) -> str:
    """Where a relay's WebSocket is, with audio in binary frames."""
    url = urllib.parse.urlsplit(address)
    scheme = {"http": "ws", "https": "wss"}.get(url.scheme, url.scheme)
    if scheme not in ("ws", "wss") or not url.netloc:
        raise ValueError("the relay's address must begin with http, https, ws or wss, and name a host")
    path = url.path if url.path.endswith("/v1/speech") else url.path.rstrip("/") + "/v1/speech"
    query: list[tuple[str, str]] = [pair for pair in urllib.parse.parse_qsl(url.query) if pair[0] != "audio"]
    query.append(("audio", "binary"))
    return urllib.parse.urlunsplit((scheme, url.netloc, path, urllib.parse.urlencode(query), ""))


_CODES = {400: "invalid_request", 401: "auth_failed", 403: "origin_not_allowed", 429: "too_many_connections", 503: "draining"}


def _refusal(refusal: Exception) -> Error:
    """The relay's own words, where the library has them: before version 14 it has the status alone."""
    response: Any = getattr(refusal, "response", None)
    status = getattr(response, "status_code", None) or getattr(refusal, "status_code", 0)
    try:
        return RelayError(json.loads(response.body)["error"])
    except (AttributeError, TypeError, ValueError, KeyError):
        if status not in _CODES:
            return Unreachable(str(refusal), retryable=status in (502, 504))
        fields = {"code": _CODES[status], "status": status, "message": f"refused with status {status}"}
        return RelayError({**fields, "retryable": status in (429, 503)})
