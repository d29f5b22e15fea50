// Turns that LiveKit's classes speak, and what comes out of them.
//
// import { hear, pause, push, turn } from "./livekit.mjs";

import { initializeLogger, tts as base } from "@livekit/agents";

import { audio, ended, failed, note, now, words } from "./clients.mjs";

initializeLogger({ pretty: false, level: "warn" });

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// hear tells all of a stream. Errors are told by the speaker, not by the stream. begun is called with each audio.
export async function hear(speaker, stream, id = "", begun = () => {}) {
  let broken;
  const notice = ({ error, recoverable }) => {
    note({ recoverable, error: error.message, at: now() });
    if (!recoverable) broken = error;
  };
  speaker.on("error", notice);
  for await (const event of stream) {
    if (event === base.SynthesizeStream.END_OF_STREAM) continue;
    audio(event.frame.data, id);
    begun();
    if (event.timedTranscripts) words(event.timedTranscripts.map((w) => [w.text, w.startTime, w.endTime]), id);
  }
  await pause(20); // the error comes after the stream's end
  speaker.off("error", notice);
  if (broken) failed(broken, id);
  else ended(id);
}

// turn speaks a text that is there at once.
export async function turn(speaker, text, id = "", connOptions = undefined) {
  const stream = speaker.stream(connOptions ? { connOptions } : undefined);
  stream.pushText(text);
  stream.endInput();
  await hear(speaker, stream, id);
}

// push speaks a text of a language model that gives three characters at a time.
export async function push(speaker, text) {
  const stream = speaker.stream();
  const pushing = (async () => {
    for (let at = 0; at < text.length; at += 3) {
      stream.pushText(text.slice(at, at + 3));
      await pause(5);
    }
    stream.endInput();
  })();
  await hear(speaker, stream);
  await pushing;
}
