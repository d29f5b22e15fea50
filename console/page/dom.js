// Elements, made without a word of HTML: what the relay tells is set as text alone.

// el makes an element. props are properties, or attributes where their name has a dash or is in lower case and no property.
export function el(name, props = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === 'class') node.className = value;
    else if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key in node && !key.includes('-') && typeof value !== 'string') node[key] = value;
    else node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

const svgSpace = 'http://www.w3.org/2000/svg';

export function svg(name, attributes = {}, ...children) {
  const node = document.createElementNS(svgSpace, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// fill shows a text or a node in an element, and touches it only where something has changed.
export function fill(node, value) {
  if (value instanceof Node) {
    if (node.childNodes.length !== 1 || !node.firstChild.isEqualNode(value)) node.replaceChildren(value);
    return;
  }
  const text = value === null || value === undefined ? '' : String(value);
  if (node.textContent !== text || node.children.length > 0) node.textContent = text;
}

// list shows several values one below the other.
export const list = (...values) => el('div', { class: 'list' }, values.map((value) => el('div', {}, value)));

export const state = (text, kind = '') => el('span', { class: `state ${kind}` }, text);

export function section(title, note, ...children) {
  const head = el('div', { class: 'head' }, el('h2', {}, title), note ? el('p', { class: 'muted' }, note) : null);
  return el('section', {}, head, ...children);
}

// table is a table whose rows are kept by their key, so that focus stays where it is. A column has head, cell(item) with a text or a
// node, and may have num, wide, broken, nowrap, or made(item), which is called once for each row.
export function table(caption, columns, { key, none = 'None.', within } = {}) {
  const body = el('tbody');
  const head = columns.map((c) => el('th', { scope: 'col', class: c.num ? 'num' : '' }, c.label ? el('span', { class: 'unseen' }, c.label) : c.head));
  const empty = el('p', { class: 'none' }, none);
  const scroll = el('div', { class: 'scroll panel', role: 'region', 'aria-label': caption, tabindex: '0' },
    el('table', {}, el('caption', {}, caption), el('thead', {}, el('tr', {}, head)), body), empty);
  const rows = new Map();

  function make(item) {
    const cells = columns.map((c, i) => {
      const kind = [c.num && 'num', c.wide && 'wide', c.broken && 'broken', c.nowrap && 'nowrap'].filter(Boolean).join(' ');
      const cell = i === 0 ? el('th', { scope: 'row', class: kind }) : el('td', { class: kind });
      if (c.made) cell.append(c.made(item));
      return cell;
    });
    const made = { item, cells, row: el('tr', {}, cells), open: null };
    if (within) opening(made);
    return made;
  }

  // opening gives a row a button that shows what is within it.
  function opening(made) {
    const button = el('button', { type: 'button', class: 'plain', 'aria-expanded': 'false' });
    made.cells[0].append(button);
    made.button = button;
    button.addEventListener('click', () => {
      if (made.open) {
        made.open.remove();
        made.open = null;
      } else {
        made.open = el('tr', {}, el('td', { colspan: String(columns.length) }));
        fill(made.open.firstChild, within(made.item));
        made.row.after(made.open);
      }
      button.setAttribute('aria-expanded', String(Boolean(made.open)));
    });
  }

  function update(items) {
    const seen = new Set();
    let last = null;
    for (const item of items) {
      const id = key(item);
      seen.add(id);
      if (!rows.has(id)) rows.set(id, make(item));
      const made = rows.get(id);
      made.item = item;
      columns.forEach((c, i) => { if (c.cell) fill(i === 0 && made.button ? made.button : made.cells[i], c.cell(item)); });
      if (made.open) fill(made.open.firstChild, within(item));
      const place = last ? last.nextSibling : body.firstChild;
      if (made.row !== place) body.insertBefore(made.row, place);
      last = made.row;
      if (made.open) {
        if (last.nextSibling !== made.open) last.after(made.open);
        last = made.open;
      }
    }
    for (const [id, made] of rows) {
      if (seen.has(id)) continue;
      made.row.remove();
      made.open?.remove();
      rows.delete(id);
    }
    empty.hidden = items.length > 0;
  }
  update([]);
  return { node: scroll, update };
}

// announce has a screen reader say something.
export function announce(text) { document.getElementById('announce').textContent = text; }
