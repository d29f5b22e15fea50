"""What the programs have in common: where the relay is, and what they tell the test, a JSON object a line.

    from clients import KEY, URL, audio, ended, failed, main, note, words
"""

import asyncio
import base64
import json
import logging
import os
import sys
import time
import warnings

# in docs/clients.md: python
URL = os.environ["RELAY_URL"]  # http://… or https://…, without a slash at its end
WS = "ws" + URL.removeprefix("http")  # the same for WebSockets
KEY = os.environ["RELAY_KEY"]
# end
HOST = URL.split("://")[1]

# A program may have a module beside it, and the name of a package: Python runs without its folder, which comes last here.
sys.path.append(os.path.dirname(os.path.abspath(sys.argv[0])))

_began = time.monotonic()
_out = os.fdopen(os.dup(sys.stdout.fileno()), "w")  # libraries may redirect the other


def now():
    """Seconds since the program began."""
    return time.monotonic() - _began


def tell(**noticed):
    """Tells the test something."""
    _out.write(json.dumps({"at": now(), **noticed}, default=str) + "\n")
    _out.flush()


def audio(data, id=""):
    """A turn's next audio, in bytes."""
    if data:
        tell(id=id, audio=base64.b64encode(bytes(data)).decode())


def words(all, id=""):
    """A turn's next words: (text, start, end), in seconds of the turn's audio."""
    tell(id=id, words=[{"text": text, "start": start, "end": end} for text, start, end in all])


def ended(id=""):
    """The turn is over, without an error."""
    tell(id=id, ended=True)


def failed(error, id=""):
    """The turn is over by an exception."""
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", None) or getattr(response, "status_code", None) or 0
    tell(id=id, error={"type": type(error).__name__, "message": str(error), "status": status})


def note(value):
    """Whatever else the test wants to know."""
    tell(note=value)


class _Teller(logging.Handler):
    def emit(self, record):
        tell(log={"level": record.levelname, "logger": record.name, "text": self.format(record)})


logging.getLogger().addHandler(_Teller(logging.WARNING))
warnings.simplefilter("ignore")  # of one library about another

try:  # Pipecat's logger
    import loguru

    loguru.logger.remove()
    loguru.logger.add(
        lambda text: tell(log={"level": text.record["level"].name, "logger": text.record["name"], "text": str(text)}),
        level="WARNING",
    )
except ImportError:
    pass


def main(stories):
    """Plays the story that the first argument names, with the others. A story may be a coroutine."""
    name, *args = sys.argv[1:]
    played = stories[name](*args)
    if asyncio.iscoroutine(played):
        asyncio.run(played)
