# Pipecat's services for Cartesia, with no other option than the address, the key and a voice.
import asyncio

from clients import KEY, URL, WS, main
from pipecat.services.cartesia.tts import CartesiaHttpTTSService, CartesiaTTSService
from pipecat.services.tts_service import TextAggregationMode
from pipecat_bot import Bot


def service(voice="narrator", **options):
    settings = CartesiaTTSService.Settings(voice=voice)
    # in docs/clients.md: pipecat-cartesia
    return CartesiaTTSService(url=f"{WS}/cartesia/tts/websocket", api_key=KEY, settings=settings, **options)
    # end


async def speak(text):
    async with Bot(service()) as bot:
        await bot.reply("", text)


async def connect():
    async with Bot(service()):
        await asyncio.sleep(1)


# Each token of the language model by itself.
async def tokens(text):
    async with Bot(service(text_aggregation_mode=TextAggregationMode.TOKEN)) as bot:
        await bot.reply("", text)


async def twice(first, second, pause="0"):
    async with Bot(service()) as bot:
        await bot.reply("t1", first)
        await asyncio.sleep(float(pause))
        await bot.reply("t2", second)


async def interrupt(text, next, pause="2"):
    async with Bot(service()) as bot:
        await bot.begin("t1", text)
        await asyncio.sleep(0.5)
        await bot.interrupt()
        await asyncio.sleep(float(pause))
        await bot.reply("t2", next)


# A voice that is not there, and then one that is.
async def unknown(text, next):
    tts = service("nobody")
    async with Bot(tts) as bot:
        await bot.reply("t1", text)
        await asyncio.sleep(1)  # Pipecat has a second error of it: nothing was heard
        tts._settings.voice = "narrator"
        await bot.reply("t2", next)


async def both(first, second):
    async with Bot(service()) as one, Bot(service()) as other:
        await asyncio.gather(one.reply("t1", first), other.reply("t2", second))


# A sentence a request.
async def http(text):
    settings = CartesiaHttpTTSService.Settings(voice="narrator")
    # in docs/clients.md: pipecat-cartesia-http
    service = CartesiaHttpTTSService(base_url=f"{URL}/cartesia", api_key=KEY, settings=settings)
    # end
    async with Bot(service) as bot:
        await bot.reply("", text)


main({"speak": speak, "connect": connect, "tokens": tokens, "twice": twice, "interrupt": interrupt, "unknown": unknown, "both": both, "http": http})
