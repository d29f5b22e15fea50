# LiveKit's plugin for OpenAI, with no other option than the address and the key.
import asyncio

from clients import KEY, URL, audio, ended, failed, main, note
from livekit.agents import tokenize, tts
from livekit.plugins import openai


def client(**options):
    # in docs/clients.md: livekit-python-openai
    return openai.TTS(base_url=f"{URL}/openai/v1", api_key=KEY, **options)
    # end


async def hear(stream, id=""):
    try:
        async with stream:
            async for event in stream:
                audio(event.frame.data.tobytes(), id)
        ended(id)
    except Exception as error:
        failed(error, id)


# One text.
async def speak(text, **options):
    plugin = client(**options)
    note({"rate": plugin.sample_rate})
    await hear(plugin.synthesize(text))
    await plugin.aclose()


# With the format that versions before 1.8 need.
async def pcm(text):
    await speak(text, response_format="pcm")


async def unknown(text):
    await speak(text, voice="nobody")


# The text comes in tokens, as of a language model, and is spoken a sentence at a time, as agents do.
async def tokens(text):
    plugin = client()
    agent = tts.StreamAdapter(tts=plugin, sentence_tokenizer=tokenize.blingfire.SentenceTokenizer())
    stream = agent.stream()

    async def write():
        for word in text.split(" "):
            stream.push_text(word + " ")
            await asyncio.sleep(0.01)
        stream.end_input()

    writing = asyncio.create_task(write())
    await hear(stream)
    await writing
    await agent.aclose()
    await plugin.aclose()


# Turns, one after the other: t0, t1, … Before them the plugin opens a connection, as agents have it do.
async def turns(*texts):
    plugin = client()
    plugin.prewarm()
    await asyncio.sleep(0.5)
    for i, text in enumerate(texts):
        await hear(plugin.synthesize(text), f"t{i}")
    await plugin.aclose()


# The caller interrupts as soon as something is heard; then there is another turn.
async def interrupt(text, next):
    plugin = client()
    stream = plugin.synthesize(text)
    async for event in stream:
        audio(event.frame.data.tobytes(), "t1")
        break
    await stream.aclose()
    await hear(plugin.synthesize(next), "t2")
    await plugin.aclose()


main({"speak": speak, "pcm": pcm, "unknown": unknown, "tokens": tokens, "turns": turns, "interrupt": interrupt})
