// The generations under way, at all relays.
import { announce, el, fill, list, section, table } from './dom.js';
import { count, seconds, time } from './format.js';
import { ask, readOnly } from './api.js';

export const title = 'Live';

const sure = 4000; // how long a second press cancels

// cancelling is a button that cancels at its second press: what it ends, a caller hears.
function cancelling(g) {
  const button = el('button', { type: 'button', class: 'small', 'aria-label': `Cancel ${g.generation_id} of ${g.tenant}` }, 'Cancel');
  let waiting = 0;
  const reset = () => { waiting = 0; button.className = 'small'; fill(button, 'Cancel'); };
  button.addEventListener('click', async () => {
    if (!waiting) {
      fill(button, 'Really?');
      button.className = 'small danger';
      announce('Press again to cancel the generation.');
      waiting = setTimeout(reset, sure);
      return;
    }
    clearTimeout(waiting);
    button.disabled = true;
    fill(button, 'Cancelling');
    try {
      await ask(`v1/live/${encodeURIComponent(g.record_id)}`, { method: 'DELETE' });
      announce('The generation is cancelled.');
    } catch (error) {
      button.disabled = false;
      reset();
      announce(`Not cancelled: ${error.message}`);
    }
  });
  return button;
}

export function open(into) {
  const columns = [
    { head: 'Generation', cell: (g) => list(el('span', { class: 'code' }, g.generation_id), g.context_id ? el('span', { class: 'muted' }, `conversation ${g.context_id}`) : '') },
    { head: 'Age', num: true, cell: (g) => time(g.began_at, 'age') },
    { head: 'Tenant', cell: (g) => list(g.tenant, el('span', { class: 'muted' }, `key ${g.key}`)) },
    { head: 'Route', cell: (g) => list(g.route, el('span', { class: 'muted' }, g.dialect)) },
    { head: 'Vendor now', cell: (g) => (g.provider ? list(g.provider, el('span', { class: 'muted' }, g.model ?? '')) : 'none yet') },
    { head: 'Attempts', num: true, cell: (g) => count(g.attempts) },
    { head: 'Sent', num: true, cell: (g) => seconds(g.sent_ms) },
    { head: 'Characters', num: true, cell: (g) => count(g.characters) },
    { head: 'Relay', broken: true, cell: (g) => el('span', { class: 'id code', title: g.relay }, g.relay) },
  ];
  if (!readOnly) columns.splice(1, 0, { head: '', label: 'Cancel', made: cancelling });
  const running = table('Generations under way', columns, { key: (g) => g.record_id, none: 'Nothing is spoken now.' });
  const total = el('p', { class: 'muted' });
  const shown = section('Generations under way', null, running.node);
  shown.firstChild.append(total);
  into.append(shown);
  return {
    update(live) {
      running.update(live.generations);
      const more = live.now.active - live.generations.length;
      fill(total, more > 0 ? `${count(live.now.active)}, of which the last ${count(live.generations.length)} are listed` : '');
    },
  };
}
