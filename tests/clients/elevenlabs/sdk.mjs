// ElevenLabs' own SDK for JavaScript, with a relay in the vendor's stead.
import { ElevenLabsClient } from "@elevenlabs/elevenlabs-js";

import { KEY, URL, audio, ended, failed, main, note, words } from "./clients.mjs";

// in docs/clients.md: elevenlabs-js
const api = new ElevenLabsClient({ baseUrl: `${URL}/elevenlabs`, apiKey: KEY });
// end
const outputFormat = "pcm_24000";

async function attempt(play, id = "") {
  try {
    await play();
    ended(id);
  } catch (error) {
    failed(error, id);
  }
}

const hear = async (answer, id = "") => {
  for await (const data of await answer) audio(data, id);
};

// Characters with their times, made words of.
function timed({ characters, characterStartTimesSeconds: starts, characterEndTimesSeconds: ends }) {
  const found = [];
  let word = "";
  let start, end;
  characters.forEach((char, i) => {
    if (char.trim()) {
      if (!word) start = starts[i];
      [word, end] = [word + char, ends[i]];
    } else if (word) {
      found.push([`${word} `, start, end]);
      word = "";
    }
  });
  return found;
}

function take(part) {
  audio(Buffer.from(part.audioBase64, "base64"));
  if (part.alignment) words(timed(part.alignment));
}

await main({
  convert: (text) => attempt(() => hear(api.textToSpeech.convert("narrator", { text, outputFormat }))),

  // Without a format, which means MP3.
  usual: (text) => attempt(() => hear(api.textToSpeech.convert("narrator", { text }))),

  stream: (text) => attempt(() => hear(api.textToSpeech.stream("narrator", { text, outputFormat, modelId: "eleven_flash_v2_5" }))),

  stream_timed: (text) =>
    attempt(async () => {
      for await (const part of await api.textToSpeech.streamWithTimestamps("narrator", { text, outputFormat })) take(part);
    }),

  convert_timed: (text) => attempt(async () => take(await api.textToSpeech.convertWithTimestamps("narrator", { text, outputFormat }))),

  async lists() {
    note((await api.voices.search()).voices.map((v) => [v.voiceId, v.name, v.category]));
    note((await api.voices.getAll()).voices.map((v) => v.voiceId));
    note((await api.models.list()).map((m) => [m.modelId, m.canDoTextToSpeech]));
    note((await api.user.get()).subscription.status);
    note((await api.user.subscription.get()).tier);
  },

  async refusals(text) {
    await attempt(() => hear(api.textToSpeech.stream("nobody", { text, outputFormat })), "voice");
    await attempt(() => api.textToSpeech.convertWithTimestamps("narrator", { text, outputFormat: "wav_24000" }), "format");
    await attempt(() => hear(api.textToSpeech.stream("narrator", { text, outputFormat, modelId: "nothing" })), "model");
  },
});
