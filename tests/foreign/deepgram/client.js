// Deepgram's own client speaks to the emulator as a caller of Aura would. What it notices goes to the standard output, a
// JSON object a line; the Go test that starts it judges that.
//
// node client.js URL KEY STORY

import { DeepgramClient } from "@deepgram/sdk";

const [url, key, story] = process.argv.slice(2);

const tell = (noticed) => console.log(JSON.stringify(noticed));

const environment = { base: url.replace("ws", "http"), production: url, agent: url, agentRest: url };
const client = new DeepgramClient({ apiKey: key, environment });

const waiting = new Map(); // what is to be called, by the type of the message that is awaited
let told = Promise.resolve(); // ends when all that has come is told: audio can't be read at once

const until = (type) => new Promise((resolve) => waiting.set(type, resolve));

async function notice(message) {
  if (message instanceof Blob) {
    tell({ audio: Buffer.from(await message.arrayBuffer()).toString("base64") });
    return;
  }
  tell({ message });
  waiting.get(message.type)?.(message);
}

// connect opens a socket. A handler of the client's replaces the one before it, so that there is one for each event.
async function connect() {
  const socket = await client.speak.v1.connect({
    model: "aura-2-thalia-en",
    encoding: "linear16",
    sample_rate: 24000,
    Authorization: `Token ${key}`,
    reconnectAttempts: 0,
  });
  socket.on("message", (message) => {
    told = told.then(() => notice(message));
  });
  socket.on("error", (error) => tell({ failed: error.message }));
  socket.on("close", ({ code }) => {
    tell({ closed: code });
    waiting.get("close")?.();
  });
  socket.connect();
  await socket.waitForOpen();
  return socket;
}

const stories = {
  // Two turns on one socket, and a close.
  async speak(socket) {
    for (const text of ["One two three four five six.", "Seven eight nine ten eleven twelve."]) {
      const flushed = until("Flushed");
      socket.sendText({ type: "Speak", text });
      socket.sendFlush({ type: "Flush" });
      await flushed;
    }
    const closed = until("close");
    socket.sendClose({ type: "Close" });
    await closed;
  },

  // A close right behind a text, which is spoken all the same.
  async hasten(socket) {
    const closed = until("close");
    socket.sendText({ type: "Speak", text: "One two three four five six." });
    socket.sendClose({ type: "Close" });
    await closed;
  },

  // A turn that is cut off, and one behind it.
  async clear(socket) {
    const cleared = until("Cleared");
    socket.sendText({ type: "Speak", text: "Four five six seven eight nine ten eleven twelve. ".repeat(4) });
    socket.sendFlush({ type: "Flush" });
    socket.sendClear({ type: "Clear" });
    await cleared;
    const flushed = until("Flushed");
    socket.sendText({ type: "Speak", text: "One two three." });
    socket.sendFlush({ type: "Flush" });
    await flushed;
  },

  // A turn that the vendor breaks off.
  async fail(socket) {
    const closed = until("close");
    socket.sendText({ type: "Speak", text: "One two three four five six." });
    socket.sendFlush({ type: "Flush" });
    await closed;
  },
};

try {
  await stories[story](await connect());
} catch (error) {
  tell({ failed: error.message });
}
await told;
// The client would connect again, and an exit takes with it what the pipe had no room for.
process.stdout.write("", () => process.exit(0));
