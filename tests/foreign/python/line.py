"""What the samples have in common: the line to a vendor, and what they tell the test that has started them."""

import asyncio
import inspect
import json
import sys

import websockets


def tell(**noticed):
    """Tells the test something, a JSON object a line."""
    print(json.dumps(noticed), flush=True)


def connect(url, bearer=None):
    """Opens a WebSocket, with a key in its header where there is one."""
    if bearer is None:
        return websockets.connect(url)
    # The library has renamed the argument in version 14.
    known = inspect.signature(websockets.connect).parameters
    name = "additional_headers" if "additional_headers" in known else "extra_headers"
    return websockets.connect(url, **{name: {"Authorization": f"Bearer {bearer}"}})


def run(sample):
    """Runs a sample with the command line's arguments. How the vendor shows it out is told, not raised."""
    try:
        asyncio.run(sample(*sys.argv[1:]))
    except websockets.ConnectionClosed as end:
        tell(closed=end.rcvd.code if end.rcvd else 1006)
    except websockets.InvalidHandshake as refusal:
        # Before version 14 the library has the status itself, later the whole response.
        response = getattr(refusal, "response", None)
        tell(status=response.status_code if response else refusal.status_code)
