"""Together's sample: text is typed while its audio comes. As in the vendor's, only the vendor ends it.

python3 together.py URL KEY
"""

import asyncio
import base64
import json

from line import connect, run, tell

TYPING = 0.05  # seconds between texts


async def main(base, key):
    # The vendor's own pair of model and voice, slash and all.
    url = f"{base}/v1/audio/speech/websocket?model=hexgrad/Kokoro-82M&voice=tara"
    async with connect(url, bearer=key) as ws:
        created = json.loads(await ws.recv())
        tell(message=created)
        if created["type"] != "session.created":
            return

        async def send_text():
            for text in ["Hello, this is a test.", "This is the second sentence.", "And this is the final one."]:
                await ws.send(json.dumps({"type": "input_text_buffer.append", "text": text}))
                await asyncio.sleep(TYPING)
            await ws.send(json.dumps({"type": "input_text_buffer.commit"}))

        async def receive_audio():
            audio = bytearray()
            async for message in ws:
                data = json.loads(message)
                tell(message=data)
                if data["type"] == "conversation.item.audio_output.delta":
                    audio.extend(base64.b64decode(data["delta"]))
                elif data["type"] == "conversation.item.tts.failed":
                    break
            with open("output.wav", "wb") as f:
                f.write(audio)

        await asyncio.gather(send_text(), receive_audio())


run(main)
