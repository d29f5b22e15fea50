// LiveKit's plugin for Cartesia, with no other option than the address, the key and a voice.

import { initializeLogger } from "@livekit/agents";
import * as cartesia from "@livekit/agents-plugin-cartesia";
import { KEY, URL, audio, ended, failed, main, note, now, words } from "./clients.mjs";

initializeLogger({ pretty: false, level: "warn" });

const sleep = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

function plugin(options = {}) {
  // in docs/clients.md: livekit-js-cartesia
  return new cartesia.TTS({ baseUrl: `${URL}/cartesia`, apiKey: KEY, voice: "narrator", ...options });
  // end
}

// hear hears a stream to its end. With a limit in seconds of audio, that is where the caller interrupts.
async function hear(tts, stream, id = "", limit = Infinity) {
  let error, heard = 0;
  const notice = (event) => (error = event.error);
  tts.on("error", notice);
  for await (const event of stream) {
    if (typeof event === "symbol") break;
    audio(event.frame.data, id);
    if (event.timedTranscripts) words(event.timedTranscripts.map((w) => [w.text, w.startTime, w.endTime]), id);
    heard += event.frame.samplesPerChannel / event.frame.sampleRate;
    if (heard >= limit) break;
  }
  tts.off("error", notice);
  if (error) failed(error, id);
  else if (heard < limit) ended(id);
}

function write(stream, text) {
  for (const word of text.split(" ")) stream.pushText(`${word} `);
  stream.endInput();
}

async function turn(tts, text, id = "") {
  const stream = tts.stream();
  write(stream, text);
  await hear(tts, stream, id);
  stream.close();
}

await main({
  speak: (text) => turn(plugin(), text),

  root: (text) => turn(new cartesia.TTS({ baseUrl: URL, apiKey: KEY }), text),

  async slowly(first, second) {
    const tts = plugin();
    const stream = tts.stream();
    const [word, ...rest] = second.split(" ");
    stream.pushText(`${first} ${word} `);
    const heard = hear(tts, stream);
    await sleep(4);
    note({ second: now() });
    stream.pushText(rest.join(" "));
    stream.endInput();
    await heard;
  },

  // The plugin takes a host alone, and speaks https whatever it is told.
  async synthesize(text) {
    const tts = plugin({ baseUrl: URL });
    await hear(tts, tts.synthesize(text));
  },

  async twice(first, second, pause = "0") {
    const tts = plugin();
    await turn(tts, first, "t1");
    await sleep(Number(pause));
    await turn(tts, second, "t2");
  },

  async interrupt(text, next, pause = "2") {
    const tts = plugin();
    const stream = tts.stream();
    write(stream, text);
    await hear(tts, stream, "t1", 0.5);
    stream.close();
    await sleep(Number(pause));
    await turn(tts, next, "t2");
  },

  both: (first, second) => Promise.all([turn(plugin(), first, "t1"), turn(plugin(), second, "t2")]),

  // One attempt alone, so that it shows how long that takes.
  async once(text, voice = "narrator") {
    const tts = plugin({ voice });
    const stream = tts.stream({ connOptions: { maxRetry: 0, retryIntervalMs: 2000, timeoutMs: 10000 } });
    note({ began: now() });
    write(stream, text);
    await hear(tts, stream);
  },

  // An older version of the protocol.
  version: (text) => turn(plugin({ apiVersion: "2024-11-13", model: "sonic-2-2025-03-07", speed: "normal" }), text),
});
