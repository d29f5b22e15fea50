// What the relay is asked. The key is kept in this tab alone, and sent as a header.

const place = 'voicerelay-key';
export const access = document.documentElement.dataset.access;
export const needsKey = access === 'key';
export const readOnly = access === 'readonly';
export const isDemo = document.documentElement.dataset.demo === 'true';

export const key = () => (needsKey ? sessionStorage.getItem(place) : null);
export const keep = (value) => sessionStorage.setItem(place, value);
export const forget = () => sessionStorage.removeItem(place);

// Refused is an answer that is an error: of the relay, or of the way to it.
export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

// ask sends a request. Paths are beside the page, so that it works below a prefix of a proxy too.
export async function ask(path, { method = 'GET', body, headers = {}, signal } = {}) {
  const all = { ...headers };
  if (key()) all.Authorization = `Bearer ${key()}`;
  if (body !== undefined) all['Content-Type'] = 'application/json';
  const answer = await fetch(path, { method, headers: all, body: body === undefined ? undefined : JSON.stringify(body), signal, cache: 'no-store', credentials: 'omit' });
  if (answer.ok) return answer;
  let error = {};
  try { ({ error } = await answer.json()); } catch { /* it is of a proxy, and its status says enough */ }
  throw new Refused(answer.status, error?.code, error?.message ?? `the answer is ${answer.status}`);
}

export const read = async (path, options) => (await ask(path, options)).json();

// lines are those of a streamed answer, each read as JSON.
export async function* lines(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value).split('\n');
      rest = parts.pop();
      for (const line of parts) if (line) yield JSON.parse(line);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
