# Pipecat's service for OpenAI, with no other option than the address and the key. Its voice is the vendor's alloy.
from clients import KEY, URL, main
from pipecat.services.openai.tts import OpenAITTSService
from pipecat_bot import Bot


def service():
    # in docs/clients.md: pipecat-openai
    return OpenAITTSService(base_url=f"{URL}/openai/v1", api_key=KEY)
    # end


async def speak(text):
    async with Bot(service()) as bot:
        await bot.reply("", text)


# Turns, one after the other: t0, t1, …
async def turns(*texts):
    async with Bot(service()) as bot:
        for i, text in enumerate(texts):
            await bot.reply(f"t{i}", text)


async def interrupt(text, next):
    async with Bot(service()) as bot:
        await bot.begin("t1", text)
        await bot.interrupt()
        await bot.reply("t2", next)


main({"speak": speak, "tokens": speak, "turns": turns, "interrupt": interrupt})
