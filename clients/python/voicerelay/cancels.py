"""Cancels on their way."""

from __future__ import annotations

import asyncio
from typing import Any

from .errors import Error
from .messages import Spoken


class Cancel:
    """A cancel, and what has been answered of it."""

    def __init__(self, command: dict[str, Any], owed: dict[str, bool]) -> None:
        self.command = command
        self.owed = owed  # ids without an answer; True: a played time was told
        self.spoken: dict[str, Spoken] = {}
        self.failure: Error | None = None
        self.over = asyncio.Event()

    def end(self, failure: Error | None) -> None:
        self.failure = failure
        self.over.set()

    def is_behind(self, earlier: Cancel) -> bool:
        """Whether an earlier one has to be answered first: a done that answers a cancel without a played time, which it may
        have crossed, must not be taken for one that answers this."""
        return any(told and earlier.owed.get(id) is False for id, told in self.owed.items())
