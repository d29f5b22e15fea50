// What was refused, failed or rerouted at this relay, the latest first.
import { el, fill, list, section, state as badge, table } from './dom.js';
import { count, length, money, seconds, time } from './format.js';
import { read } from './api.js';

export const title = 'Failures';
export const every = 5000;

const kinds = { refused: 'warn', failed: 'bad', rerouted: '' };
const outcomes = { completed: 'good', failed: 'bad', cancelled: 'warn' };
const filters = [['', 'all kinds'], ['failed', 'failed'], ['rerouted', 'rerouted'], ['refused', 'refused']];

// found are the parameters by which a failure may be looked for. One that has an equals sign is of its metadata.
const ids = ['record_id', 'generation_id', 'context_id'];

function within(f) {
  const attempts = table(`Attempts of ${f.generation_id || 'a request'}`, [
    { head: 'Attempt', cell: (a) => list(a.provider, el('span', { class: 'muted' }, a.model ?? '')) },
    { head: 'Outcome', cell: (a) => badge(a.outcome, outcomes[a.outcome]) },
    { head: 'Error', wide: true, cell: (a) => (a.code ? list(a.code, el('span', { class: 'muted' }, a.message ?? '')) : '–') },
    { head: 'Vendor’s id', broken: true, cell: (a) => (a.upstream_id ? el('span', { class: 'code' }, a.upstream_id) : '–') },
    { head: 'After', num: true, cell: (a) => seconds(Date.parse(a.started_at) - Date.parse(f.began_at)) },
    { head: 'For', num: true, cell: (a) => seconds(Date.parse(a.ended_at) - Date.parse(a.started_at)) },
    { head: 'Audio', num: true, cell: (a) => seconds(a.audio_ms) },
    { head: 'Cost', num: true, cell: (a) => money(a.cost.amount, a.cost.currency) },
  ], { key: (a) => a.number, none: 'No vendor was asked.' });
  attempts.update(f.attempts.map((a, number) => ({ ...a, number })));
  const facts = [
    ['Record', f.record_id], ['Generation', f.generation_id], ['Session', f.session_id], ['Conversation', f.context_id],
    ...Object.entries(f.metadata).map(([name, value]) => [`metadata ${name}`, value]),
  ].filter(([, value]) => value);
  return el('div', { class: 'within' }, el('dl', { class: 'facts' }, facts.map(([name, value]) => [el('dt', {}, name), el('dd', { class: 'code' }, value)])), attempts.node);
}

function why(f) {
  const shown = [];
  if (f.code) shown.push(f.code);
  if (f.message) shown.push(el('span', { class: 'muted' }, f.param ? `${f.param}: ${f.message}` : f.message));
  const failed = f.attempts.filter((a) => a.code).map((a) => `${a.provider}: ${a.code}`).join(', ');
  if (failed) shown.push(f.code ? el('span', { class: 'muted' }, failed) : failed);
  return shown.length > 0 ? list(...shown) : '–';
}

export function open(into) {
  const search = el('input', { type: 'search', spellcheck: 'false', placeholder: 'record, generation, conversation, or metadata as name=value' });
  const kind = el('select', {}, filters.map(([value, name]) => el('option', { value }, name)));
  const form = el('form', { class: 'fields', role: 'search' }, el('label', {}, 'Find', search), el('label', {}, 'Kind', kind));
  const failures = table('Failures', [
    { head: 'When', cell: (f) => time(f.ended_at) },
    { head: 'Kind', cell: (f) => badge(f.kind, kinds[f.kind]) },
    { head: 'Tenant', cell: (f) => list(f.tenant, el('span', { class: 'muted' }, `key ${f.key}`)) },
    { head: 'Route', broken: true, cell: (f) => f.route || '–' },
    { head: 'Why', wide: true, cell: why },
    { head: 'Attempts', num: true, cell: (f) => count(f.attempts.length) },
    { head: 'Took', num: true, cell: (f) => length(Date.parse(f.ended_at) - Date.parse(f.began_at)) },
    { head: 'Generation', broken: true, cell: (f) => (f.generation_id ? el('span', { class: 'id code', title: f.generation_id }, f.generation_id) : '–') },
  ], { key: (f) => f.record_id ?? `${f.session_id} ${f.generation_id} ${f.began_at}`, none: 'Nothing of the kind is kept.', within });
  const since = el('p', { class: 'muted' });
  const shown = section('Failures', null, form, failures.node);
  shown.firstChild.append(since);
  into.append(shown);

  // ask looks for what was typed by each of the names that it may have.
  async function ask() {
    const wanted = search.value.trim(), base = kind.value ? `kind=${kind.value}&` : '';
    const questions = !wanted ? [''] : wanted.includes('=') ? [`metadata=${encodeURIComponent(wanted)}`] : ids.map((id) => `${id}=${encodeURIComponent(wanted)}`);
    const answers = await Promise.all(questions.map((q) => read(`v1/failures?${base}${q}`)));
    const found = new Map(answers.flatMap((a) => a.failures).map((f) => [f.record_id ?? `${f.generation_id} ${f.began_at}`, f]));
    failures.update([...found.values()]);
    fill(since, el('span', {}, 'this relay, since ', time(answers[0].since)));
  }
  const again = () => ask().catch(() => {}); // the next look says what is wrong
  form.addEventListener('submit', (event) => { event.preventDefault(); again(); });
  search.addEventListener('input', again);
  kind.addEventListener('change', again);
  return { update() {}, load: ask };
}
