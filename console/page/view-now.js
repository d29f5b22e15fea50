// How all relays do now.
import { el, fill, list, section, state as badge, table } from './dom.js';
import { add, costs, count, counts, milliseconds, now, share, time } from './format.js';
import { chart } from './chart.js';

export const title = 'Now';

function tile(name) {
  const figure = el('dd', { class: 'figure' }), note = el('dd', { class: 'note' });
  return { node: el('div', {}, el('dt', {}, name), figure, note), figure, note };
}

const statusKinds = { ready: 'good', draining: 'warn', memory: 'warn', ledger_unavailable: 'bad', gone: 'bad' };

export function relayStatus(r) {
  const shown = [badge(r.status.replace('_', ' '), statusKinds[r.status])];
  if (r.degraded_since) shown.push(el('span', {}, badge('degraded', 'warn'), ' since ', time(r.degraded_since)));
  if (r.status === 'gone') shown.push(el('span', { class: 'muted' }, 'heard ', time(r.seen_at)));
  return list(...shown);
}

const relayColumns = [
  { head: 'Relay', cell: (r) => (r.host ? list(r.host, el('span', { class: 'id code', title: r.name }, r.name)) : el('span', { class: 'code' }, r.name)) },
  { head: 'Status', cell: relayStatus },
  { head: 'Version', broken: true, cell: (r) => r.version ?? '–' },
  { head: 'Active', num: true, cell: (r) => count(r.active) },
  { head: 'Clients', num: true, cell: (r) => count(r.connections) },
  { head: 'Unshipped records', num: true, cell: (r) => count(r.unshipped) },
  { head: 'Clock offset', num: true, cell: (r) => milliseconds(r.clock_offset_ms) },
  { head: 'Targets left alone', broken: true, cell: (r) => (r.open_circuits?.length ? r.open_circuits.join(', ') : '–') },
  { head: 'Started', nowrap: true, cell: (r) => time(r.started_at) },
];

export function open(into) {
  const tiles = Object.fromEntries(Object.entries({
    active: 'Active calls', p50: 'First audio, p50', p95: 'First audio, p95', p99: 'First audio, p99',
    rerouted: 'Rerouted', failed: 'Failed', refusals: 'Refusals/min', cost: 'Cost today',
  }).map(([id, name]) => [id, tile(name)]));
  const first = chart('Callers’ first audio', [
    { name: 'p50', value: (p) => p.first_audio_ms.p50 }, { name: 'p95', value: (p) => p.first_audio_ms.p95 }, { name: 'p99', value: (p) => p.first_audio_ms.p99 },
  ], (v) => (v >= 1000 ? `${v / 1000} s` : milliseconds(v)));
  const trouble = chart('Generations', [
    { name: 'ended', value: (p) => p.generations }, { name: 'rerouted or failed', value: (p) => p.rerouted + p.failed },
    { name: 'refused', value: (p) => Object.values(p.refusals).reduce((a, b) => a + b, 0) },
  ], (v) => (Number.isInteger(v) ? count(v) : v.toFixed(1)));
  const refusals = table('Refusals by code', [
    { head: 'Code', cell: (r) => el('span', { class: 'code' }, r.code) },
    { head: 'Last minute, all relays', num: true, cell: (r) => count(r.minute) },
    { head: 'Last hour, this relay', num: true, cell: (r) => count(r.hour) },
  ], { key: (r) => r.code, none: 'Nothing was refused within the last hour.' });
  const relays = table('Relays', relayColumns, { key: (r) => r.name });
  into.append(
    el('dl', { class: 'tiles panel' }, Object.values(tiles).map((t) => t.node)),
    el('div', { class: 'charts' },
      section('Callers’ first audio', 'this relay, each 10 s', first.node), section('Generations', 'this relay, each 10 s', trouble.node)),
    section('Relays', null, relays.node),
    section('Refusals', null, refusals.node),
  );

  function update(live) {
    const n = live.now;
    const minutes = `of ${count(n.generations)} in ${n.window_s / 60} min`;
    const set = (id, figure, note) => { fill(tiles[id].figure, figure); fill(tiles[id].note, note); };
    set('active', count(n.active), `${count(n.connections)} clients`);
    for (const id of ['p50', 'p95', 'p99']) set(id, milliseconds(n.first_audio_ms[id]), `last ${n.window_s / 60} min`);
    set('rerouted', share(n.rerouted, n.generations), minutes);
    set('failed', share(n.failed, n.generations), minutes);
    set('refusals', count(Object.values(n.refusals).reduce((a, b) => a + b, 0)), counts(n.refusals) === '–' ? 'none' : counts(n.refusals));
    set('cost', live.today ? costs(live.today.cost) : '…', live.today ? `${count(live.today.count)} generations${live.today.complete ? '' : ', incomplete'}` : '');
    first.update(live.points, now());
    trouble.update(live.points, now());
    const hour = live.points.reduce((all, p) => add(all, p.refusals), {});
    const codes = Object.keys({ ...hour, ...n.refusals }).sort((a, b) => (hour[b] ?? 0) - (hour[a] ?? 0));
    refusals.update(codes.map((code) => ({ code, minute: n.refusals[code] ?? 0, hour: Math.max(hour[code] ?? 0, n.refusals[code] ?? 0) })));
    relays.update(live.relays);
  }
  return { update };
}
