# Cartesia's SDK. A WebSocket is wss unless it is told an address.
import asyncio

from cartesia import AsyncCartesia, Cartesia
from clients import KEY, URL, WS, audio, ended, failed, main, note, words

RAW = {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24000}
VOICE = {"mode": "id", "id": "narrator"}


def client(Cartesia=Cartesia):  # or AsyncCartesia
    # in docs/clients.md: cartesia-python
    return Cartesia(base_url=f"{URL}/cartesia", websocket_base_url=f"{WS}/cartesia", api_key=KEY)
    # end


# Tells an event of a context, or of an answer.
def tell(event, id=""):
    if event.type == "chunk":
        audio(event.audio, id)
    elif event.type == "timestamps":
        timed = event.word_timestamps
        words(zip(timed.words, timed.start, timed.end), id)
    elif event.type == "done":
        ended(id)
    elif event.type == "error":
        note({"id": id, "title": event.title, "message": event.message, "code": event.error_code, "status": event.status_code})
        failed(Exception(event.title), id)
    else:
        note(event.type)


def speak(text, container="raw", voice="narrator"):
    format = {"raw": RAW, "wav": {**RAW, "container": "wav", "encoding": "pcm_f32le"}, "mp3": {"container": "mp3", "sample_rate": 44100, "bit_rate": 128000}}
    try:
        with client() as api:
            answer = api.tts.generate(model_id="sonic-latest", transcript=text, voice={"mode": "id", "id": voice}, output_format=format[container])
            note(answer.headers["content-type"])
            for data in answer.iter_bytes():
                audio(data)
        ended()
    except Exception as error:
        failed(error)


def events(text):
    with client() as api:
        for event in api.tts.generate_sse(
            model_id="sonic-latest", transcript=text, voice=VOICE, output_format=RAW, add_timestamps=True, context_id="c"
        ):
            tell(event)


# A context that gets its text in pieces, with a flush between.
async def context(first, second, voice="narrator"):
    async with client(AsyncCartesia) as api, api.tts.websocket_connect() as connection:
        context = connection.context(model_id="sonic-latest", voice=voice, output_format=RAW, add_timestamps=True)
        for word in first.split(" "):
            await context.push(word + " ")
        await context.push("", flush=True)
        await context.push(second)
        await context.no_more_inputs()
        async for event in context.receive():
            tell(event)


# Two contexts at once on a connection.
async def parallel(first, second):
    async with client(AsyncCartesia) as api, api.tts.websocket_connect() as connection:

        async def one(id, text):
            context = connection.context(id, model_id="sonic-latest", voice=VOICE, output_format=RAW, add_timestamps=True)
            await context.push(text)
            await context.no_more_inputs()
            async for event in context.receive():
                tell(event, id)

        await asyncio.gather(one("t1", first), one("t2", second))


# A context is cancelled once something was heard, and there is another on the connection.
async def cancel(text, next):
    async with client(AsyncCartesia) as api, api.tts.websocket_connect() as connection:
        context = connection.context(model_id="sonic-latest", voice=VOICE, output_format=RAW)
        await context.push(text)
        await context.no_more_inputs()
        async for event in context.receive():
            if event.type == "chunk":
                audio(event.audio, "t1")
                break
        await context.cancel()
        context = connection.context(model_id="sonic-latest", voice=VOICE, output_format=RAW)
        await context.push(next)
        await context.no_more_inputs()
        async for event in context.receive():
            tell(event, "t2")


# The whole text at once, by the interface of the SDK's second version.
def old(text):
    with client() as api:
        connection = api.tts.websocket()
        said = connection.send(model_id="sonic-2", transcript=text, voice=VOICE, output_format=RAW, stream=False, add_timestamps=True)
        audio(said.audio)
        timed = said.word_timestamps
        words(zip(timed["words"], timed["start"], timed["end"]))
        connection.close()
    ended()


def voices():
    with client() as api:
        note([voice.id for voice in api.voices.list(limit=1)])
        note(api.voices.get("narrator").name)


main({
    "speak": speak, "events": events, "context": context, "parallel": parallel, "cancel": cancel, "old": old, "voices": voices,
})
