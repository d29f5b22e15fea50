"""What can go wrong. All of it is an Error, but for arguments that are wrong by themselves (ValueError) and for what a text's own
iterator raises."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any


class Error(Exception):
    """Something of this package went wrong."""


class RelayError(Error):
    """The relay refused a connection or a command, or a generation failed. fields is the error as the protocol has it."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        super().__init__(f"{fields.get('code')}: {fields.get('message')}")
        self.fields = dict(fields)
        self.code = str(fields.get("code"))
        self.retryable = bool(fields.get("retryable", False))


class Lost(Error):
    """The connection was lost when the speech had been heard in part, or again and again before; or the client is closed."""


class Unreachable(Error, ConnectionError):
    """No relay can be connected to. retryable: a balancer before it says that it is away for the time being."""

    def __init__(self, why: str, retryable: bool = False) -> None:
        super().__init__(why)
        self.retryable = retryable


class Overrun(Error):
    """More of a speech came than is kept for who listens to it: see BACKLOG and UNHEARD."""


class Unanswered(Error, asyncio.TimeoutError):
    """The relay has not answered a cancel in time. The speech is not listened to all the same."""


class BadMessage(Exception):
    """What came is no message of the protocol. Its connection ends, and what was heard on it with Lost."""
