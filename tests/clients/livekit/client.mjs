// LiveKit's own class for its Inference gateway, inference.TTS, with a relay in the gateway's stead.
import { DEFAULT_API_CONNECT_OPTIONS, inference } from "@livekit/agents";

import { KEY, URL, audio, main, note, now } from "./clients.mjs";
import { hear, pause, push, turn } from "./livekit.mjs";

const SECRET = "any-text-of-32-characters-or-more-will-do"; // the relay does not know it

function speaker({ model = "cartesia/sonic-3" } = {}) {
  const options = { sampleRate: 24000 };
  // in docs/clients.md: livekit-js-inference
  return new inference.TTS({
    baseURL: `${URL}/livekit/v1`, apiKey: KEY, apiSecret: SECRET,
    model, voice: "narrator", modelOptions: { add_timestamps: true }, ...options,
  });
  // end
}

await main({
  async speak(text, model = "cartesia/sonic-3") {
    await turn(speaker({ model }), text);
  },

  // A language model that gives three characters at a time.
  async tokens(text) {
    await push(speaker(), text);
  },

  // One turn after the other, which share a socket.
  async turns(...texts) {
    const tts = speaker();
    for (const [number, text] of texts.entries()) await turn(tts, text, `t${number}`);
  },

  // The first turn is interrupted, and the second begins a second later.
  async interrupt(first, second) {
    const tts = speaker();
    const stream = tts.stream();
    stream.pushText(first);
    stream.endInput();
    for await (const event of stream) {
      audio(event.frame.data, "t0");
      break;
    }
    stream.close();
    await pause(1000);
    note(now());
    await turn(tts, second, "t1");
  },

  // At once, where the relay lets the key have one connection only.
  async crowd(first, second) {
    const tts = speaker();
    await Promise.all([turn(tts, first, "t0"), turn(tts, second, "t1")]);
  },

  // The voice is changed in the middle of the turn, after its first sentence.
  async voices(first, second) {
    const tts = speaker();
    const stream = tts.stream();
    let hearing;
    const begun = new Promise((resolve) => (hearing = hear(tts, stream, "", resolve)));
    stream.pushText(first);
    stream.flush();
    await begun;
    tts.updateOptions({ voice: "actor" });
    stream.pushText(second);
    stream.endInput();
    await hearing;
  },

  // The socket is not used for longer than the relay lets others be idle.
  async idle(first, second) {
    const tts = speaker();
    await turn(tts, first, "t0");
    await pause(3000);
    const began = now();
    await turn(tts, second, "t1");
    note(now() - began);
  },

  // A voice that is not there, on a socket that has spoken, and then one that is.
  async wrong_voice(first, second) {
    const tts = speaker();
    await turn(tts, first, "t0");
    tts.updateOptions({ voice: "nobody" });
    await turn(tts, second, "t1", { ...DEFAULT_API_CONNECT_OPTIONS, maxRetry: 1 });
    tts.updateOptions({ voice: "actor" });
    await turn(tts, second, "t2");
  },

  // As agents name a model by a string, and the rest by the environment.
  async model_string(text) {
    Object.assign(process.env, {
      LIVEKIT_INFERENCE_URL: `${URL}/livekit/v1`, LIVEKIT_INFERENCE_API_KEY: KEY, LIVEKIT_INFERENCE_API_SECRET: SECRET,
    });
    const tts = inference.TTS.fromModelString("cartesia/sonic-3:narrator");
    note(tts.sampleRate);
    await turn(tts, text);
  },

  // Without a retry, as all of them would fail.
  async once(text) {
    const tts = speaker();
    const began = now();
    await turn(tts, text, "", { ...DEFAULT_API_CONNECT_OPTIONS, maxRetry: 0 });
    note(now() - began);
  },
});
