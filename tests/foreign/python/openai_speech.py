"""Speaks by OpenAI's own client: python openai_speech.py BASE KEY TEXT. A line of JSON is what it noticed."""

import base64
import json
import sys

import openai

base, key, text = sys.argv[1:]
client = openai.OpenAI(base_url=base, api_key=key, max_retries=0)


def tell(**message):
    print(json.dumps({"message": message}), flush=True)


def speak(name, **options):
    """Speaks into a file, as the bytes come."""
    request = {"model": "tts-1", "voice": "alloy", "input": text, "response_format": "pcm"} | options
    try:
        with client.audio.speech.with_streaming_response.create(**request) as answer:
            with open(name, "wb") as file:
                for chunk in answer.iter_bytes():
                    file.write(chunk)
            tell(type="whole", name=name, content=answer.headers["content-type"], request=answer.headers["x-request-id"])
    except openai.APIStatusError as refusal:
        tell(type=type(refusal).__name__, name=name, status=refusal.status_code, code=refusal.code)
    except Exception as broken:  # the client's own, or its HTTP library's
        tell(type=type(broken).__name__, name=name)


speak("samples")
speak("file", response_format="wav")
speak("events", stream_format="sse", model="gpt-4o-mini-tts", instructions="Be calm.")
with open("events", "rb") as file, open("delta", "wb") as samples:
    for line in file:
        if not line.startswith(b"data: {"):
            continue
        event = json.loads(line.removeprefix(b"data: "))
        if event["type"] == "speech.audio.delta":
            samples.write(base64.b64decode(event["audio"]))
        else:
            tell(**event)
speak("nobody", voice="nobody")
try:
    tell(type="models", names=[model.id for model in client.models.list()])
except openai.NotFoundError:
    tell(type="models", names=[])
