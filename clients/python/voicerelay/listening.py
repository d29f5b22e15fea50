"""How a speech is listened to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, TypeVar

from .messages import Event

if TYPE_CHECKING:
    from .speech import Speech

T = TypeVar("T")


class Listening(AsyncIterator[T]):
    """What comes of a speech, in order. A wait that is canceled, as by a timeout, takes nothing with it: go on with this one
    or with a new one. One that is left after something came, as by a break, has its speech canceled."""

    def __init__(self, speech: Speech, pick: Callable[[Event], T | None]) -> None:
        self._speech, self._pick = speech, pick  # pick: what it takes of an event; None: nothing
        self._loop = asyncio.get_running_loop()
        self._number = speech._begin_listening()
        self._open = True
        self._holds = False  # what came last was taken, and nothing was asked for since

    def __aiter__(self) -> Listening[T]:
        return self

    async def __anext__(self) -> T:
        if not self._open:
            raise StopAsyncIteration
        self._holds = False
        while True:
            event = await self._speech._next()
            if event is None:
                break
            picked = self._pick(event)
            if picked is not None:
                self._holds = True
                return picked
        self._open = False
        failure = self._speech._end_of_listening()
        if failure is not None:
            raise failure
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Leaves, and has the speech canceled, if it still runs. It waits for nothing."""
        if self._open:
            self._open = False
            self._speech.cancel_nowait()

    def __del__(self) -> None:
        # By any thread, where it was part of a cycle.
        if getattr(self, "_holds", False) and self._open and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._speech._left_by, self._number)
