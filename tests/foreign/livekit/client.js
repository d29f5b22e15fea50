// A client that voice agents have of a vendor speaks to the vendor's emulator as a caller of the vendor would. What it
// notices goes to the standard output, a JSON object a line; the Go test that starts it judges that.
//
// node client.js VENDOR URL KEY STORY

import { initializeLogger, tts as base } from "@livekit/agents";
import * as cartesia from "@livekit/agents-plugin-cartesia";
import * as deepgram from "@livekit/agents-plugin-deepgram";
import * as elevenlabs from "@livekit/agents-plugin-elevenlabs";

const [vendor, url, apiKey, story] = process.argv.slice(2);
const http = url.replace("ws", "http");

const tell = (noticed) => console.log(JSON.stringify(noticed));

const clients = {
  cartesia: () => new cartesia.TTS({ apiKey, baseUrl: http, sampleRate: 24000 }),
  deepgram: () => new deepgram.TTS({ apiKey, baseUrl: http, sampleRate: 24000 }),
  elevenlabs: () => new elevenlabs.TTS({ apiKey, baseURL: `${http}/v1`, encoding: "pcm_22050" }),
};

// What goes wrong is told once, and not tried again.
initializeLogger({ pretty: false, level: "silent" });
const client = clients[vendor]();
client.on("error", ({ error }) => tell({ failed: error.message }));
const once = { connOptions: { maxRetry: 0, retryIntervalMs: 0, timeoutMs: 20000 } };

// hear tells a stream's audio and words until it ends, or until enough frames have come.
async function hear(id, stream, enough = Infinity) {
  let frames = 0;
  for await (const event of stream) {
    if (event === base.SynthesizeStream.END_OF_STREAM) {
      break;
    }
    const { data } = event.frame;
    const words = (event.timedTranscripts ?? []).map(({ text }) => ({ text }));
    tell({ id, audio: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64"), words });
    if (++frames >= enough) {
      break;
    }
  }
}

async function speak(id, ...texts) {
  const stream = client.stream(once);
  for (const text of texts) {
    stream.pushText(text);
  }
  stream.endInput();
  await hear(id, stream);
  tell({ id, ended: true });
}

const stories = {
  // Two turns, the first in pieces that part a word.
  async speak() {
    await speak("t1", "One two three. Fo", "ur five six.");
    await speak("t2", "Seven eight nine ten eleven twelve.");
  },

  // Two turns side by side.
  async together() {
    await Promise.all([speak("t1", "One two three four five six."), speak("t2", "Seven eight nine ten eleven twelve.")]);
  },

  // Three turns that are broken off as soon as they are heard, and one that is not.
  async interrupt() {
    for (let turn = 0; turn < 3; turn++) {
      const stream = client.stream(once);
      stream.pushText("One two three four five six seven eight nine ten eleven twelve. ");
      stream.flush();
      await hear(`broken${turn}`, stream, 1);
      stream.close();
    }
    await speak("t1", "One two three.");
  },

  // A turn that the vendor breaks off.
  async fail() {
    await speak("t1", "One two three four five six.");
  },
};

await stories[story]();
await client.close();
// The library leaves timers behind, and an exit takes with it what the pipe had no room for.
process.stdout.write("", () => process.exit(0));
