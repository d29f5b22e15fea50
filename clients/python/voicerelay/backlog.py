"""What has come of a speech and was not taken yet. The connection's reader fills it and never waits, so that no speech holds
up another."""

from __future__ import annotations

import asyncio
import collections

from .messages import Event

OVERHEAD = 256  # bytes that an event takes in addition to its message: Python's objects around it


class Backlog:
    """Events of a speech, bounded in bytes."""

    def __init__(self, most: int, most_unheard: int) -> None:
        self.listened = False  # somebody has begun to listen
        self.dropped = False  # more came than is kept for a later loop: all of it is dropped
        self._most, self._most_unheard = most, min(most, most_unheard)
        self._events: collections.deque[tuple[Event, int]] = collections.deque()
        self._bytes = 0
        self._waiters: list[asyncio.Future[None]] = []

    def add(self, event: Event, message: int) -> bool:
        """Adds an event that came in a message of so many bytes. False: more than may wait for a loop. Without a loop it
        is dropped instead."""
        if self.dropped:
            return True
        size = message + OVERHEAD
        # One event always fits: messages are bounded.
        if self._bytes and self._bytes + size > (self._most if self.listened else self._most_unheard):
            if self.listened:
                return False
            self.dropped = True
            self.clear()
            return True
        self._events.append((event, size))
        self._bytes += size
        self.wake()
        return True

    def take(self) -> Event | None:
        """Takes the next event, if there is one."""
        if not self._events:
            return None
        event, size = self._events.popleft()
        self._bytes -= size
        return event

    def clear(self) -> None:
        self._events.clear()
        self._bytes = 0

    def wake(self) -> None:
        """Has all that wait look again."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def moved(self) -> None:
        """Waits for a wake. It takes nothing, so that a task that is canceled here has lost nothing."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            self._waiters.remove(waiter)
