"""Connections to relays, and the speeches on them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterable, Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any

from .cancels import Cancel
from .errors import Error, Lost, RelayError, Unreachable
from .link import Link
from .messages import Output, Spoken, read_audio, read_message
from .relays import FIRST_WAIT, LONGEST_WAIT, LONGEST_WAITED, PATIENCE, Relays
from .speech import Speech

# Connections that may end under a speech that was not heard before it is given up: more than relays cause that are restarted
# in turn, and few enough that a speech whose messages break connections breaks no more.
MOST_LOSSES = 3


def connect(url: str | Sequence[str], key: str | None = None, *, plaintext: bool = False) -> Client:
    """Connects to a relay at an http, https, ws or wss address: async with connect(…) as relay.

    Of several addresses, of relays that may stand in for each other, each try to connect asks all in order, beginning after
    the one whose connection ended. An address that can't be one is a ValueError. What else is wrong with an
    address or the key shows at once, as Unreachable or RelayError; a relay that refuses for the time being is asked again, for
    PATIENCE seconds. No redirect is followed, which would send the key elsewhere.

    A key for an address of ws or http that is not of this machine is warned of, since anyone on the network path can read it;
    plaintext says that the network there is trusted.
    """
    return Client([url] if isinstance(url, str) else list(url), key, plaintext=plaintext)


class Client:
    """A connection to a relay that is made again whenever it breaks."""

    def __init__(self, urls: Sequence[str], key: str | None = None, *, plaintext: bool = False) -> None:
        self._relays = Relays(urls, key, plaintext)
        self._current: Link | None = None  # where new speeches go; None: it is being connected
        self._links: list[Link] = []  # the current one, and those of relays that are going away
        self._waiting: list[Speech] = []  # for a connection
        self._spoken = 0  # speeches so far
        self._fault: Error | None = None  # why nothing more can be spoken
        self._closed = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._wake = asyncio.Event()  # there may be no connection, or somebody waits for one

    async def __aenter__(self) -> Client:
        link = await self._relays.first()
        self._adopt(link)
        self._start(self._keep(link))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closed = True
        self._give_up(Lost("the client is closed"))
        while self._tasks:  # the library takes some cancels for its own
            for task in list(self._tasks):
                task.cancel()
            await asyncio.wait(list(self._tasks), timeout=1)

    # Speaking.

    async def speak(
        self,
        text: str | AsyncIterable[str],
        *,
        final: bool = True,
        generation_id: str | None = None,
        idempotency_key: str | None = None,
        context_id: str | None = None,
        text_idle_timeout_ms: int | None = None,
        voice: str | None = None,
        route: str | None = None,
        language: str | None = None,
        speed: float | None = None,
        output: Output | None = None,
        word_timestamps: bool | None = None,
        normalize: bool | None = None,
        provider_options: Mapping[str, Any] | None = None,
        metadata: Mapping[str, str] | None = None,
        conversation_id: str | None = None,
        traceparent: str | None = None,
        tracestate: str | None = None,
        **more: Any,
    ) -> Speech:
        """Starts a speech of a text, or of text that comes bit by bit from an async iterator.

        What is left out is as the relay has it; the fields of a generate mean what docs/protocol.md says, and more are fields
        that this version does not know. With final=False a text stays open for append, up to finish, or until nothing has come
        for text_idle_timeout_ms, which the done then says (ended_by).
        """
        if self._fault is not None:
            raise self._fault
        given = dict(
            generation_id=generation_id, idempotency_key=idempotency_key, context_id=context_id,
            text_idle_timeout_ms=text_idle_timeout_ms, voice=voice, route=route, language=language,
            speed=speed, output=output, word_timestamps=word_timestamps, normalize=normalize, provider_options=provider_options,
            metadata=metadata, conversation_id=conversation_id, traceparent=traceparent, tracestate=tracestate, **more,
        )
        fields = {name: value for name, value in given.items() if value is not None}
        whole = isinstance(text, str)
        self._spoken += 1
        speech = Speech(self, self._spoken, str(text) if whole else "", final and whole, fields)
        self._place(speech)
        if not isinstance(text, str):
            speech._feeder = self._start(speech._feed(text))
        return speech

    async def cancel_context(self, context_id: str, played: Mapping[Speech, float] | None = None) -> dict[Speech, Spoken]:
        """Stops all speeches of a context: barge-in. played is milliseconds by speech, of those that were played at all.
        Returns how far into its text each was heard, by speech; what is missing was on a connection that is gone."""
        played = played or {}
        heard: dict[Speech, Spoken] = {}
        failures: list[BaseException] = []
        cancels = self._cancels_of(context_id, played)
        for outcome in await asyncio.gather(*[self._cancel_on(*cancel) for cancel in cancels], return_exceptions=True):
            if isinstance(outcome, BaseException):
                failures.append(outcome)
            else:
                heard.update(outcome)
        if failures:
            raise failures[0]
        return heard

    def cancel_context_nowait(self, context_id: str, played: Mapping[Speech, float] | None = None) -> None:
        """cancel_context that waits for nothing, so that a task may call it which is being canceled itself."""
        for cancel in self._cancels_of(context_id, played or {}):
            self._start_quietly(self._cancel_on(*cancel))

    def _cancels_of(self, context_id: str, played: Mapping[Speech, float]) -> list[tuple[Link, Cancel, list[Speech]]]:
        """Stops listening to a context's speeches, and makes a cancel of each connection that has some."""
        for speech in [s for s in self._waiting if s._is_of(context_id)]:
            speech._leave()
            self._waiting.remove(speech)
            speech._end(None, Lost("canceled before it was sent"))
        cancels = []
        for link in self._links:
            hit = [s for s in link.speeches.values() if s._is_of(context_id)]
            hit += [s for s in played if s._link is link and s not in hit and not (s._over.is_set() and s._done is None)]
            if not hit:
                continue
            command: dict[str, Any] = {"type": "cancel", "context_id": context_id}
            told = {s.id: int(played[s]) for s in hit if s in played}
            if told:
                command["played"] = told
            cancels.append((link, Cancel(command, {s.id: s in played for s in hit}), hit))
            for speech in hit:
                speech._leave()
        return cancels

    async def _cancel_on(self, link: Link, cancel: Cancel, hit: list[Speech]) -> dict[Speech, Spoken]:
        await link.cancel(cancel)
        return {speech: cancel.spoken[speech.id] for speech in hit if speech.id in cancel.spoken}

    # Tasks.

    def _start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Runs work that ends with the client at the latest."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _start_quietly(self, work: Coroutine[Any, Any, Any]) -> None:
        """Runs a cancel for which no task waits."""

        async def quietly() -> None:
            try:
                await work
            except Exception:
                pass  # the speech's wait tells its end

        if self._closed:
            work.close()
        else:
            self._start(quietly())

    # Connecting.

    async def _keep(self, link: Link | None) -> None:
        """Serves the current connection, and connects again whenever there is none."""
        failures = 0
        while link is not None:
            born = _now()
            self._start(self._serve(link))
            while self._current is not None:
                self._wake.clear()
                await self._wake.wait()
            # A relay that accepts and drops again at once is spared like one that does not accept.
            failures = 1 if _now() - born > LONGEST_WAIT else failures + 1
            link = await self._reconnect(link.number + 1, failures)
            if link is not None:
                self._adopt(link)

    async def _reconnect(self, first: int, failures: int) -> Link | None:
        while self._fault is None:
            await self._pause(min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT) * random.uniform(0.5, 1))
            try:
                return await self._relays.dial(first)
            except RelayError as refusal:
                if not refusal.retryable:
                    self._give_up(refusal)
                    return None
                self._expire(refusal)
            except Unreachable as failure:
                self._expire(failure)
            failures = min(failures + 1, 30)
        return None

    async def _pause(self, wait: float) -> None:
        """Waits between two tries, for less where somebody waits for speech."""
        began = _now()
        while True:
            left = began + (min(wait, LONGEST_WAITED) if self._waiting else wait) - _now()
            if left <= 0:
                return
            self._wake.clear()
            try:
                await asyncio.wait_for(self._wake.wait(), left)
            except asyncio.TimeoutError:
                return

    def _expire(self, failure: Error) -> None:
        """Ends what has waited for too long, with why there is no connection."""
        now = _now()
        for speech in [s for s in self._waiting if now - s._waits_since > PATIENCE]:
            speech._end(None, failure)
        self._waiting = [s for s in self._waiting if not s._over.is_set()]

    def _adopt(self, link: Link) -> None:
        """Has a new connection take what waits, in the order in which it was spoken, and makes it the current one."""
        waiting, self._waiting = sorted(self._waiting, key=lambda speech: speech._number), []
        for speech in waiting:
            speech._attach(link)
        self._links.append(link)
        self._current = link

    def _place(self, speech: Speech) -> None:
        """Gives a speech to the current connection, or has it wait for one."""
        if self._fault is not None:
            speech._end(None, self._fault)
        elif self._current is not None:
            speech._attach(self._current)
        else:
            speech._link = None
            speech._waits_since = _now()
            self._waiting.append(speech)
            self._wake.set()

    def _retire(self, link: Link) -> None:
        """Has what is spoken next go elsewhere."""
        link.retired = True
        if self._current is link:
            self._current = None
            self._wake.set()

    def _give_up(self, fault: Error) -> None:
        """Ends the client: nothing more can be spoken. The first reason counts."""
        self._fault = self._fault or fault
        speeches = self._waiting + [s for link in self._links for s in link.speeches.values()]
        if isinstance(fault, RelayError):  # which does not concern what runs
            speeches = self._waiting
        self._waiting = []
        for speech in speeches:
            speech._end(None, fault)

    # Serving a connection.

    async def _serve(self, link: Link) -> None:
        """Reads a connection to its end, and deals with what was running on it."""
        beside = [self._start(link.write()), self._start(link.watch())]
        cause = "the client is closed"
        try:
            cause = await link.read(lambda message: self._take(link, message))
        except Exception as fault:  # of this package: it must not leave all that listen without a word
            cause = f"{type(fault).__name__}: {fault}"
            raise
        finally:
            for task in beside:
                task.cancel()
            self._lost(link, Lost(cause))
            await link.close()

    def _lost(self, link: Link, cause: Lost) -> None:
        """Ends what was heard on a connection that is gone. The rest goes to the next one."""
        self._retire(link)
        if link in self._links:
            self._links.remove(link)
        for speech in link.end(cause):
            speech._losses, speech._waits_since = speech._losses + 1, _now()
            if speech._heard or speech._left or speech._losses >= MOST_LOSSES:
                speech._end(None, cause)
            elif not speech._over.is_set():
                self._place(speech)

    def _take(self, link: Link, message: str | bytes) -> None:
        """Acts on a message. It never waits."""
        if isinstance(message, str):
            self._take_message(link, read_message(message), len(message))
            return
        frame = read_audio(message)
        if frame is not None and frame[0] in link.speeches:
            link.speeches[frame[0]]._push(frame[1], len(message))

    def _take_message(self, link: Link, message: dict[str, Any], size: int) -> None:
        kind, id = message["type"], message.get("generation_id")
        speech = link.speeches.get(id) if isinstance(id, str) else None
        if kind in ("started", "timestamps", "rerouted") and speech is not None:
            event: Any = message
            speech._push(event, size)
        elif kind == "done":
            link.answer(message["generation_id"], message["spoken"], message["reason"])
            if speech is not None:
                del link.speeches[speech.id]
                done: Any = message
                speech._end(done, None)
        elif kind == "spoken":
            link.answer(message["generation_id"], message["spoken"], None)
        elif kind == "draining":
            self._retire(link)
        elif kind == "error":
            self._refused(link, message, speech)

    def _refused(self, link: Link, error: dict[str, Any], speech: Speech | None) -> None:
        command = error.get("command")
        if command == "cancel":
            link.refuse_cancel(error)
        elif speech is not None and command == "generate":
            link.answer(speech.id, None, None)
            del link.speeches[speech.id]
            self._turned_down(link, error, speech)
        elif speech is not None and command in ("append", "flush", "finish"):
            speech._refusal = speech._refusal or RelayError(error)

    def _turned_down(self, link: Link, error: dict[str, Any], speech: Speech) -> None:
        """A relay that is going away, and one that has not noticed yet how the former connection ended, are no reason to
        give up."""
        first = error.get("first")
        running = error["code"] == "duplicate_request" and isinstance(first, dict) and first.get("state") == "running"
        if error["code"] == "draining":
            self._retire(link)
            self._place(speech)
        elif running and speech._sends > 1 and not speech._left and _now() - speech._waits_since < PATIENCE:
            self._start(self._again(speech))
        else:
            speech._end(None, RelayError(error))

    async def _again(self, speech: Speech) -> None:
        await asyncio.sleep(min(FIRST_WAIT * 2**speech._sends, LONGEST_WAITED))
        if not speech._over.is_set():
            self._place(speech)


def _now() -> float:
    return asyncio.get_running_loop().time()
