// LiveKit's plugin for ElevenLabs, with a relay in the vendor's stead.
import { DEFAULT_API_CONNECT_OPTIONS } from "@livekit/agents";
import * as elevenlabs from "@livekit/agents-plugin-elevenlabs";

import { KEY, URL, audio, main, note, now } from "./clients.mjs";
import { hear, pause, push, turn } from "./livekit.mjs";

function speaker(more = {}, at = "prefix") {
  const options = { voiceId: "narrator", encoding: "pcm_24000", ...more };
  if (at === "root") return new elevenlabs.TTS({ baseURL: `${URL}/v1`, apiKey: KEY, ...options });
  // in docs/clients.md: livekit-js-elevenlabs
  return new elevenlabs.TTS({ baseURL: `${URL}/elevenlabs/v1`, apiKey: KEY, ...options });
  // end
}

await main({
  async speak(text, at = "prefix") {
    await turn(speaker({}, at), text);
  },

  // With the voice and the format that the plugin asks for where a program names none: 16-bit samples at 22,050 Hz.
  async usual(text) {
    await turn(speaker({ voiceId: undefined, encoding: undefined }), text);
  },

  async original(text) {
    await turn(speaker({ preferredAlignment: "original" }), text);
  },

  async synthesize(text) {
    const tts = speaker();
    await hear(tts, tts.synthesize(text));
  },

  // A language model that gives three characters at a time.
  async tokens(text) {
    await push(speaker(), text);
  },

  async wordwise(text) {
    await push(speaker({ autoMode: false }), text);
  },

  // One turn after the other, which share a socket.
  async turns(...texts) {
    const tts = speaker();
    for (const [number, text] of texts.entries()) await turn(tts, text, `t${number}`);
  },

  // At once, on one socket.
  async parallel(...texts) {
    const tts = speaker();
    await Promise.all(texts.map((text, number) => turn(tts, text, `t${number}`)));
  },

  // The first turn is interrupted, and the second begins a second later. over: after the end of its text, else while it goes on.
  async interrupt(first, second, over) {
    const tts = speaker();
    const stream = tts.stream();
    stream.pushText(first);
    if (over === "over") stream.endInput();
    for await (const event of stream) {
      audio(event.frame.data, "t0");
      break;
    }
    stream.close();
    await pause(1000);
    await turn(tts, second, "t1");
  },

  // After minutes of silence, on the socket of the first turn.
  async silence(first, second, seconds) {
    const tts = speaker();
    await turn(tts, first, "t0");
    await pause(1000 * Number(seconds));
    await turn(tts, second, "t1");
  },

  // Without a retry, as all of them would fail.
  async once(text) {
    const tts = speaker();
    const began = now();
    await turn(tts, text, "", { ...DEFAULT_API_CONNECT_OPTIONS, maxRetry: 0 });
    note(now() - began);
  },

  async voice(text, id) {
    await turn(speaker({ voiceId: id }), text);
  },
});
