# OpenAI's own SDK for Python, with no other option than the address and the key.
import base64
import json

import openai
from clients import KEY, URL, audio, ended, failed, main, note

USUAL = {"model": "gpt-4o-mini-tts", "voice": "narrator"}


def client():
    # in docs/clients.md: openai-python
    return openai.OpenAI(base_url=f"{URL}/openai/v1", api_key=KEY)
    # end


# Reads an answer as it comes.
def hear(client, text, id="", **options):
    try:
        with client.audio.speech.with_streaming_response.create(input=text, **{**USUAL, **options}) as answer:
            note({"type": answer.headers["content-type"], "request": answer.request_id})
            for data in answer.iter_bytes():
                audio(data, id)
        ended(id)
    except Exception as error:  # also of the library beneath, where a body breaks off
        failed(error, id)


def stream(text, format="pcm"):
    hear(client(), text, response_format=format)


# With what the SDK sends by itself.
def usual(text):
    hear(client(), text)


def unknown(text):
    hear(client(), text, voice="nobody", response_format="pcm")


# Waits for the whole answer.
def create(text, format="pcm"):
    try:
        audio(client().audio.speech.create(input=text, response_format=format, **USUAL).read())
        ended()
    except openai.OpenAIError as error:
        failed(error)


# As events, which the SDK hands over as they are.
def events(text):
    with client().audio.speech.with_streaming_response.create(
        input=text, response_format="pcm", stream_format="sse", **USUAL
    ) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                event = json.loads(line.removeprefix("data: "))
                if event["type"] == "speech.audio.delta":
                    audio(base64.b64decode(event["audio"]))
                else:
                    note(event)
    ended()


# Leaves in the middle of an answer.
def leave(text):
    with client().audio.speech.with_streaming_response.create(input=text, response_format="pcm", **USUAL) as answer:
        for data in answer.iter_bytes(4800):
            audio(data)
            break


# Turns of one client, one after the other: t0, t1, …
def turns(*texts):
    with client() as c:
        for i, text in enumerate(texts):
            hear(c, text, f"t{i}", response_format="pcm")


# Another turn while the first is being spoken.
def both(first, second):
    with client().audio.speech.with_streaming_response.create(input=first, response_format="pcm", **USUAL) as answer:
        data = answer.iter_bytes(4800)
        audio(next(data), "t1")
        hear(client(), second, "t2", response_format="pcm")


def lists():
    with client() as c:
        note([model.id for model in c.models.list()])
        note(c.models.retrieve("default").id)
        try:
            c.models.retrieve("whisper-1")
        except openai.OpenAIError as error:
            failed(error)


main(
    {
        "stream": stream, "usual": usual, "unknown": unknown, "create": create, "events": events, "leave": leave, "turns": turns,
        "both": both, "lists": lists,
    }
)
