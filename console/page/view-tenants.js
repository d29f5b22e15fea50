// The tenants, their budgets and their keys.
import { el, list, section, state as badge, table } from './dom.js';
import { costs, count, counts, length, money, now, time } from './format.js';
import { bar } from './chart.js';
import { read } from './api.js';

export const title = 'Tenants';
export const every = 10000;

// ends is when a balance is used up at the pace of the period so far; null: not within it.
function ends(balance, begun) {
  const spent = Number(balance.spent) + Number(balance.reserved), left = Number(balance.left);
  if (left <= 0) return 0;
  const passed = now() - begun;
  if (spent <= 0 || passed <= 0) return null;
  const rest = (left / spent) * passed;
  return now() + rest < Date.parse(balance.resets_at) ? rest : null;
}

function begin(resets, monthly) {
  const at = new Date(resets);
  if (monthly) at.setUTCMonth(at.getUTCMonth() - 1);
  else at.setUTCDate(at.getUTCDate() - 1);
  return at.getTime();
}

function balance(b, currency, monthly) {
  if (!b) return 'no bound';
  const limit = Number(b.limit), spent = Number(b.spent), reserved = Number(b.reserved);
  const said = `${money(b.spent, '')} of ${money(b.limit, currency)}`;
  const rest = ends(b, begin(b.resets_at, monthly));
  const pace = rest === null ? el('span', { class: 'muted' }, 'lasts at this pace') : rest === 0 ? badge('used up', 'bad') : badge(`ends in ${length(rest)}`, 'warn');
  const held = reserved > 0 ? el('span', { class: 'muted' }, `${money(b.reserved, '')} reserved`) : null;
  return list(...[el('span', { class: 'nowrap' }, said), bar(spent / limit, reserved / limit, said), held, pace].filter(Boolean));
}

const rates = (l) => [
  l.generations_per_minute && `${count(l.generations_per_minute)} generations a minute`,
  l.max_concurrent_generations && `${count(l.max_concurrent_generations)} at a time`,
].filter(Boolean).join(', ') || 'none';

function keyStatus(k) {
  const shown = [];
  if (k.admin) shown.push(badge('admin'));
  if (k.secret === 'next_key') shown.push(badge('next secret'));
  if (k.expires_at) shown.push(el('span', {}, badge(Date.parse(k.expires_at) < now() ? 'expired' : 'expires', Date.parse(k.expires_at) < now() ? 'bad' : 'warn'), ' ', time(k.expires_at)));
  return shown.length ? list(...shown) : '–';
}

// whose is whom a budget bounds.
const whose = (b) => (b.scope === 'key' ? `key ${b.key} of ${b.tenant}` : b.scope === 'provider' ? `vendor ${b.provider}` : b.tenant);

export function open(into) {
  let live = null, tenants = [], budgets = [], month = {};
  const all = table('Tenants', [
    { head: 'Tenant', cell: (t) => t.name },
    { head: 'Active', num: true, cell: (t) => count(t.active) },
    { head: 'Generations today', num: true, cell: (t) => count(t.today?.count ?? 0) },
    { head: 'Cost today', num: true, cell: (t) => costs(t.today?.cost) },
    { head: 'Daily budget', cell: (t) => (t.budget ? balance(t.budget.daily, t.budget.currency, false) : '–') },
    { head: 'Cost this month', num: true, cell: (t) => costs(month[t.name]) },
    { head: 'Monthly budget', cell: (t) => (t.budget ? balance(t.budget.monthly, t.budget.currency, true) : '–') },
    { head: 'Refusals in the last hour', wide: true, cell: (t) => counts(t.refusals) },
    { head: 'Limits', wide: true, cell: (t) => (t.limits ? rates(t.limits) : '–') },
  ], { key: (t) => t.name, none: 'No tenant has spoken today.' });
  const parts = table('Budgets of keys and at vendors', [
    { head: 'Budget of', cell: whose },
    { head: 'Daily budget', cell: (b) => balance(b.daily, b.currency, false) }, { head: 'Monthly budget', cell: (b) => balance(b.monthly, b.currency, true) },
  ], { key: whose });
  const keys = table('Keys', [
    { head: 'Key', cell: (k) => k.name }, { head: 'Tenant', cell: (k) => k.tenant }, { head: 'Status', cell: keyStatus },
    { head: 'Last used', nowrap: true, cell: (k) => (k.last_used_at ? time(k.last_used_at) : 'not since the start') },
    { head: 'Limits of a connection', wide: true, cell: (k) => rates(k.limits) },
    { head: 'Of all requests', wide: true, cell: (k) => `${count(k.limits.http_generations_per_minute)} a minute, ${count(k.limits.max_concurrent_requests)} at a time` },
    { head: 'Longest text', num: true, cell: (k) => count(k.limits.max_text_characters) },
  ], { key: (k) => `${k.name} ${k.secret}`, none: 'The relay has no keys: programs of its own machine need none.' });
  const lesser = section('Budgets of keys and at vendors', null, parts.node);
  into.append(section('Tenants', 'over all relays', all.node), lesser, section('Keys', 'last use is at this relay, since its start', keys.node));

  function update(state) {
    live = state;
    const names = new Set([...tenants.map((t) => t.name), ...live.tenants.map((t) => t.name), ...Object.keys(live.today?.tenants ?? {})]);
    all.update([...names].sort().map((name) => ({
      name, ...live.tenants.find((t) => t.name === name), limits: tenants.find((t) => t.name === name)?.limits,
      active: live.tenants.find((t) => t.name === name)?.active ?? 0,
      today: live.today?.tenants[name], budget: budgets.find((b) => b.tenant === name && b.scope === 'tenant'),
    })));
    const further = budgets.filter((b) => b.scope !== 'tenant');
    parts.update(further);
    lesser.hidden = further.length === 0;
  }
  return {
    update,
    async load() {
      const first = `${new Date(now()).toISOString().slice(0, 7)}-01`;
      const [t, b, k, u] = await Promise.all([
        read('v1/tenants'), read('v1/budgets'), read('v1/keys'), read(`v1/usage?from=${first}&group_by=tenant`),
      ]);
      tenants = t.tenants;
      budgets = b.budgets;
      month = Object.fromEntries(u.groups.map((g) => [g.tenant, g.cost]));
      keys.update(k.keys);
      if (live) update(live);
    },
  };
}
