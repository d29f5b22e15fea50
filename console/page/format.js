// How figures, times and money are written.
import { el } from './dom.js';

const number = new Intl.NumberFormat('en');

export const count = (n) => (n === null || n === undefined ? '–' : number.format(n));

export function milliseconds(ms) {
  if (ms === null || ms === undefined) return '–';
  return ms < 10000 ? `${number.format(Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

export function share(part, whole) {
  if (!whole) return '–';
  const percent = (100 * part) / whole;
  return `${percent === 0 || percent >= 10 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}

// money keeps cents, and three digits that say something where there are fewer than that.
export function money(amount, currency) {
  if (amount === null || amount === undefined) return 'unknown';
  const [whole, decimals = ''] = String(amount).split('.');
  const small = Number(whole) === 0 ? decimals.search(/[1-9]/) + 3 : 0;
  const kept = decimals.slice(0, Math.max(2, small)).replace(/(\d\d\d*?)0+$/, '$1').padEnd(2, '0');
  return `${number.format(Number(whole))}.${kept} ${currency ?? ''}`.trim();
}

export const costs = (all) => (all && all.length > 0 ? all.map((c) => money(c.amount, c.currency)).join(', ') : '–');

export function length(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

// ahead is how far the relay's clock is ahead of this browser's, so that ages are right on a machine whose clock is not.
let ahead = 0;
export function setClock(at) { ahead = Date.parse(at) - Date.now(); }
export const now = () => Date.now() + ahead;

export function relative(at) {
  const passed = now() - Date.parse(at);
  if (passed < -1500) return `in ${length(-passed)}`;
  return passed < 1500 ? 'just now' : `${length(passed)} ago`;
}

// time is a time as people say it, with the exact one as its title. tick renews them.
export function time(at, form = 'relative') {
  if (!at) return '–';
  const node = el('time', { datetime: at, title: at, 'data-form': form });
  node.textContent = written(node);
  return node;
}

function written(node) {
  const at = node.getAttribute('datetime');
  return node.dataset.form === 'age' ? length(now() - Date.parse(at)) : relative(at);
}

export function tick() {
  for (const node of document.querySelectorAll('time[data-form]')) {
    const text = written(node);
    if (node.textContent !== text) node.textContent = text;
  }
}

// counts writes what was counted by name, the most first.
export function counts(all) {
  const names = Object.entries(all ?? {}).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
  return names.length === 0 ? '–' : names.map(([name, n]) => `${name} ${number.format(n)}`).join(', ');
}

export function add(into, from) {
  for (const [name, n] of Object.entries(from ?? {})) into[name] = (into[name] ?? 0) + n;
  return into;
}
