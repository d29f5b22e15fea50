// The client that voice agents have of Cartesia speaks to the emulator as a caller of Cartesia would. What it notices
// goes to the standard output, a JSON object a line; the Go test that starts it judges that.
//
// node client.js URL KEY STORY

import { initializeLogger, tts as base } from "@livekit/agents";
import { TTS } from "@livekit/agents-plugin-cartesia";

const [url, key, story] = process.argv.slice(2);

const tell = (noticed) => console.log(JSON.stringify(noticed));

// What goes wrong is not tried again.
initializeLogger({ pretty: false, level: "silent" });
const client = new TTS({ apiKey: key, baseUrl: url.replace("ws", "http"), sampleRate: 24000 });
const once = { connOptions: { maxRetry: 0, retryIntervalMs: 0, timeoutMs: 20000 } };

async function speak(id, ...texts) {
  const stream = client.stream(once);
  for (const text of texts) {
    stream.pushText(text);
  }
  stream.endInput();
  for await (const event of stream) {
    if (event === base.SynthesizeStream.END_OF_STREAM) {
      break;
    }
    const { data } = event.frame;
    tell({ id, audio: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64") });
  }
  tell({ id, ended: true });
}

const stories = {
  // Two turns, the first in pieces that part a word.
  async speak() {
    await speak("t1", "One two three. Fo", "ur five six.");
    await speak("t2", "Seven eight nine ten eleven twelve.");
  },
};

await stories[story]();
await client.close();
process.exit(0); // the library leaves timers behind
