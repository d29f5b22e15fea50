"""Uplift's plain WebSocket as its own clients use it: two requests at once, told apart by their ids.

python3 uplift.py URL KEY
"""

import base64
import json

from line import connect, run, tell

VOICE = "v_meklc281"


async def main(base, key):
    texts = {"r1": "One two three four five six.", "r2": "Seven eight nine ten eleven twelve."}
    audio = {request: bytearray() for request in texts}
    async with connect(f"{base}/v1/text-to-speech/multi-stream", bearer=key) as ws:
        async for message in ws:
            data = json.loads(message)
            tell(message=data)
            if data["type"] == "ready":
                for request, text in texts.items():
                    await ws.send(json.dumps({
                        "type": "synthesize", "requestId": request, "text": text,
                        "voiceId": VOICE, "outputFormat": "PCM_22050_16",
                    }))
            elif data["type"] == "audio":
                audio[data["requestId"]].extend(base64.b64decode(data["audio"]))
            elif data["type"] in ("audio_end", "error"):
                texts.pop(data.get("requestId"), None)
                if not texts:
                    break
    for request, samples in audio.items():
        with open(f"{request}.pcm", "wb") as f:
            f.write(samples)


run(main)
