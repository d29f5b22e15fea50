// Speaks a text, and shows how.
import { announce, el, fill, list, section, state as badge, table } from './dom.js';
import { costs, count, milliseconds, money, seconds } from './format.js';
import { ask, isDemo, lines, read, readOnly } from './api.js';
import { Player } from './player.js';

export const title = 'Talk';

const outputs = {
  '24 kHz': { encoding: 'pcm_s16le', sample_rate: 24000 }, '48 kHz': { encoding: 'pcm_s16le', sample_rate: 48000 },
  '16 kHz': { encoding: 'pcm_s16le', sample_rate: 16000 }, '8 kHz': { encoding: 'pcm_s16le', sample_rate: 8000 },
  'µ-law, 8 kHz': { encoding: 'mulaw', sample_rate: 8000 }, 'A-law, 8 kHz': { encoding: 'alaw', sample_rate: 8000 },
};
const example = 'Hello from the relay. If the first voice breaks off, another one goes on where it was.';
const outcomes = { completed: 'good', failed: 'bad', cancelled: 'warn' };

// wordsOf are a text's words, with where each begins and ends, in characters as the relay counts them.
function wordsOf(text) {
  let at = 0;
  return text.split(/(\s+)/).map((part) => ({ word: part, from: at, to: (at += [...part].length) })).filter(({ word }) => word.trim());
}

const options = (into, names) => into.replaceChildren(...names.map((name) => el('option', { value: name }, name)));

export function open(into) {
  if (readOnly) {
    into.append(section('Talk', null, el('p', { class: 'panel padded' }, 'At this address nothing is spoken. Open the console at the address of the relay’s clients.')));
    return { update() {} };
  }
  let routes = [], voices = [], player = null, running = null, timer = 0, spoken = [];
  const route = el('select'), voice = el('select'), output = el('select'), text = el('textarea', { maxlength: '10000' }, example);
  options(output, Object.keys(outputs));
  const speak = el('button', { type: 'submit', class: 'main' }, 'Speak'), stop = el('button', { type: 'button', disabled: true }, 'Stop');
  const failing = el('input', { type: 'checkbox' }), fails = el('label', { class: 'inline', hidden: !isDemo }, failing, 'Make the first vendor break off');
  const said = el('p', { class: 'muted', role: 'status' });
  const form = el('form', { class: 'panel padded fields-form' },
    el('div', { class: 'fields' }, el('label', {}, 'Route', route), el('label', {}, 'Voice', voice), el('label', {}, 'Output', output)),
    el('label', {}, 'Text', text), el('div', { class: 'actions' }, speak, stop, fails, said));
  const figures = Object.fromEntries(['First audio', 'Sent', 'Heard', 'Cost'].map((name) => [name, el('dd', { class: 'figure' }, '–')]));
  const words = el('p', { class: 'words panel padded' }), steps = el('ol', { class: 'steps' });
  const attempts = table('Attempts', [
    { head: 'Attempt', cell: (a) => a.provider }, { head: 'Model', cell: (a) => a.model ?? 'the vendor’s own' },
    { head: 'Outcome', cell: (a) => badge(a.outcome, outcomes[a.outcome]) },
    { head: 'Error', wide: true, cell: (a) => (a.code ? list(a.code, el('span', { class: 'muted' }, a.message ?? '')) : '–') },
    { head: 'Characters', num: true, cell: (a) => count(a.characters) }, { head: 'Audio', num: true, cell: (a) => seconds(a.audio_ms) },
    { head: 'Cost', num: true, cell: (a) => money(a.cost.amount, a.cost.currency) + (a.cost.estimated ? ', estimated' : '') },
  ], { key: (a) => a.number, none: 'They are known at the end.' });
  const shown = el('div', { class: 'view', hidden: true },
    el('dl', { class: 'tiles panel' }, Object.entries(figures).map(([name, dd]) => el('div', {}, el('dt', {}, name), dd))),
    section('Words', 'as they are heard', words),
    section('What happened', null, el('div', { class: 'panel padded' }, steps)),
    section('Attempts', null, attempts.node));
  into.append(section('Talk', 'speaks at your key’s cost', form), shown);

  function chooseRoute() {
    const chosen = routes.find((r) => r.name === route.value);
    options(voice, chosen ? chosen.voices : voices.map((v) => v.name));
    if (chosen?.voice) voice.value = chosen.voice;
  }
  route.addEventListener('change', chooseRoute);
  const step = (...what) => steps.append(el('li', {}, ...what));

  function show(message, began) {
    switch (message.type) {
      case 'started':
        fill(figures['First audio'], milliseconds(performance.now() - began));
        step(`${message.provider} speaks`, message.model ? ` with ${message.model}` : '', `, voice ${message.provider_voice}`);
        player = new Player(message.output);
        break;
      case 'audio':
        player?.add(message.audio);
        break;
      case 'timestamps':
        for (const w of message.words) {
          for (const s of spoken) if (s.from < w.char_end && s.to > w.char_start) told(s, w.start_ms, w.end_ms, message.source);
        }
        break;
      case 'rerouted':
        for (const s of spoken) if (s.from >= message.resume_char) s.at = null;
        step(`${message.to} takes over from ${message.from} after ${seconds(message.resume_ms)}: ${message.reason}`);
        break;
      case 'done':
        finish(message);
        break;
    }
  }

  function told(s, at, end, source) {
    s.at = s.at === null ? at : Math.min(s.at, at);
    s.end = end;
    s.node.title = `${s.at} to ${end} ms, by ${source}`;
  }

  // guess spreads the words that no vendor gave times for over the audio that there was for them.
  function guess(done) {
    const rest = spoken.filter((s) => s.at === null && s.from < done.spoken.char);
    if (rest.length === 0) return;
    const before = spoken.findLast((s) => s.at !== null && s.to <= rest[0].from);
    const from = before?.end ?? 0, first = rest[0].from, pace = (done.usage.audio_ms - from) / (rest.at(-1).to - first);
    for (const s of rest) told(s, Math.round(from + (s.from - first) * pace), Math.round(from + (s.to - first) * pace), 'its place in the text');
  }

  function finish(done) {
    guess(done);
    attempts.update(done.usage.attempts.map((a, number) => ({ ...a, number })));
    fill(figures.Cost, costs(done.usage.cost.filter((c) => c.amount !== null)));
    if (done.timing.first_audio_ms !== null) fill(figures['First audio'], milliseconds(done.timing.first_audio_ms));
    step(done.reason === 'failed' ? `failed: ${done.error.message}` : done.reason, `, record ${done.record_id}`);
    announce(`The speech is ${done.reason}.`);
  }

  // follow marks the words that are heard.
  function follow() {
    if (!player) return;
    const heard = player.heard;
    fill(figures.Sent, seconds((player.position * 1000) / player.rate));
    fill(figures.Heard, seconds(heard));
    for (const { at, end, node } of spoken) {
      const name = at === null ? '' : heard >= end - 1 ? 'heard' : heard >= at && heard > 0 ? 'now' : '';
      if (node.className !== name) node.className = name;
    }
    into.dataset.played = String(player.played);
    if (player.over && !running) quiet();
  }

  function quiet() {
    clearInterval(timer);
    timer = 0;
    stop.disabled = true;
    speak.disabled = false;
    fill(said, '');
    player?.context.close().catch(() => {});
    into.dataset.state = 'quiet';
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (running) return;
    player = null;
    shown.hidden = false;
    spoken = wordsOf(text.value).map((w) => ({ ...w, at: null, end: null, node: el('span', {}, w.word) }));
    words.replaceChildren(...spoken.flatMap((s) => [s.node, ' ']));
    steps.replaceChildren();
    attempts.update([]);
    Object.values(figures).forEach((dd) => fill(dd, '–'));
    running = new AbortController();
    speak.disabled = true;
    stop.disabled = false;
    fill(said, 'speaking');
    into.dataset.state = 'speaking';
    timer = setInterval(follow, 50);
    const began = performance.now();
    try {
      if (isDemo) await ask('v1/demo', { method: 'PUT', body: { first_vendor_fails: failing.checked } });
      const body = { text: text.value, route: route.value, voice: voice.value, output: outputs[output.value], word_timestamps: true };
      const answer = await ask('v1/speech', { method: 'POST', body, headers: { Accept: 'application/x-ndjson' }, signal: running.signal });
      for await (const message of lines(answer)) show(message, began);
    } catch (error) {
      if (error.name !== 'AbortError') {
        step(el('span', { class: 'fault' }, `refused: ${error.message}`));
        announce(`Refused: ${error.message}`);
      }
    }
    running = null;
    if (!player) quiet();
  });

  stop.addEventListener('click', () => {
    running?.abort();
    running = null;
    player?.stop().catch(() => {});
    player = null;
    step('stopped here');
    quiet();
  });

  return {
    update() {},
    close() {
      running?.abort();
      clearInterval(timer);
      player?.stop().catch(() => {});
    },
    async load() {
      [{ routes }, { voices }] = await Promise.all([read('v1/routes'), read('v1/voices')]);
      if (route.options.length > 0) return;
      options(route, routes.map((r) => r.name));
      if (routes.some((r) => r.name === 'default')) route.value = 'default';
      chooseRoute();
      if (isDemo) failing.checked = (await read('v1/demo')).first_vendor_fails;
    },
  };
}
