// What speaks to Deepgram in JavaScript: LiveKit's plugin and the vendor's own SDK, with a relay in the vendor's stead. The first
// argument of a story says which.
import { DeepgramClient } from "@deepgram/sdk";
import { DEFAULT_API_CONNECT_OPTIONS, initializeLogger } from "@livekit/agents";
import * as deepgram from "@livekit/agents-plugin-deepgram";

import { KEY, URL, WS, audio, ended, failed, main, note, now } from "./clients.mjs";

const RATE = 24000;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// LiveKit's plugin, which has a socket for each turn.
class LiveKit {
  constructor() {
    initializeLogger({ pretty: false, level: "warn" });
    const options = { sampleRate: RATE };
    // in docs/clients.md: livekit-js-deepgram
    this.tts = new deepgram.TTS({ baseUrl: `${URL}/deepgram`, apiKey: KEY, model: "narrator", ...options });
    // end
  }

  // hear tells all of a stream. Errors are told by the speaker, not by the stream.
  async hear(stream, id) {
    let broken;
    const notice = ({ error, recoverable }) => {
      note({ recoverable, error: error.message, at: now() });
      if (!recoverable) broken = error;
    };
    this.tts.on("error", notice);
    for await (const event of stream) {
      if (event !== deepgram.SynthesizeStream.END_OF_STREAM) audio(event.frame.data, id);
    }
    await pause(20); // the error comes after the stream's end
    this.tts.off("error", notice);
    if (broken) failed(broken, id);
    else ended(id);
  }

  async turn(text, id, connOptions = undefined) {
    const stream = this.tts.stream(connOptions ? { connOptions } : undefined);
    const pushing = (async () => {
      for (let at = 0; at < text.length; at += 3) {
        stream.pushText(text.slice(at, at + 3));
        await pause(1);
      }
      stream.endInput();
    })();
    await this.hear(stream, id);
    await pushing;
  }

  async turns(...texts) {
    for (const [number, text] of texts.entries()) await this.turn(text, `t${number}`);
    await pause(100);
  }

  // The first turn is interrupted, and the second begins a second later.
  async interrupt(first, second) {
    const stream = this.tts.stream();
    stream.pushText(first);
    stream.endInput();
    for await (const event of stream) {
      audio(event.frame.data, "t0");
      break;
    }
    stream.close();
    await pause(1000);
    note(now());
    await this.turn(second, "t1");
  }

  // Without a retry, as all of them would fail.
  async once(text) {
    const began = now();
    await this.turn(text, "", { ...DEFAULT_API_CONNECT_OPTIONS, maxRetry: 0 });
    note(now() - began);
  }
}

// The vendor's SDK, by either version of the protocol.
class SDK {
  constructor(version) {
    this.version = version;
    // in docs/clients.md: deepgram-js
    const [base, sockets] = [`${URL}/deepgram`, `${WS}/deepgram`];
    const relay = { base, production: sockets, agent: sockets, agentRest: base };
    this.client = new DeepgramClient({ environment: relay, apiKey: KEY });
    // end
    this.ends = version === "v1" ? "Flushed" : "SpeechMetadata";
  }

  async connect() {
    const socket = await this.client.speak[this.version].connect({
      model: "narrator", encoding: "linear16", sample_rate: RATE, Authorization: `Token ${KEY}`, reconnectAttempts: 0,
    });
    this.arrivals = [];
    this.arrived = () => {};
    socket.on("message", (message) => {
      this.arrivals.push(message);
      this.arrived();
    });
    const closed = new Promise((resolve) => socket.on("close", resolve));
    const opened = new Promise((resolve, reject) => {
      socket.on("open", resolve);
      socket.on("error", reject);
    });
    socket.connect();
    await opened;
    return { socket, closed };
  }

  async next() {
    while (this.arrivals.length === 0) await new Promise((resolve) => (this.arrived = resolve));
    const message = this.arrivals.shift();
    return message instanceof Blob ? message.arrayBuffer() : message;
  }

  say(socket, text) {
    const message = { type: "Speak", text };
    if (this.version === "v1") socket.sendText(message);
    else socket.sendSpeak(message);
  }

  async hear(id, until) {
    for (;;) {
      const message = await this.next();
      if (message instanceof ArrayBuffer || ArrayBuffer.isView(message)) {
        audio(message, id);
        if (until === "audio") return;
        continue;
      }
      note(message);
      if (message.type === until) return message;
      if (message.type === "Error") failed(new Error(message.description), id);
    }
  }

  async turns(...texts) {
    try {
      const { socket, closed } = await this.connect();
      for (const [number, text] of texts.entries()) {
        for (const word of text.split(" ")) this.say(socket, word + " ");
        socket.sendFlush({ type: "Flush" });
        await this.hear(`t${number}`, this.ends);
        ended(`t${number}`);
      }
      socket.sendClose({ type: "Close" });
      note({ closed: (await closed).code });
    } catch (error) {
      failed(error);
    }
  }

  async once(text) {
    await this.turns(text);
  }

  async interrupt(first, second) {
    const { socket } = await this.connect();
    this.say(socket, first);
    socket.sendFlush({ type: "Flush" });
    await this.hear("t0", "audio");
    if (this.version === "v1") {
      socket.sendClear({ type: "Clear" });
      await this.hear("t0", "Cleared");
    } else {
      socket.sendInterrupt({ type: "Interrupt", playback_offset: { type: "time_ms", value: 1500 } });
      await this.hear("t0", "SpeechInterrupted");
    }
    this.say(socket, second);
    socket.sendFlush({ type: "Flush" });
    await this.hear("t1", this.ends);
    ended("t1");
  }

  async post(text) {
    try {
      const answer = await this.client.speak[this.version].audio.generate({
        text, model: "narrator", encoding: "linear16", container: "none", sample_rate: RATE,
      });
      audio(await answer.arrayBuffer());
      ended();
    } catch (error) {
      failed(error);
    }
  }
}

const clients = { livekit: () => new LiveKit(), "sdk-v1": () => new SDK("v1"), "sdk-v2": () => new SDK("v2") };

await main(Object.fromEntries(Object.entries(clients).map(([name, made]) => [name, async (story, ...args) => made()[story](...args)])));
