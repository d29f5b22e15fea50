// Socket.IO's own server plays Uplift for the adapter. A text's audio is the text itself in UTF-16, so that nothing of
// it can get lost unnoticed. What the server notices goes to the standard output, a JSON object a line; the Go test
// that starts it judges that, and ends it by closing the standard input.
//
// node server.js KEY STORY

import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { Server } from "socket.io";

const [key, story] = process.argv.slice(2);
const namespace = story === "elsewhere" ? "/elsewhere" : "/text-to-speech/multi-stream";
const chunk = 5; // bytes: frames end in the middle of samples
const pace = story === "slow" ? 20 : 0; // ms between frames

const tell = (noticed) => console.log(JSON.stringify(noticed));

const http = createServer();
const io = new Server(http, { transports: ["websocket"], pingInterval: 50, pingTimeout: 5000 });

io.engine.on("connection", (engine) => {
  engine.on("heartbeat", () => tell({ heartbeat: true }));
  engine.on("close", (reason) => tell({ closed: reason }));
});

const speech = io.of(namespace);

speech.use((socket, next) => {
  next(socket.handshake.auth.token === key ? undefined : new Error("Invalid API key"));
});

speech.on("connection", (socket) => {
  const canceled = new Set();
  const send = (message) => socket.emit("message", message);
  send({ type: "ready", sessionId: "session_abc123" });

  socket.onAny((event, message) => tell({ event, message }));

  socket.on("synthesize", async ({ requestId, text }) => {
    if (text === "Show me out.") {
      socket.disconnect();
      return;
    }
    if (text === "Fail.") {
      send({ type: "error", requestId, code: "synthesis_failed", message: "TTS service error" });
      return;
    }
    send({ type: "audio_start", requestId, timestamp: Date.now() });
    const audio = Buffer.from(text, "utf16le");
    for (let at = 0, sequence = 0; at < audio.length; at += chunk, sequence++) {
      await pause(pace); // also lets requests come in among each other
      if (canceled.has(requestId)) {
        return;
      }
      send({ type: "audio", requestId, audio: audio.subarray(at, at + chunk).toString("base64"), sequence });
    }
    send({ type: "audio_end", requestId, timestamp: Date.now() });
  });

  socket.on("cancel", ({ requestId }) => canceled.add(requestId));
});

http.listen(0, "127.0.0.1", () => tell({ port: http.address().port }));
process.stdin.on("end", () => process.exit(0)).resume();
