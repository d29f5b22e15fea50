# Pipecat's service for Cartesia, with no other option than the address, the key and a voice.
import asyncio

from clients import KEY, URL, WS, main
from pipecat.services.cartesia.tts import CartesiaHttpTTSService, CartesiaTTSService
from pipecat.services.tts_service import TextAggregationMode
from pipeline import turns


def service(voice="narrator", **options):
    settings = CartesiaTTSService.Settings(voice=voice)
    return CartesiaTTSService(url=f"{WS}/cartesia/tts/websocket", api_key=KEY, settings=settings, **options)


async def speak(text):
    await turns(service(), lambda say, _: say("", text))


# Each token of the language model by itself.
async def tokens(text):
    await turns(service(text_aggregation_mode=TextAggregationMode.TOKEN), lambda say, _: say("", text))


async def twice(first, second, pause="0"):
    async def story(say, _):
        await say("t1", first)
        await asyncio.sleep(float(pause))
        await say("t2", second)

    await turns(service(), story)


async def interrupt(text, next, pause="2"):
    async def story(say, interrupt):
        await say("t1", text, open=True)
        await asyncio.sleep(0.5)
        await interrupt()
        await asyncio.sleep(float(pause))
        await say("t2", next)

    await turns(service(), story)


async def unknown(text, next):
    tts = service("nobody")

    async def story(say, _):
        await say("t1", text)
        await say("t2", next)

    await turns(tts, story)


# A sentence a request.
async def http(text):
    settings = CartesiaHttpTTSService.Settings(voice="narrator")
    await turns(CartesiaHttpTTSService(base_url=f"{URL}/cartesia", api_key=KEY, settings=settings), lambda say, _: say("", text))


main({"speak": speak, "tokens": tokens, "twice": twice, "interrupt": interrupt, "unknown": unknown, "http": http})
