// LiveKit's plugin for OpenAI, with no other option than the address and the key.

import { initializeLogger, tokenize, tts } from "@livekit/agents";
import * as openai from "@livekit/agents-plugin-openai";
import { KEY, URL, audio, ended, failed, main } from "./clients.mjs";

initializeLogger({ pretty: false, level: "warn" });
function client(options = {}) {
  // in docs/clients.md: livekit-js-openai
  return new openai.TTS({ baseURL: `${URL}/openai/v1`, apiKey: KEY, ...options });
  // end
}

async function hear(plugin, stream, id = "") {
  let error;
  plugin.on("error", (event) => (error = event.error));
  for await (const event of stream) {
    if (event === tts.SynthesizeStream.END_OF_STREAM) break;
    audio(event.frame.data, id);
  }
  if (error) failed(error, id);
  else ended(id);
}

const speak = (text, options) => {
  const plugin = client(options);
  return hear(plugin, plugin.synthesize(text));
};

await main({
  // One text.
  speak: (text) => speak(text),

  unknown: (text) => speak(text, { voice: "nobody" }),

  // The text comes in tokens, as of a language model, and is spoken a sentence at a time, as agents do.
  async tokens(text) {
    const plugin = client();
    const stream = new tts.StreamAdapter(plugin, new tokenize.basic.SentenceTokenizer()).stream();
    for (const word of text.split(" ")) stream.pushText(`${word} `);
    stream.endInput();
    await hear(plugin, stream);
  },

  // Turns, one after the other: t0, t1, …
  async turns(...texts) {
    const plugin = client();
    for (const [i, text] of texts.entries()) await hear(plugin, plugin.synthesize(text), `t${i}`);
  },

  // The caller interrupts while the audio comes; then there is another turn. The plugin gives audio only once it has all of it. If it is
  // interrupted before the answer begins, its rejection ends the program.
  async interrupt(text, next) {
    let began;
    const answered = new Promise((done) => (began = done));
    const { fetch } = globalThis;
    globalThis.fetch = async (...asked) => {
      const answer = await fetch(...asked);
      began();
      return answer;
    };
    const plugin = client();
    const abort = new AbortController();
    const stream = plugin.synthesize(text, undefined, abort.signal);
    await answered;
    await new Promise((done) => setTimeout(done, 100));
    abort.abort();
    stream.close();
    await hear(plugin, plugin.synthesize(next), "t2");
  },
});
