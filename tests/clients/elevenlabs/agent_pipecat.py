# Pipecat's services for ElevenLabs, with no other option than the address, the key and a voice.
import asyncio

import aiohttp
from clients import KEY, URL, WS, main, note, now
from pipecat.services.elevenlabs.tts import ElevenLabsHttpTTSService, ElevenLabsTTSService
from pipecat.services.tts_service import TextAggregationMode
from pipecat_bot import Bot


def service(voice="narrator", at="prefix", **options):
    settings = ElevenLabsTTSService.Settings(voice=voice)
    if at == "root":
        return ElevenLabsTTSService(url=WS, api_key=KEY, settings=settings, **options)
    # in docs/clients.md: pipecat-elevenlabs
    return ElevenLabsTTSService(url=f"{WS}/elevenlabs", api_key=KEY, settings=settings, **options)
    # end


async def speak(text, at="prefix"):
    async with Bot(service(at=at)) as bot:
        await bot.reply("", text)
        began = now()
    note(now() - began)  # how long the goodbye took


# Each token of the language model by itself.
async def tokens(text):
    async with Bot(service(text_aggregation_mode=TextAggregationMode.TOKEN)) as bot:
        await bot.reply("", text)


# At the rate of telephones, and of one that the vendor has not.
async def rates(text, rate):
    async with Bot(service(), rate=int(rate)) as bot:
        await bot.reply("", text)


async def twice(first, second, pause="0"):
    async with Bot(service()) as bot:
        await bot.reply("t1", first)
        await asyncio.sleep(float(pause))
        await bot.reply("t2", second)


# when: "over", after the end of the text, or "on", while it goes on.
async def interrupt(text, next, when):
    async with Bot(service()) as bot:
        await bot.begin("t1", text, whole=when == "over")
        await asyncio.sleep(0.5)
        await bot.interrupt()
        await asyncio.sleep(2)
        await bot.reply("t2", next)


# Without a turn: Pipecat connects as soon as its pipeline starts.
async def connect(voice):
    async with Bot(service(voice)):
        pass


# A turn that nobody can speak, and then another.
async def hopeless(first, second):
    async with Bot(service()) as bot:
        began = now()
        await bot.reply("t1", first)
        note(now() - began)
        await asyncio.sleep(3)
        await bot.reply("t2", second)


# A sentence a request.
async def http(text):
    async with aiohttp.ClientSession() as session:
        settings = ElevenLabsHttpTTSService.Settings(voice="narrator")
        # in docs/clients.md: pipecat-elevenlabs-http
        tts = ElevenLabsHttpTTSService(base_url=f"{URL}/elevenlabs", api_key=KEY, aiohttp_session=session, settings=settings)
        # end
        async with Bot(tts) as bot:
            await bot.reply("", text)


main({
    "speak": speak, "tokens": tokens, "rates": rates, "twice": twice, "interrupt": interrupt, "connect": connect, "hopeless": hopeless,
    "http": http,
})
