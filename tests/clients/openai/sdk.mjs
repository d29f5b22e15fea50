// OpenAI's own SDK for JavaScript, with no other option than the address and the key.

import OpenAI from "openai";
import { KEY, URL, audio, ended, failed, main, note } from "./clients.mjs";

// in docs/clients.md: openai-js
const client = new OpenAI({ baseURL: `${URL}/openai/v1`, apiKey: KEY });
// end
const usual = { model: "gpt-4o-mini-tts", voice: "narrator" };

// hear reads an answer as it comes.
async function hear(text, id = "", options = {}) {
  try {
    const answer = await client.audio.speech.create({ ...usual, input: text, ...options });
    note({ type: answer.headers.get("content-type"), request: answer.headers.get("x-request-id") });
    for await (const data of answer.body) audio(data, id);
    ended(id);
  } catch (error) {
    failed(error, id);
  }
}

await main({
  stream: (text, format = "pcm") => hear(text, "", { response_format: format }),

  // With what the SDK sends by itself.
  usual: (text) => hear(text),

  unknown: (text) => hear(text, "", { voice: "nobody", response_format: "pcm" }),

  // Waits for the whole answer.
  async create(text, format = "pcm") {
    try {
      const answer = await client.audio.speech.create({ ...usual, input: text, response_format: format });
      audio(await answer.arrayBuffer());
      ended();
    } catch (error) {
      failed(error);
    }
  },

  // As events, which the SDK hands over as they are.
  async events(text) {
    const answer = await client.audio.speech.create({ ...usual, input: text, response_format: "pcm", stream_format: "sse" });
    for (const line of (await answer.text()).split("\n")) {
      if (!line.startsWith("data: ")) continue;
      const event = JSON.parse(line.slice("data: ".length));
      if (event.type === "speech.audio.delta") audio(Buffer.from(event.audio, "base64"));
      else note(event);
    }
    ended();
  },

  // Leaves in the middle of an answer.
  async leave(text) {
    const abort = new AbortController();
    const answer = await client.audio.speech.create({ ...usual, input: text, response_format: "pcm" }, { signal: abort.signal });
    for await (const data of answer.body) {
      audio(data);
      break;
    }
    abort.abort();
  },

  // Turns of one client, one after the other: t0, t1, …
  async turns(...texts) {
    for (const [i, text] of texts.entries()) await hear(text, `t${i}`, { response_format: "pcm" });
  },

  // Another turn while the first is being spoken.
  async both(first, second) {
    const answer = await client.audio.speech.create({ ...usual, input: first, response_format: "pcm" });
    const reader = answer.body.getReader();
    audio((await reader.read()).value, "t1");
    await hear(second, "t2", { response_format: "pcm" });
    await reader.cancel();
  },

  async lists() {
    note((await client.models.list()).data.map((model) => model.id));
    note((await client.models.retrieve("default")).id);
    await client.models.retrieve("whisper-1").catch((error) => failed(error));
  },
});
