# Speaks a text by the relay's own protocol over HTTP, as lines. The library is one that the pinned packages use.
import base64
import json

import httpx

from clients import KEY, URL, audio, ended, failed, main, note, words


def speak(text, route="default"):
    body = {"text": text, "route": route, "word_timestamps": True, "output": {"encoding": "pcm_s16le", "sample_rate": 24000}}
    headers = {"Authorization": f"Bearer {KEY}", "Accept": "application/x-ndjson"}
    try:
        with httpx.Client(timeout=60) as client, client.stream("POST", f"{URL}/v1/speech", json=body, headers=headers) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines():
                message = json.loads(line)
                match message["type"]:
                    case "audio":
                        audio(base64.b64decode(message["audio"]))
                    case "timestamps":
                        words((w["word"], w["start_ms"] / 1000, w["end_ms"] / 1000) for w in message["words"])
                    case "done":
                        note(message["reason"])
        ended()
    except httpx.HTTPError as error:
        failed(error)


# Leaves in the middle of an answer.
def leave(text):
    headers = {"Authorization": f"Bearer {KEY}"}
    body = {"text": text, "output": {"encoding": "pcm_s16le", "sample_rate": 24000}}
    with httpx.Client(timeout=60) as client, client.stream("POST", f"{URL}/v1/speech", json=body, headers=headers) as answer:
        for data in answer.iter_raw():
            audio(data)
            break


# Imports what the clients' tests need.
def load():
    import cartesia  # noqa: F401
    import deepgram  # noqa: F401
    import elevenlabs  # noqa: F401
    import livekit.agents  # noqa: F401
    import livekit.plugins.cartesia  # noqa: F401
    import livekit.plugins.deepgram  # noqa: F401
    import livekit.plugins.elevenlabs  # noqa: F401
    import livekit.plugins.openai  # noqa: F401
    import openai  # noqa: F401
    import pipecat.pipeline.runner  # noqa: F401
    import pipecat.services.cartesia.tts  # noqa: F401
    import pipecat.services.deepgram.tts  # noqa: F401
    import pipecat.services.elevenlabs.tts  # noqa: F401
    import pipecat.services.openai.tts  # noqa: F401

    logging_test()
    note("loaded")


def logging_test():
    import logging

    import loguru

    logging.getLogger("some.library").info("not told")
    logging.getLogger("some.library").warning("told %s", "once")
    loguru.logger.info("not told")
    loguru.logger.warning("told twice")


main({"speak": speak, "leave": leave, "load": load})
