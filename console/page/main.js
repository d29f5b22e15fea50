// The page: signing in, the views, and the stream that keeps them up to date.
import { announce, el, fill } from './dom.js';
import { forget, keep, key, needsKey } from './api.js';
import { tick } from './format.js';
import { state, stopWatching, watch } from './live.js';
import * as now from './view-now.js';
import * as vendors from './view-vendors.js';
import * as tenants from './view-tenants.js';
import * as running from './view-running.js';
import * as failures from './view-failures.js';
import * as talk from './view-talk.js';
import * as configuration from './view-configuration.js';

const views = { now, vendors, tenants, live: running, failures, talk, configuration };
const main = document.getElementById('main'), nav = document.getElementById('nav');
const connection = document.getElementById('connection'), signOut = document.getElementById('sign-out');
let shown = null; // the view that is open, and what it was given
let renewal = 0;

nav.append(...Object.entries(views).map(([name, view]) => el('a', { href: `#${name}` }, view.title)));

const chosen = () => (location.hash.slice(1) in views ? location.hash.slice(1) : 'now');

// show opens a view, unless it is open.
function show(name) {
  if (shown?.name === name) return;
  close();
  const view = views[name];
  document.title = `${view.title} · voicerelay`;
  for (const link of nav.children) {
    if (link.hash === `#${name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const into = el('div', { class: 'view' });
  main.replaceChildren(el('h1', { class: 'unseen' }, view.title), into);
  shown = { name, into, ...view.open(into) };
  into.dataset.view = name;
  if (state.now) changed();
  load(shown);
  if (view.every) renewal = setInterval(() => { if (!document.hidden) load(shown); }, view.every);
}

function close() {
  clearInterval(renewal);
  shown?.close?.();
  shown = null;
}

// load has a view ask for what is not in the stream.
async function load(view) {
  try {
    await view.load?.();
    view.into.querySelector('.load-fault')?.remove();
    view.into.dataset.loaded = 'true';
  } catch (error) {
    if (shown !== view) return;
    const told = view.into.querySelector('.load-fault') ?? el('p', { class: 'load-fault fault', role: 'alert' });
    fill(told, `Not all could be read: ${error.message}`);
    view.into.prepend(told);
  }
}

function changed() {
  if (shown) {
    if (!document.hidden) shown.update(state);
    shown.into.dataset.live = 'true';
  }
}

function said(how, error) {
  connection.className = how === 'live' ? '' : 'lost';
  fill(connection, { live: 'live', lost: 'connection lost, trying again', refused: '' }[how]);
  if (how === 'refused') {
    forget();
    signIn(error.status === 403 ? `This key is refused: ${error.message}.` : `Refused: ${error.message}.`);
  }
}

function start() {
  signOut.hidden = !needsKey;
  nav.hidden = false;
  watch(changed, said);
  show(chosen());
}

function signIn(fault) {
  close();
  stopWatching();
  signOut.hidden = true;
  nav.hidden = true;
  document.title = 'voicerelay';
  const input = el('input', { type: 'password', autocomplete: 'off', spellcheck: 'false', required: true, id: 'key' });
  const form = el('form', {}, el('label', {}, 'Admin key', input), el('div', { class: 'actions' }, el('button', { type: 'submit', class: 'main' }, 'Open')));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    keep(input.value.trim());
    start();
  });
  main.replaceChildren(el('div', { class: 'sign-in' }, el('h1', {}, 'Console'),
    el('p', { class: 'muted' }, 'It needs an admin key of this relay. The key is kept in this tab until it is closed, and sent to this relay alone.'),
    fault ? el('p', { class: 'fault', role: 'alert' }, fault) : null, form));
  input.focus();
}

signOut.addEventListener('click', () => {
  forget();
  signIn();
  announce('The key is forgotten.');
});
addEventListener('hashchange', () => {
  if (!nav.hidden) {
    show(chosen());
    main.focus();
  }
});
document.addEventListener('visibilitychange', () => { if (!document.hidden && shown && state.now) shown.update(state); });
addEventListener('resize', () => { if (shown && state.now) shown.update(state); });
setInterval(() => { if (!document.hidden) tick(); }, 1000);

if (needsKey && !key()) signIn();
else start();
