// Speaks a text by the relay's own protocol over HTTP, as lines.

import { KEY, URL, audio, ended, failed, main, note, words } from "./clients.mjs";

const post = (body, accept) =>
  fetch(`${URL}/v1/speech`, {
    method: "POST",
    headers: { Authorization: `Bearer ${KEY}`, Accept: accept, "Content-Type": "application/json" },
    body: JSON.stringify({ ...body, output: { encoding: "pcm_s16le", sample_rate: 24000 } }),
  });

await main({
  async speak(text, route = "default") {
    const answer = await post({ text, route, word_timestamps: true }, "application/x-ndjson");
    if (!answer.ok) {
      failed({ message: await answer.text(), status: answer.status });
      return;
    }
    for (const line of (await answer.text()).trim().split("\n")) {
      const message = JSON.parse(line);
      if (message.type === "audio") audio(Buffer.from(message.audio, "base64"));
      if (message.type === "timestamps") words(message.words.map((w) => [w.word, w.start_ms / 1000, w.end_ms / 1000]));
      if (message.type === "done") note(message.reason);
    }
    ended();
  },

  // Leaves in the middle of an answer.
  async leave(text) {
    const answer = await post({ text }, "audio/pcm");
    for await (const data of answer.body) {
      audio(data);
      break;
    }
  },

  // Imports what the clients' tests need.
  async load() {
    for (const name of [
      "@cartesia/cartesia-js", "@deepgram/sdk", "@elevenlabs/elevenlabs-js", "@livekit/agents", "@livekit/agents-plugin-cartesia",
      "@livekit/agents-plugin-deepgram", "@livekit/agents-plugin-elevenlabs", "@livekit/agents-plugin-openai", "openai", "ws",
    ]) {
      await import(name);
    }
    console.log("not told");
    console.warn("told", "once");
    const { initializeLogger, log } = await import("@livekit/agents");
    initializeLogger({ pretty: false, level: "warn" });
    log().info("not told");
    log().warn("told twice");
    note("loaded");
  },
});
