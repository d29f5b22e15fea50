// What the programs have in common: where the relay is, and what they tell the test, a JSON object a line.
//
// import { KEY, URL, audio, ended, failed, main, note, words } from "./clients.mjs";

import { writeSync } from "node:fs";

// in docs/clients.md: javascript
export const URL = process.env.RELAY_URL; // http://… or https://…, without a slash at its end
export const WS = URL.replace(/^http/, "ws"); // the same for WebSockets
export const KEY = process.env.RELAY_KEY;
// end
export const HOST = URL.split("://")[1];

// now is seconds since the program began.
export const now = () => performance.now() / 1000;

// tell tells the test something. It writes at once, since an exit takes with it what a stream still has; a pipe that is full is
// tried again.
export function tell(noticed) {
  let rest = Buffer.from(JSON.stringify({ at: now(), ...noticed }) + "\n");
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

// audio is a turn's next audio: a Buffer, an ArrayBuffer or any view of one.
export function audio(data, id = "") {
  const bytes = ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
  if (bytes.length > 0) tell({ id, audio: bytes.toString("base64") });
}

// words are a turn's next words: [text, start, end], in seconds of the turn's audio.
export const words = (all, id = "") => tell({ id, words: all.map(([text, start, end]) => ({ text, start, end })) });

// ended: the turn is over, without an error.
export const ended = (id = "") => tell({ id, ended: true });

// failed: the turn is over by an error.
export const failed = (error, id = "") =>
  tell({ id, error: { type: error?.constructor?.name ?? typeof error, message: String(error?.message ?? error), status: error?.status ?? error?.statusCode ?? 0 } });

// note is whatever else the test wants to know.
export const note = (value) => tell({ note: value });

// What libraries say by the console, rather than by a logger of their own.
for (const level of ["warn", "error"]) {
  console[level] = (...said) => tell({ log: { level, logger: "console", text: said.map(String).join(" ") } });
}

// main plays the story that the first argument names, with the others, and ends: some libraries leave timers behind.
export async function main(stories) {
  const [name, ...args] = process.argv.slice(2);
  await stories[name](...args);
  process.exit(0);
}
