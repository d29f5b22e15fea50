"""Speak texts through a relay: a client of its WebSocket protocol in asyncio, with nothing but the package websockets.

    async with voicerelay.connect("http://127.0.0.1:8080") as relay:
        speech = await relay.speak("Hello there.")
        async for audio in speech.audio():
            play(audio.data)

What holds:

1. Speeches run side by side. Audio of each comes in order, without gap or repeat. No speech holds up another, nor a cancel.
2. Its loop ends with the generation: by an exception where that was refused, failed or was lost, and without one where it
   was completed or canceled.
3. Nothing is spoken twice. A speech of which nothing was heard when its connection broke is sent again, under the same idempotency key, on three
   connections at most; what was heard in part ends with Lost, since only the caller knows how much was played.
4. What is not taken yet waits in a queue of its speech's own. Beyond BACKLOG bytes the speech is canceled and its loop ends,
   after what waits, with Overrun. If no loop has begun yet, all is dropped beyond UNHEARD bytes. The speech goes on, for
   a program that only waits for its end, and a loop that begins later ends with Overrun.
5. Leaving a loop, as by break, cancels the speech, and so does leaving its block: async with await relay.speak(…) as speech.
   A wait that is canceled in the loop, as by a timeout, cancels nothing and loses nothing: go on, or begin another loop.
   cancel_nowait may be called by a task that is being canceled itself.
6. What a connection brings that is no message of the protocol breaks it. Messages and fields that this version does not know are
   passed over. A relay that is going away ends what it speaks; what comes next goes to another connection.
7. What is raised here is an Error, or a ValueError for an address or a generation_id that no relay could take.

Python 3.10 and websockets 10.1, or later versions, will do.
"""

from .client import Client, connect
from .errors import Error, Lost, Overrun, RelayError, Unanswered, Unreachable
from .listening import Listening
from .messages import Audio, Done, Event, Output, Rerouted, Spoken, Started, Timestamps, Word
from .speech import BACKLOG, UNHEARD, Speech

__all__ = [
    "Audio", "BACKLOG", "Client", "Done", "Error", "Event", "Listening", "Lost", "Output", "Overrun", "RelayError", "Rerouted",
    "Speech", "Spoken", "Started", "Timestamps", "UNHEARD", "Unanswered", "Unreachable", "Word", "connect",
]
