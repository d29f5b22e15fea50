"""One generation: a text on its way, and what comes of it."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .backlog import Backlog
from .cancels import Cancel
from .errors import Lost, Overrun, RelayError
from .link import Link
from .listening import Listening
from .messages import Audio, Done, Event, Spoken

if TYPE_CHECKING:
    from .client import Client

# Bytes of a speech that may wait for who listens: 23 minutes of 16-bit samples at 24 kHz, twice what the longest text takes
# that a relay accepts by default. Speech comes faster than it is played, and is never held back for one listener, since it
# would be for all.
BACKLOG = 64 << 20
# Bytes that are kept of a speech before its loop begins: nearly 3 minutes, for a turn's next sentences.
UNHEARD = 8 << 20
# Bytes of text that are kept to be sent again, as long as nothing of it was heard; a relay takes no larger message by default.
MOST_KEPT = 256 << 10

_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class Speech:
    """A speech. Listen to it by audio or events; wait for its end by wait; stop it by cancel, cancel_nowait or by leaving the
    loop. As a context manager it is canceled where its block ends first."""

    def __init__(self, client: Client, number: int, text: str, final: bool, fields: dict[str, Any]) -> None:
        self.id = str(fields.get("generation_id") or "g-" + secrets.token_hex(12))
        if not _ID.fullmatch(self.id):  # a refusal could not name it
            raise ValueError("generation_id must be 1 to 128 of A-Z, a-z, 0-9, '.', '_', ':' and '-'")
        key = fields.get("idempotency_key") or "k-" + secrets.token_hex(12)
        self.fields: dict[str, Any] = {**fields, "idempotency_key": key, "generation_id": self.id}
        json.dumps(self.fields, allow_nan=False)  # what is no JSON is the caller's to know, here
        self._client = client
        self._number = number  # in the order of speak
        self._text, self._length = [text], len(text.encode(errors="replace"))
        self._finished = final
        self._flushed = False  # nothing came after the last flush
        self._backlog = Backlog(BACKLOG, UNHEARD)
        self._listenings = 0
        self._over = asyncio.Event()  # it has ended
        self._done: Done | None = None
        self._failure: BaseException | None = None
        self._refusal: RelayError | None = None  # of a part of its text
        self._heard = False  # something of it has come, so that it must not be sent again
        self._left = False  # no loop wants what comes
        self._link: Link | None = None  # the last that it was sent on
        self._sends = 0
        self._losses = 0  # connections that ended under it
        self._waits_since = 0.0
        self._feeder: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Speech:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.cancel_nowait()

    # Listening.

    def audio(self) -> Listening[Audio]:
        """The speech's audio as it comes. See events."""
        return Listening(self, lambda event: event if isinstance(event, Audio) else None)

    def events(self) -> Listening[Event]:
        """All that comes of the speech, in order: Audio, and the messages started, timestamps and rerouted as they are.

        It ends with the speech: by an exception where that was refused, failed or was lost, and without one where it was
        completed or canceled. Leaving the loop cancels the speech. A wait in it that is canceled, as by a timeout,
        cancels nothing and loses nothing: go on, or listen again.
        """
        return Listening(self, lambda event: event)

    async def wait(self) -> Done:
        """Waits for the end and returns the relay's done, also that of a speech that failed. Nobody has to listen for that:
        what is not listened to is dropped beyond UNHEARD bytes."""
        await self._over.wait()
        if self._done is None:
            assert self._failure is not None
            raise self._failure
        return self._done

    def _begin_listening(self) -> int:
        self._backlog.listened = True
        self._listenings += 1
        return self._listenings

    async def _next(self) -> Event | None:
        """The next event, or None after the last."""
        while not self._left:
            if self._backlog.dropped:
                self.cancel_nowait()
                raise Overrun("nobody has listened from its beginning")
            event = self._backlog.take()
            if event is not None:
                return event
            if self._over.is_set():
                return None
            await self._backlog.moved()
        return None

    def _end_of_listening(self) -> BaseException | None:
        return self._failure

    def _left_by(self, listening: int) -> None:
        """Cancels a speech that was left by who listened to it last."""
        if listening == self._listenings:
            self.cancel_nowait()

    # Text.

    async def append(self, text: str) -> None:
        """Adds text as it is: mind the spaces. It begins to be spoken as soon as there is enough. An error may also be the
        relay's refusal of an earlier part, which left all others undisturbed."""
        self._check_text()
        if not text:
            return
        length = len(text.encode(errors="replace"))
        if self._heard:
            self._text.clear()  # it is never sent again
        elif self._length + length > MOST_KEPT:
            fields = {"code": "text_too_long", "status": 413, "param": "text", "retryable": False}
            raise RelayError({**fields, "message": f"over {MOST_KEPT} bytes before anything was heard"})
        self._tell({"type": "append", "generation_id": self.id, "text": text})
        if not self._heard:
            self._text.append(text)
            self._length += length
        self._flushed = False
        await self._sent()

    async def flush(self) -> None:
        """Has all text so far spoken now."""
        self._check_text()
        self._flushed = True
        self._tell({"type": "flush", "generation_id": self.id})
        await self._sent()

    async def finish(self) -> None:
        """Says that no more text comes."""
        self._check_text()
        self._finished = True
        self._tell({"type": "finish", "generation_id": self.id})
        await self._sent()

    def _check_text(self) -> None:
        """Raises why the speech takes no text."""
        if self._refusal is not None:
            refusal, self._refusal = self._refusal, None
            raise refusal
        if self._over.is_set():
            raise self._failure or Lost("the speech has ended")

    def _tell(self, command: dict[str, Any]) -> None:
        """Sends a command. While there is no connection, the text goes with the next one."""
        if self._link is not None:
            self._link.send(command)

    async def _sent(self) -> None:
        if self._link is not None:
            await self._link.room()

    async def _feed(self, text: AsyncIterable[str]) -> None:
        """Appends a text as it comes."""
        try:
            async for part in text:
                await self.append(part)
            await self.finish()
        except Exception as broken:  # the text's, or the speech's, which has ended then
            self._fail(broken)

    # Canceling.

    async def cancel(self, played_ms: float | None = None) -> Spoken:
        """Stops the speech, also one that has ended where it was played in part. Returns how far into its text the audio
        reached, or the caller heard."""
        self._leave()
        if self._over.is_set() and (self._done is None or played_ms is None):
            return self._spoken()
        if self._link is None:  # the relay doesn't have it
            self._end(None, Lost("canceled before it was sent"))
            return self._spoken()
        command: dict[str, Any] = {"type": "cancel", "generation_id": self.id}
        if played_ms is not None:
            command["played_ms"] = int(played_ms)
        cancel = Cancel(command, {self.id: played_ms is not None})
        await self._link.cancel(cancel)
        return cancel.spoken.get(self.id) or self._spoken()

    def cancel_nowait(self, played_ms: float | None = None) -> None:
        """Cancels and waits for nothing, so that a task may do so which is being canceled itself. wait tells the end."""
        if not self._left and not self._over.is_set() or played_ms is not None:
            self._leave()
            self._client._start_quietly(self.cancel(played_ms))

    async def aclose(self) -> None:
        """cancel_nowait, for contextlib.aclosing."""
        self.cancel_nowait()

    def _spoken(self) -> Spoken:
        if self._done is not None:
            return self._done["spoken"]
        raise self._failure or Lost("the speech has not ended")

    # What the client does with it.

    def _attach(self, link: Link) -> None:
        """Sends the speech, with all its text so far."""
        if self._left:  # by a cancel, which had nothing to cancel at the relay
            self._end(None, Lost("canceled before it was sent"))
        if self._over.is_set():
            return
        generate = {"type": "generate", "text": "".join(self._text), "final": self._finished, **self.fields}
        try:
            link.send(generate)
        except RelayError as refusal:
            self._end(None, refusal)
            return
        link.speeches[self.id] = self
        self._link = link
        self._sends += 1
        if self._flushed and not self._finished:
            link.send({"type": "flush", "generation_id": self.id})

    def _push(self, event: Event, message: int) -> None:
        """Takes what came in a message of so many bytes."""
        self._heard = True
        if not self._left and not self._over.is_set() and not self._backlog.add(event, message):
            self._fail(Overrun("more audio came than is kept for who listens"))

    def _fail(self, failure: BaseException) -> None:
        """Ends the speech by the client's own will, and tells the relay."""
        if not self._over.is_set():
            self._end(None, failure)
            self._tell({"type": "cancel", "generation_id": self.id})

    def _leave(self) -> None:
        self._left = True
        self._backlog.clear()
        self._backlog.wake()
        self._stop_feeding()

    def _end(self, done: Done | None, failure: BaseException | None) -> None:
        """Ends the speech: the first word on it counts."""
        if self._over.is_set():
            return
        self._done, self._failure = done, failure
        if done is not None and done.get("error"):
            self._failure = RelayError(done["error"])
        elif done is not None and done["reason"] == "completed":
            self._failure = self._refusal  # the text was not spoken whole
        self._over.set()
        self._stop_feeding()
        self._backlog.wake()

    def _stop_feeding(self) -> None:
        feeder: asyncio.Task[Any] | None = self._feeder
        if feeder is not None and feeder is not asyncio.current_task():
            feeder.cancel()

    def _is_of(self, context_id: str) -> bool:
        return bool(self.fields.get("context_id") == context_id)
