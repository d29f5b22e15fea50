// Socket.IO's own client speaks to the emulator as a caller of Uplift would. What it notices goes to the standard
// output, a JSON object a line; the Go test that starts it judges that.
//
// node client.js URL KEY STORY [TRANSPORT...]

import { io } from "socket.io-client";

const [url, key, story, ...transports] = process.argv.slice(2);
const voiceId = "v_meklc281";

const tell = (noticed) => console.log(JSON.stringify(noticed));

function connect() {
  const options = { auth: { token: key }, reconnectionDelay: 10, reconnectionDelayMax: 10 };
  if (transports.length > 0) {
    options.transports = transports;
  }
  const socket = io(`${url}/text-to-speech/multi-stream`, options);
  socket.on("message", (message) => tell({ message }));
  socket.on("connect_error", (error) => tell({ refused: error.message }));
  socket.on("disconnect", (reason) => tell({ disconnected: reason }));
  return socket;
}

// until resolves with the first message that satisfies a condition.
function until(socket, condition) {
  return new Promise((resolve) => {
    const listen = (message) => {
      if (condition(message)) {
        socket.off("message", listen);
        resolve(message);
      }
    };
    socket.on("message", listen);
  });
}

const ofType = (type) => (message) => message.type === type;
const ends = (id) => (message) => message.requestId === id && ["audio_end", "error"].includes(message.type);
const once = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));

function synthesize(socket, requestId, text) {
  const ended = until(socket, ends(requestId));
  socket.emit("synthesize", { type: "synthesize", requestId, text, voiceId, outputFormat: "PCM_22050_16" });
  return ended;
}

const stories = {
  // Two requests side by side; the transport is told when both have ended.
  async speak(socket) {
    await until(socket, ofType("ready"));
    await Promise.all([
      synthesize(socket, "r1", "One two three four five six."),
      synthesize(socket, "r2", "Seven eight nine ten eleven twelve."),
    ]);
    tell({ transport: socket.io.engine.transport.name });
  },

  // Speaks while the client changes from long polling to a WebSocket, and once more behind that.
  async upgrade(socket) {
    const upgraded = new Promise((resolve) => socket.io.once("open", () => socket.io.engine.once("upgrade", resolve)));
    await until(socket, ofType("ready"));
    await Promise.all([upgraded, synthesize(socket, "r1", "One two three four five six.")]);
    await synthesize(socket, "r2", "Seven eight nine ten eleven twelve.");
    tell({ transport: socket.io.engine.transport.name });
  },

  // A canceled request, and one behind it.
  async cancel(socket) {
    await until(socket, ofType("ready"));
    const audio = until(socket, ofType("audio"));
    synthesize(socket, "r1", "One two three four five six seven eight nine ten eleven twelve.");
    await audio;
    socket.emit("cancel", { type: "cancel", requestId: "r1" });
    await synthesize(socket, "r2", "One.");
  },

  // Three heartbeats are answered by the library, and the connection still works.
  async heartbeat(socket) {
    await until(socket, ofType("ready"));
    for (let beats = 0; beats < 3; beats++) {
      await once(socket.io, "ping");
    }
    await synthesize(socket, "r1", "One.");
  },

  // The connection breaks, and the library comes back by itself.
  async reconnect(socket) {
    await until(socket, ofType("ready"));
    const again = until(socket, ofType("ready"));
    synthesize(socket, "r1", "One two three four five six seven eight nine ten eleven twelve.");
    await again;
  },

  // A bad key: refused, or let in, told so and shown out.
  async refused(socket) {
    await Promise.race([once(socket, "connect_error"), once(socket, "disconnect")]);
  },
};

const socket = connect();
await stories[story](socket);
socket.disconnect();
