// The vendors, as this relay sees them.
import { el, list, section, state as badge, table } from './dom.js';
import { costs, count, counts, milliseconds, now, time } from './format.js';
import { spark } from './chart.js';
import { read } from './api.js';

export const title = 'Vendors';

const kinds = { closed: 'good', half_open: 'warn', open: 'bad' };
const names = { closed: 'closed', half_open: 'half open', open: 'open' };

function circuit(c, since, retry) {
  const shown = [badge(names[c], kinds[c])];
  if (since && c !== 'closed') shown.push(el('span', { class: 'muted nowrap' }, 'since ', time(since)));
  if (retry) shown.push(el('span', { class: 'muted nowrap' }, 'tried ', time(retry)));
  return list(...shown);
}

// worst is the target by which a provider's circuit is named.
const worst = (p) => p.targets.find((t) => t.circuit === p.circuit) ?? {};

export function open(into) {
  let live = null, voices = [];

  function firstAudio(p) {
    const points = (live.points ?? []).map(({ at, providers }) => ({ at, ...providers[p.name]?.first_audio_ms }));
    const { p50, p95 } = p.first_audio_ms;
    if (p50 === null) return '–';
    const picture = spark(points, [{ value: (v) => v.p50 }, { value: (v) => v.p95 }], now(), `First audio of ${p.name} over the last hour`);
    return list(el('span', { class: 'nowrap' }, `${milliseconds(p50)} / ${milliseconds(p95)}`), picture);
  }

  function within(p) {
    const targets = table(`Targets of ${p.name}`, [
      { head: 'Model', cell: (t) => t.model ?? 'the vendor’s own' },
      { head: 'Circuit', cell: (t) => circuit(t.circuit, t.since, t.retry_at) },
    ], { key: (t) => t.model ?? '', none: 'No route names it.' });
    targets.update(p.targets);
    const spoken = table(`Voices of ${p.name}`, [
      { head: 'Voice', cell: (v) => v.name }, { head: 'Language', cell: (v) => v.language ?? '–' }, { head: 'Routes', wide: true, cell: (v) => v.routes.join(', ') },
    ], { key: (v) => v.name, none: 'No voice has an id there.' });
    spoken.update(voices.filter((v) => v.providers.includes(p.name)));
    const c = p.capabilities;
    const can = `Adapter ${p.adapter}. Word times: ${c.word_times}. Ends of pieces: ${c.piece_ends}. A takeover goes on by: ${c.resume}.`;
    return el('div', { class: 'within' }, el('p', { class: 'muted' }, can), targets.node, spoken.node);
  }

  const vendors = table('Vendors', [
    { head: 'Vendor', cell: (p) => p.name },
    { head: 'Circuit', cell: (p) => (p.budget_spent ? list(badge('budget used up', 'bad'), circuit(p.circuit, worst(p).since, worst(p).retry_at)) : circuit(p.circuit, worst(p).since, worst(p).retry_at)) },
    { head: 'First audio, p50 / p95', cell: firstAudio },
    { head: 'Streams', num: true, cell: (p) => `${count(p.active)}${p.max_concurrent ? ` of ${count(p.max_concurrent)}` : ''}` },
    { head: 'Waiting', num: true, cell: (p) => count(p.waiting) },
    { head: 'Warm', num: true, cell: (p) => count(p.warm) },
    { head: 'Cost today', num: true, cell: (p) => costs(live.today?.providers[p.name]?.cost) },
    { head: 'Errors in the last hour', wide: true, cell: (p) => counts(p.errors) },
    { head: 'Last error', wide: true, cell: (p) => (p.last_error ? list(p.last_error, el('span', { class: 'muted' }, time(p.last_error_at))) : '–') },
  ], { key: (p) => p.name, none: 'No vendor is configured.', within });
  into.append(section('Vendors', 'as this relay sees them; cost is of all relays', vendors.node));

  function update(state) {
    live = state;
    vendors.update(live.providers);
  }
  return {
    update,
    async load() { ({ voices } = await read('v1/voices')); if (live) update(live); },
  };
}
