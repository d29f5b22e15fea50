"""The relays that a client may be connected to, one at a time."""

from __future__ import annotations

import asyncio
import random
import urllib.parse
import warnings
from collections.abc import Sequence

from .errors import RelayError, Unreachable
from .link import CONNECT_TIME, CONNECT_TIME_OF_MANY, Link, dial, exposes, speech_url

PATIENCE = 30.0  # seconds that a speech may be without a connection, and that a first connection is tried for
FIRST_WAIT, LONGEST_WAIT = 0.1, 10.0  # seconds between tries to connect again, doubling
LONGEST_WAITED = 1.0  # the same while somebody waits for speech: who hears nothing for much longer hangs up


class Relays:
    """Addresses of relays that may stand in for each other."""

    def __init__(self, urls: Sequence[str], key: str | None, plaintext: bool) -> None:
        self._urls, self._key = [speech_url(url) for url in urls], key
        if not self._urls:
            raise ValueError("there is no address of a relay")
        for url in self._urls:
            if key and not plaintext and exposes(url):
                host = urllib.parse.urlsplit(url).netloc.rpartition("@")[2]
                message = f"the key goes unencrypted over the network to {host}: use wss or https, or say plaintext=True"
                warnings.warn(message, stacklevel=4)  # where connect is called

    async def first(self) -> Link:
        """Connects for the first time. What is wrong with an address or a key shows at once; where a relay refuses for the time
        being, all are asked again."""
        now = asyncio.get_running_loop().time
        began, wait = now(), FIRST_WAIT
        while True:
            try:
                return await self.dial(0)
            except (RelayError, Unreachable) as refusal:
                if not refusal.retryable or now() - began + wait > PATIENCE:
                    raise
            await asyncio.sleep(wait * random.uniform(0.5, 1))
            wait = min(2 * wait, LONGEST_WAITED)

    async def dial(self, first: int) -> Link:
        """Asks all relays, beginning with that number. Where none takes the connection the error is the one that gives most
        hope; it is retryable where any is."""
        failures: list[RelayError | Unreachable] = []
        deadline = CONNECT_TIME if len(self._urls) == 1 else CONNECT_TIME_OF_MANY
        for i in range(len(self._urls)):
            number = (first + i) % len(self._urls)
            try:
                return await dial(self._urls[number], self._key, number, deadline)
            except (RelayError, Unreachable) as failure:
                failures.append(failure)
        hopeful = [f for f in failures if f.retryable] or [f for f in failures if isinstance(f, Unreachable)]
        raise (hopeful or failures)[0]
