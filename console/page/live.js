// The one request by which the page lives: its lines are put together to what there is to see now.
import { ask, lines, Refused } from './api.js';
import { setClock } from './format.js';

const kept = 360; // points, of 10 s each

export const state = {};
let told = () => {};
let stop = null;

// take puts a line into what is known.
function take(line) {
  const { type, at, points, ...sections } = line;
  setClock(at);
  Object.assign(state, sections);
  if (type === 'snapshot') state.points = points;
  else if (points) state.points = [...state.points, ...points].slice(-kept);
  state.at = at;
}

// watch reads until stopWatching, and asks anew where the stream ends. changed is called with each line's sections, said with how the
// connection is: live, lost or refused.
export function watch(changed, said) {
  told = changed;
  const over = new AbortController();
  stop = () => over.abort();
  follow(over.signal, said);
}

export function stopWatching() {
  stop?.();
  stop = null;
  for (const name of Object.keys(state)) delete state[name];
}

async function follow(signal, said) {
  for (let wait = 500; !signal.aborted; wait = Math.min(wait * 2, 10000)) {
    try {
      for await (const line of lines(await ask('v1/live', { signal }))) {
        if (signal.aborted) return;
        wait = 500;
        take(line);
        said('live');
        told(line);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refused && (error.status === 401 || error.status === 403)) {
        said('refused', error);
        return;
      }
    }
    said('lost');
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
