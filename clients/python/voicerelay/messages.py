"""The relay's messages, as far as a client acts on them. They are dictionaries as the protocol has them, and may have more
fields than are named here; docs/protocol.md says what the fields mean."""

from __future__ import annotations

import dataclasses
import json
import struct
from typing import Any, Literal, TypedDict, cast

from .errors import BadMessage


@dataclasses.dataclass
class Audio:
    """A frame of a speech."""

    seq: int  # 0, 1, 2 … within the speech
    start_ms: int  # audio of the speech before it
    samples: int  # at the output's rate
    data: bytes  # in the output's encoding


class Output(TypedDict):
    encoding: str
    sample_rate: int


class Spoken(TypedDict):
    """How far into the text the audio reached that was sent, or played."""

    char: int
    source: str  # word_times, segment or estimate


class Started(TypedDict):
    """Goes just before the first audio."""

    type: Literal["started"]
    generation_id: str
    provider: str
    model: str | None
    voice: str
    provider_voice: str
    output: Output
    ignored: list[str]


class _Word(TypedDict):
    word: str
    start_ms: int
    end_ms: int
    char_start: int
    char_end: int


class Word(_Word, total=False):
    """A word of the text. Times are on the speech's clock, characters are code points of its whole text."""

    score: float


class _Timestamps(TypedDict):
    type: Literal["timestamps"]
    generation_id: str
    source: Literal["provider", "estimate"]
    words: list[Word]


class Timestamps(_Timestamps, total=False):
    """Words whose audio has come whole. Of an estimate, 95 of 100 times are off by error_ms at most."""

    error_ms: int


class Rerouted(TypedDict):
    """Goes just before the first audio of another provider."""

    type: Literal["rerouted"]
    generation_id: str
    to: str
    model: str | None
    provider_voice: str
    reason: str
    resume_char: int
    resume_ms: int
    resume_source: str
    ignored: list[str]


class _Done(TypedDict):
    type: Literal["done"]
    generation_id: str
    record_id: str
    reason: Literal["completed", "cancelled", "failed"]
    spoken: Spoken
    usage: dict[str, Any]
    timing: dict[str, Any]


class Done(_Done, total=False):
    """The end of a speech, and what it took."""

    error: dict[str, Any]  # of a failed one
    ended_by: Literal["text_idle"]  # where the relay took the text for finished, since no more came


Event = Audio | Started | Timestamps | Rerouted

# What a message can't do without, by its type. Others are not looked into.
_NEEDS: dict[str, dict[str, type]] = {
    "started": {"generation_id": str},
    "timestamps": {"generation_id": str, "words": list},
    "rerouted": {"generation_id": str},
    "done": {"generation_id": str, "reason": str, "spoken": dict},
    "spoken": {"generation_id": str, "spoken": dict},
    "error": {"code": str},
}


def read_message(text: str) -> dict[str, Any]:
    """Reads a message of a text frame. One whose type is not known is left to the caller to pass over."""
    try:
        message = json.loads(text)
    except ValueError:
        raise BadMessage("a message is no JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str) or not message["type"]:
        raise BadMessage("a message has no type")
    kind = message["type"]
    for name, wanted in _NEEDS.get(kind, {}).items():
        if not isinstance(message.get(name), wanted):
            raise BadMessage(f"{kind} has no {name}")
    if "spoken" in _NEEDS.get(kind, {}) and not isinstance(message["spoken"].get("char"), int):
        raise BadMessage(f"{kind} has no spoken.char")
    error = message.get("error")
    if error is not None and not isinstance(error, dict):
        raise BadMessage(f"{kind} has an error that is no object")
    return cast(dict[str, Any], message)


_NUMBERS = struct.Struct(">III")


def read_audio(frame: bytes) -> tuple[str, Audio] | None:
    """Reads a binary frame: the generation's id and its audio, or None for a kind that this version doesn't have."""
    if len(frame) < 3:
        raise BadMessage("a binary frame is too short")
    version, kind, length = frame[:3]
    if version != 1 or kind != 1:
        return None
    begin = 3 + length
    if len(frame) < begin + _NUMBERS.size:
        raise BadMessage("a binary frame is too short")
    try:
        id = frame[3:begin].decode("ascii")
    except UnicodeDecodeError:
        raise BadMessage("a binary frame has no valid generation id") from None
    seq, start_ms, samples = _NUMBERS.unpack_from(frame, begin)
    return id, Audio(seq, start_ms, samples, frame[begin + _NUMBERS.size :])
