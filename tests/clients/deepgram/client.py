# What speaks to Deepgram in Python: LiveKit's TTS and TTSv2, Pipecat's three services, and the vendor's own SDK, with a relay in the
# vendor's stead. The first argument of a story says which; what each of them is given is in the table at the end.
import asyncio
import contextlib
import json

import aiohttp

from clients import KEY, URL, WS, audio, ended, failed, main, note, now

RATE = 24000


# LiveKit


def plugin(version, **options):
    from livekit.plugins import deepgram

    if version == "v2":
        # in docs/clients.md: livekit-python-deepgram-flux
        return deepgram.TTSv2(base_url=f"{URL}/deepgram/v2/speak", api_key=KEY, model="narrator", **options)
        # end
    # in docs/clients.md: livekit-python-deepgram
    return deepgram.TTS(base_url=f"{URL}/deepgram/v1/speak", api_key=KEY, model="narrator", **options)
    # end


@contextlib.asynccontextmanager
async def livekit(version):
    async with aiohttp.ClientSession() as session:
        tts = plugin(version, sample_rate=RATE, http_session=session)
        tts.on("error", lambda e: note({"recoverable": e.recoverable, "error": str(e.error), "at": now()}))
        yield tts
        await tts.aclose()


async def hear(stream, id=""):
    try:
        async for event in stream:
            audio(event.frame.data, id)
        ended(id)
    except Exception as error:
        failed(error, id)


async def livekit_turn(tts, text, id="", options=None, pause=0.0):
    stream = tts.stream(conn_options=options) if options else tts.stream()
    async with stream:

        async def push():
            for at in range(0, len(text), 3):
                stream.push_text(text[at : at + 3])
                await asyncio.sleep(pause)
            stream.end_input()

        pushing = asyncio.create_task(push())
        await hear(stream, id)
        await pushing


class LiveKit:
    def __init__(self, version):
        self.version = version

    async def turns(self, *texts, pause=0.0):
        async with livekit(self.version) as tts:
            for number, text in enumerate(texts):
                await livekit_turn(tts, text, f"t{number}", pause=pause)
                note(tts._pool.last_connection_reused)

    # A language model that takes two seconds for a text.
    async def slowly(self, text):
        await self.turns(text, pause=2 * 3 / len(text))

    # The first turn is interrupted, and the second begins a second later.
    async def interrupt(self, first, second):
        async with livekit(self.version) as tts:
            stream = tts.stream()
            stream.push_text(first)
            stream.end_input()
            async for event in stream:
                audio(event.frame.data, "t0")
                break
            await stream.aclose()
            await asyncio.sleep(1)
            await livekit_turn(tts, second, "t1")

    # Without a retry, as all of them would fail.
    async def once(self, text):
        from livekit.agents import APIConnectOptions

        async with livekit(self.version) as tts:
            began = now()
            await livekit_turn(tts, text, options=APIConnectOptions(max_retry=0))
            note(now() - began)

    async def post(self, text):
        async with livekit(self.version) as tts:
            await hear(tts.synthesize(text))

    # At once, where the relay lets the key have one connection only.
    async def crowd(self, first, second):
        async with livekit(self.version) as tts:
            await asyncio.gather(livekit_turn(tts, first, "t0"), livekit_turn(tts, second, "t1"))


# Pipecat


class Pipecat:
    def __init__(self, kind):
        self.kind = kind

    def service(self, session):
        from pipecat.services.deepgram.flux.tts import DeepgramFluxTTSService
        from pipecat.services.deepgram.tts import DeepgramHttpTTSService, DeepgramTTSService

        match self.kind:
            case "socket":
                settings = DeepgramTTSService.Settings(voice="narrator")
                # in docs/clients.md: pipecat-deepgram
                service = DeepgramTTSService(base_url=f"{WS}/deepgram", api_key=KEY, settings=settings)
                # end
            case "flux":
                settings = DeepgramFluxTTSService.Settings(voice="narrator")
                # in docs/clients.md: pipecat-deepgram-flux
                service = DeepgramFluxTTSService(url=f"{WS}/deepgram/v2/speak", api_key=KEY, settings=settings)
                # end
            case "http":
                settings = DeepgramHttpTTSService.Settings(voice="narrator")
                # in docs/clients.md: pipecat-deepgram-http
                return DeepgramHttpTTSService(base_url=f"{URL}/deepgram", api_key=KEY, aiohttp_session=session, settings=settings)
                # end

        @service.event_handler("on_connection_error")
        async def _(service, error):
            note({"connection": str(error)})

        return service

    @contextlib.asynccontextmanager
    async def bot(self):
        from pipecat_bot import Bot

        async with aiohttp.ClientSession() as session, Bot(self.service(session), RATE) as bot:
            yield bot

    async def turns(self, *texts):
        async with self.bot() as bot:
            for number, text in enumerate(texts):
                await bot.reply(f"t{number}", text)

    async def interrupt(self, first, second):
        async with self.bot() as bot:
            await bot.begin("t0", first)
            await bot.interrupt()
            await asyncio.sleep(0.2)
            await bot.reply("t1", second)

    # The last turn begins a minute later, when the relay's limit lets one more pass.
    async def later(self, *texts):
        async with self.bot() as bot:
            for number, text in enumerate(texts):
                if number == len(texts) - 1:
                    await asyncio.sleep(60)
                await bot.reply(f"t{number}", text)

    # Comes up, and says why if it can't.
    async def connect(self):
        async with self.bot():
            await asyncio.sleep(0.2)


# The vendor's SDK


def sdk():
    from deepgram import DeepgramClient
    from deepgram.environment import DeepgramClientEnvironment

    # in docs/clients.md: deepgram-python
    base, sockets = f"{URL}/deepgram", f"{WS}/deepgram"
    relay = DeepgramClientEnvironment(base=base, production=sockets, agent=sockets, agent_rest=base)
    return DeepgramClient(environment=relay, api_key=KEY)
    # end


class Aura:
    ends = "Flushed"

    def connect(self):
        return sdk().speak.v1.connect(model="narrator", encoding="linear16", sample_rate=RATE)

    def say(self, socket, text):
        from deepgram.speak.v1.types import SpeakV1Text

        socket.send_text(SpeakV1Text(type="Speak", text=text))

    # hear tells what comes until a message of a kind, and returns that.
    def hear(self, socket, id="", until=None, audio_only=False):
        until = until or self.ends
        while True:
            message = socket.recv()
            if isinstance(message, bytes):
                audio(message, id)
                if audio_only:
                    return None
                continue
            note(json.loads(message.json()))
            if message.type == "Error":
                failed(Exception(message.description), id)
            elif message.type == until:
                return message

    def turns(self, *texts):
        try:
            with self.connect() as socket:
                for number, text in enumerate(texts):
                    for word in text.split(" "):
                        self.say(socket, word + " ")
                    socket.send_flush()
                    self.hear(socket, f"t{number}")
                    ended(f"t{number}")
                socket.send_close()
                for message in socket:
                    note(json.loads(message.json()))
        except Exception as error:
            failed(error)

    def once(self, text):
        self.turns(text)

    def interrupt(self, first, second):
        with self.connect() as socket:
            self.say(socket, first)
            socket.send_flush()
            self.hear(socket, "t0", audio_only=True)
            self.stop(socket)
            self.say(socket, second)
            socket.send_flush()
            self.hear(socket, "t1")
            ended("t1")

    def stop(self, socket):
        socket.send_clear()
        self.hear(socket, "t0", until="Cleared")

    def post(self, text):
        try:
            for data in sdk().speak.v1.audio.generate(
                text=text, model="narrator", encoding="linear16", container="none", sample_rate=RATE
            ):
                audio(data)
            ended()
        except Exception as error:
            failed(error)

    # Without any setting, which is the vendor's own default, or in an encoding.
    def encoded(self, text, *encoding):
        try:
            settings = {"encoding": encoding[0], "model": "narrator"} if encoding else {}
            for data in sdk().speak.v1.audio.generate(text=text, **settings):
                audio(data)
            ended()
        except Exception as error:
            failed(error)


class Flux(Aura):
    ends = "SpeechMetadata"

    def connect(self):
        return sdk().speak.v2.connect(model="narrator", encoding="linear16", sample_rate=RATE)

    def say(self, socket, text):
        from deepgram.speak.v2.types import SpeakV2Speak

        socket.send_speak(SpeakV2Speak(text=text))

    def stop(self, socket):
        from deepgram.speak.v2.types import SpeakV2Interrupt, SpeakV2InterruptPlaybackOffset

        socket.send_interrupt(SpeakV2Interrupt(playback_offset=SpeakV2InterruptPlaybackOffset(type="time_ms", value=1500)))
        self.hear(socket, "t0", until="SpeechInterrupted")

    # A turn is interrupted once so much of it has come, and was played.
    def played(self, text, ms):
        from deepgram.speak.v2.types import SpeakV2Configure, SpeakV2Interrupt, SpeakV2InterruptPlaybackOffset

        with self.connect() as socket:
            socket.send_configure(SpeakV2Configure(speed=1.0))
            self.say(socket, text)
            socket.send_flush()
            come = 0
            while come < int(ms) * RATE // 500:
                message = socket.recv()
                if isinstance(message, bytes):
                    audio(message, "t0")
                    come += len(message)
            offset = SpeakV2InterruptPlaybackOffset(type="time_ms", value=int(ms))
            socket.send_interrupt(SpeakV2Interrupt(playback_offset=offset))
            self.hear(socket, "t0", until="SpeechInterrupted")

    def post(self, text):
        try:
            for data in sdk().speak.v2.audio.generate(
                text=text, model="narrator", encoding="linear16", container="none", sample_rate=RATE
            ):
                audio(data)
            ended()
        except Exception as error:
            failed(error)


clients = {
    "livekit-v1": LiveKit("v1"),
    "livekit-v2": LiveKit("v2"),
    "pipecat": Pipecat("socket"),
    "pipecat-flux": Pipecat("flux"),
    "pipecat-http": Pipecat("http"),
    "sdk-v1": Aura(),
    "sdk-v2": Flux(),
}

main({name: lambda story, *args, client=client: getattr(client, story)(*args) for name, client in clients.items()})
