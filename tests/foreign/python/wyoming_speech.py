"""Speaks by the protocol's own library: python wyoming_speech.py URL TEXT OTHER. A line of JSON is what it noticed."""

import asyncio
import json
import sys

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeStopped, SynthesizeVoice

url, text, other = sys.argv[1:]
joe = SynthesizeVoice(name="en_US-joe-medium")


def tell(**message):
    print(json.dumps({"message": message}), flush=True)


async def listen(client, name, last):
    """Hears into a file, up to an event of a type."""
    with open(name, "wb") as file:
        while event := await client.read_event():
            if AudioStart.is_type(event.type):
                start = AudioStart.from_event(event)
                tell(type="start", name=name, rate=start.rate, width=start.width, channels=start.channels)
            elif AudioChunk.is_type(event.type):
                file.write(AudioChunk.from_event(event).audio)
            elif Error.is_type(event.type):
                error = Error.from_event(event)
                tell(type="error", name=name, text=error.text, code=error.code)
            if last.is_type(event.type):
                return tell(type="stop", name=name)
    tell(type="closed", name=name)


async def main():
    async with AsyncClient.from_uri(url, connect_timeout=10, read_timeout=20) as client:
        await client.write_event(Describe().event())
        info = Info.from_event(await client.read_event())
        program = info.tts[0]
        tell(type="info", voices=[voice.name for voice in program.voices], streaming=program.supports_synthesize_streaming)
        await client.write_event(Synthesize(text, voice=joe).event())
        await client.write_event(Synthesize(other, voice=SynthesizeVoice(name="en_US-amy-low")).event())
        await listen(client, "text", AudioStop)
        await listen(client, "other", AudioStop)
        await client.write_event(SynthesizeStart(voice=joe).event())
        for word in text.split():
            await client.write_event(SynthesizeChunk(word + " ").event())
        await client.write_event(Synthesize(text, voice=joe).event())
        await client.write_event(SynthesizeStop().event())
        await listen(client, "chunks", SynthesizeStopped if program.supports_synthesize_streaming else AudioStop)
        await client.write_event(Synthesize(text, voice=SynthesizeVoice(name="nobody")).event())
        await listen(client, "nobody", AudioStop)
    async with AsyncClient.from_uri(url) as client:
        await client.write_event(Synthesize(text, voice=joe).event())
        while not AudioChunk.is_type((await client.read_event()).type):
            pass
    tell(type="left")


asyncio.run(main())
