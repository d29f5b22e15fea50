"""A Pipecat pipeline that has nothing but a service of speech, and tells what comes out of it.

    async with Bot(service) as bot:
        await bot.reply("t1", text)      # as a language model gives it, token by token; returns once it is spoken
        await bot.begin("t2", text)      # the same, but returns as soon as something is heard
        await bot.interrupt()

A word's time is told as Pipecat has it for its transcript: it has no end.
"""

import asyncio

from clients import audio, ended, tell, words
from pipecat.frames.frames import (
    EndFrame,
    ErrorFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    TTSTextFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.workers.runner import WorkerRunner


class _Listener(FrameProcessor):
    """Stands before or behind the service, and has each frame as it is pushed."""

    def __init__(self, heard):
        super().__init__(enable_direct_mode=True)
        self._heard = heard

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        self._heard(frame)
        await self.push_frame(frame, direction)


class Bot:
    def __init__(self, service, rate=24000):
        self._service = service
        self._rate = rate
        self._turn = ""
        self._length = 0.0  # of the turn's audio so far, in seconds
        self._broken = False  # the turn has met an error
        self._offsets = {}  # where in the turn's audio a context begins
        self._heard = asyncio.Event()
        self._over = asyncio.Event()
        self._started = asyncio.Event()

    async def __aenter__(self):
        pipeline = Pipeline([_Listener(self._before), self._service, _Listener(self._behind)])
        self._worker = PipelineWorker(
            pipeline, params=PipelineParams(audio_out_sample_rate=self._rate), cancel_on_idle_timeout=False, enable_rtvi=False
        )

        @self._worker.event_handler("on_pipeline_started")
        async def _(worker, frame):
            self._started.set()

        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(self._worker)
        self._running = asyncio.create_task(runner.run())
        await asyncio.wait_for(self._started.wait(), 20)
        return self

    async def __aexit__(self, *_):
        await self._worker.queue_frame(EndFrame())
        await asyncio.wait_for(self._running, 20)

    async def begin(self, id, text, whole=True):
        """Has a reply spoken, and returns as soon as it is heard. whole: it ends with the text, else more may come."""
        self._turn, self._length, self._failed = id, 0.0, False
        self._heard.clear()
        self._over.clear()
        await self._worker.queue_frame(LLMFullResponseStartFrame())
        for token in text.split(" "):
            await self._worker.queue_frame(LLMTextFrame(token + " "))
        if whole:
            await self._worker.queue_frame(LLMFullResponseEndFrame())
        await asyncio.wait_for(self._heard.wait(), 40)

    async def reply(self, id, text):
        """Has a reply spoken to its end. That is when the service says so: it may do that after each sentence, so until no more comes.
        An error of the service is an end as well."""
        await self.begin(id, text)
        while not self._failed:
            await asyncio.wait_for(self._over.wait(), 40)
            self._over.clear()
            if self._broken:
                self._heard.clear()  # an error is no sign of more to come
            try:
                await asyncio.wait_for(self._heard.wait(), 1)
            except asyncio.TimeoutError:
                break
        if not self._failed:
            ended(id)

    async def interrupt(self):
        """Does what the caller's speech does. What comes afterwards is told of no turn."""
        await self._worker.queue_frame(InterruptionFrame())
        self._turn = "late"

    def _before(self, frame):
        if isinstance(frame, ErrorFrame):
            tell(id=self._turn, error={"type": "ErrorFrame", "message": str(frame.error), "status": 0})
            self._failed = True
            self._broken = True
            self._heard.set()
            self._over.set()

    def _behind(self, frame):
        match frame:
            case TTSStartedFrame():
                self._offsets.setdefault(frame.context_id, self._length)
            case TTSAudioRawFrame():
                self._offsets.setdefault(frame.context_id, self._length)
                audio(frame.audio, self._turn)
                self._length += len(frame.audio) / 2 / frame.sample_rate
                self._heard.set()
            case TTSTextFrame() if frame.pts and self._service._word_timestamp_tracker.started:
                # Pipecat's clock, less what it has for the beginning of the context's audio.
                start = (frame.pts - self._service._word_timestamp_tracker.pts(0)) / 1e9
                start += self._offsets.get(frame.context_id, 0.0)
                words([(frame.text, start, start)], self._turn)
            case TTSStoppedFrame():
                self._heard.clear()
                self._over.set()
