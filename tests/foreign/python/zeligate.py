"""Zeligate's sample: BOS with the key, text in parts, EOS, and audio up to the final frame.

python3 zeligate.py URL KEY FORMAT
"""

import base64
import json

from line import connect, run, tell

VOICE = "zeli-voice-1"


async def main(base, key, output_format):
    url = f"{base}/v1/text-to-speech/{VOICE}/stream-input?output_format={output_format}"
    async with connect(url) as ws:
        await ws.send(json.dumps({
            "text": " ",
            "voice_settings": {"stability": 0.5, "style": 0.3},
            "generation_config": {"chunk_length_schedule": [120, 160, 250, 290]},
            "authorization": f"Bearer {key}",
        }))
        for part in ["Hello there. ", "This streams as I type. "]:
            await ws.send(json.dumps({"text": part}))
        await ws.send(json.dumps({"text": ""}))
        with open("output", "wb") as f:
            while True:
                data = json.loads(await ws.recv())
                tell(message=data)
                if data.get("audio"):
                    f.write(base64.b64decode(data["audio"]))
                if data.get("isFinal") or "audio" not in data:
                    break  # the vendor's would wait on behind an error, which it does not know


run(main)
