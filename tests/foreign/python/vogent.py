"""Vogent's sample: a generation in two pieces, written into a WAV file. Its key is in the address.

python3 vogent.py URL KEY
"""

import base64
import json
import uuid
import wave

from line import connect, run, tell

VOICE = "36b87413-6d7b-421d-8745-bc0897770d1e"
RATE = 24000


async def main(base, key):
    generation = f"gen_{uuid.uuid4()}"
    async with connect(f"{base}/api/tts/websocket?apiKey={key}") as ws:
        common = {"generationId": generation, "voiceId": VOICE, "cancel": False}
        await ws.send(json.dumps({**common, "text": "Hello! One two three.", "finalText": False, "sampleRate": RATE}))
        await ws.send(json.dumps({**common, "text": " Four five six.", "finalText": True}))
        with wave.open("output.wav", "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE)
            async for message in ws:
                data = json.loads(message)
                tell(message=data)
                if data["type"] == "chunk" and data["generationId"] == generation:
                    out.writeframesraw(base64.b64decode(data["audio"]))
                elif data["type"] in ("finished", "error"):
                    break


run(main)
