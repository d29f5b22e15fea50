// Cartesia's SDK. A WebSocket is wss whatever it is told. It finds its peer ws only where it is required, not where it is imported.

import { createRequire } from "node:module";
import { KEY, URL, audio, ended, failed, main, note, words } from "./clients.mjs";

const raw = { container: "raw", encoding: "pcm_s16le", sample_rate: 24000 };
const voice = { mode: "id", id: "narrator" };
const { default: Cartesia } = createRequire(import.meta.url)("@cartesia/cartesia-js");
// in docs/clients.md: cartesia-js
const client = new Cartesia({ baseURL: `${URL}/cartesia`, apiKey: KEY });
// end

function tell(event, id = "") {
  if (event.type === "chunk") audio(event.audio ?? Buffer.from(event.data, "base64"), id);
  else if (event.type === "timestamps") {
    const { words: all, start, end } = event.word_timestamps;
    words(all.map((word, i) => [word, start[i], end[i]]), id);
  } else if (event.type === "done") ended(id);
  else note(event.type);
}

async function receive(context, id = "") {
  try {
    for await (const event of context.receive()) tell(event, id);
  } catch (error) {
    failed(error, id);
  }
}

async function connect() {
  const ws = await client.tts.websocket();
  ws.on("error", () => {}); // it is told of a context's failure by receive
  return ws;
}

const settings = (more) => ({ model_id: "sonic-latest", voice, output_format: raw, add_timestamps: true, ...more });

await main({
  async speak(text, container = "raw", id = "narrator") {
    const more = container === "mp3" ? { bit_rate: 128000, sample_rate: 44100 } : {};
    try {
      const answer = await client.tts.generate({
        model_id: "sonic-latest", transcript: text, voice: { mode: "id", id }, output_format: { ...raw, container, ...more },
      });
      note(answer.headers.get("content-type"));
      audio(await answer.arrayBuffer());
      ended();
    } catch (error) {
      failed(error);
    }
  },

  async events(text) {
    const stream = await client.tts.generateSSE({
      model_id: "sonic-latest", transcript: text, voice, output_format: raw, add_timestamps: true, context_id: "c",
    });
    for await (const event of stream) tell(event);
  },

  async context(first, second, id = "narrator") {
    const ws = await connect();
    const context = ws.context(settings({ voice: { mode: "id", id } }));
    for (const word of first.split(" ")) await context.push({ transcript: `${word} ` });
    await context.flush();
    await context.push({ transcript: second });
    await context.no_more_inputs();
    await receive(context);
    ws.close();
  },

  async parallel(first, second) {
    const ws = await connect();
    await Promise.all([["t1", first], ["t2", second]].map(async ([id, text]) => {
      const context = ws.context(settings({ contextId: id }));
      await context.push({ transcript: text });
      await context.no_more_inputs();
      await receive(context, id);
    }));
    ws.close();
  },

  async cancel(text, next) {
    const ws = await connect();
    let context = ws.context(settings());
    await context.push({ transcript: text });
    await context.no_more_inputs();
    for await (const event of context.receive()) {
      if (event.type !== "chunk") continue;
      audio(event.audio, "t1");
      await context.cancel();
      break;
    }
    context = ws.context(settings());
    await context.push({ transcript: next });
    await context.no_more_inputs();
    await receive(context, "t2");
    ws.close();
  },

  async voices() {
    const ids = [];
    for await (const voice of client.voices.list({ limit: 1 })) ids.push(voice.id);
    note(ids);
    note((await client.voices.get("narrator")).name);
  },
});
