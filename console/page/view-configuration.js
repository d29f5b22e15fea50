// What is in force at this relay, without its secrets.
import { el, fill, section } from './dom.js';
import { time } from './format.js';
import { read } from './api.js';

export const title = 'Configuration';
export const every = 15000;

const plain = (v) => typeof v !== 'object';
const short = (v) => Array.isArray(v) && v.every(plain) && v.join(', ').length < 80;

// empty reports whether a value says nothing, so that it is left out.
const empty = (v) => v === null || v === '' || (!plain(v) && Object.values(v).every(empty));

// lines writes a configuration as its file is written. Of what has a name, the name comes first.
function lines(value, depth = 0) {
  const indent = '  '.repeat(depth);
  const entries = Object.entries(value).filter(([, v]) => !empty(v)).sort(([a], [b]) => (b === 'name') - (a === 'name'));
  return entries.flatMap(([name, v]) => {
    if (plain(v)) return [`${indent}${name}: ${v}`];
    if (short(v)) return [`${indent}${name}: [${v.join(', ')}]`];
    if (!Array.isArray(v)) return [`${indent}${name}:`, ...lines(v, depth + 1)];
    return [`${indent}${name}:`, ...v.flatMap((item) => {
      if (plain(item)) return [`${indent}  - ${item}`];
      const [first = '', ...rest] = lines(item, depth + 2);
      return [`${indent}  - ${first.trimStart()}`, ...rest];
    })];
  });
}

const notes = (title, all, kind) => section(title, null, el('ul', { class: `notes panel padded ${kind}` }, all.map((text) => el('li', {}, text))));

export function open(into) {
  const notices = el('div', { class: 'view' }), loaded = el('p', { class: 'muted' });
  const text = el('pre', { class: 'settings code', tabindex: '0', role: 'region', 'aria-label': 'The configuration in force' });
  const shown = section('In force', null, el('div', { class: 'panel' }, text));
  shown.firstChild.append(loaded);
  into.append(notices, shown);
  let before = '';
  return {
    update() {},
    async load() {
      const c = await read('v1/config');
      if (JSON.stringify(c) === before) return;
      before = JSON.stringify(c);
      const told = [];
      if (c.refused) told.push(section('Refused', null, el('p', {}, 'A later load was refused ', time(c.refused.at), ', and changed nothing.')), notes('Faults', c.refused.faults, 'fault'));
      if (c.needs_restart.length > 0) told.push(notes('Wait for a restart', c.needs_restart, ''));
      told.push(c.warnings.length > 0 ? notes('Warnings of the last load', c.warnings, '') : section('Warnings of the last load', null, el('p', { class: 'panel padded muted' }, 'None.')));
      notices.replaceChildren(...told);
      fill(loaded, el('span', {}, 'this relay, loaded ', time(c.loaded_at)));
      fill(text, lines(c.configuration).join('\n'));
    },
  };
}
