# ElevenLabs' own SDK for Python, with a relay in the vendor's stead.
import base64

from clients import KEY, URL, audio, ended, failed, main, note, words
from elevenlabs.client import ElevenLabs
from elevenlabs.types import VoiceSettings

FORMAT = "pcm_24000"


def client(at="prefix"):
    if at == "root":
        return ElevenLabs(base_url=URL, api_key=KEY)
    # in docs/clients.md: elevenlabs-python
    return ElevenLabs(base_url=f"{URL}/elevenlabs", api_key=KEY)
    # end


def attempt(play, id=""):
    try:
        play()
        ended(id)
    except Exception as error:
        failed(error, id)


# The whole of a text, as it comes.
def convert(text, at="prefix", format=FORMAT):
    def play():
        for data in client(at).text_to_speech.convert("narrator", text=text, output_format=format):
            audio(data)

    attempt(play)


# Without a format, which means MP3.
def usual(text):
    def play():
        for data in client().text_to_speech.convert("narrator", text=text):
            audio(data)

    attempt(play)


def stream(text):
    def play():
        for data in client().text_to_speech.stream("narrator", text=text, output_format=FORMAT, model_id="eleven_flash_v2_5"):
            audio(data)

    attempt(play)


# Characters with their times, made words of.
def timed(alignment):
    word, start, end = "", 0.0, 0.0
    found = []
    for char, begin, until in zip(
        alignment.characters, alignment.character_start_times_seconds, alignment.character_end_times_seconds, strict=True
    ):
        if char.strip():
            if not word:
                start = begin
            word, end = word + char, until
        elif word:
            found.append((word + " ", start, end))
            word = ""
    return found


def take(part):
    audio(base64.b64decode(part.audio_base_64))
    if part.alignment:
        words(timed(part.alignment))


def stream_timed(text):
    def play():
        for part in client().text_to_speech.stream_with_timestamps("narrator", text=text, output_format=FORMAT):
            take(part)

    attempt(play)


def convert_timed(text):
    attempt(lambda: take(client().text_to_speech.convert_with_timestamps("narrator", text=text, output_format=FORMAT)))


# Text as it comes, over a WebSocket, which the SDK opens by wss alone.
def realtime(text, voice="narrator", speed="1.1"):
    def pieces():
        for word in text.split(" "):
            yield word + " "

    def play():
        for data in client().text_to_speech.convert_realtime(voice, text=pieces(), output_format=FORMAT, voice_settings=VoiceSettings(speed=float(speed))):
            audio(data)

    attempt(play)


# What a program asks before it speaks.
def lists():
    api = client()
    note([(v.voice_id, v.name, v.category) for v in api.voices.search().voices])
    note([v.voice_id for v in api.voices.get_all().voices])
    note([(m.model_id, m.can_do_text_to_speech) for m in api.models.list()])
    note(api.user.get().subscription.status)
    note(api.user.subscription.get().tier)


# Several requests, each of which the relay refuses.
def refusals(text):
    api = client()
    for id, options in {
        "voice": {"voice_id": "nobody", "output_format": FORMAT},
        "format": {"voice_id": "narrator", "output_format": "pcm_11"},
        "model": {"voice_id": "narrator", "output_format": FORMAT, "model_id": "nothing"},
    }.items():
        attempt(lambda options=options: [audio(data, id) for data in api.text_to_speech.stream(text=text, **options)], id)


main({
    "convert": convert, "usual": usual, "stream": stream, "stream_timed": stream_timed, "convert_timed": convert_timed, "realtime": realtime,
    "lists": lists, "refusals": refusals,
})
