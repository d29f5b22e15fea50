// Charts of the last hour, as small SVGs.
import { el, svg } from './dom.js';

const height = 190, left = 46, right = 8, top = 10, bottom = 22;
const minute = 60000, hour = 60 * minute;

// spanOf is how much time a chart shows: what there is, in steps.
const spanOf = (points, until) => [10, 20, 30, 60].map((n) => n * minute).find((n) => points.length === 0 || until - Date.parse(points[0].at) <= n) ?? hour;

// scale is the least round number that is not below a value.
function scale(most) {
  if (!(most > 0)) return 1;
  const unit = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 2.5, 5, 10].map((n) => n * unit).find((n) => n >= most);
}

// runs are the stretches of a line without a gap.
function runs(points, value, x, y) {
  const all = [[]];
  for (const p of points) {
    const v = value(p);
    if (v === null || v === undefined) {
      if (all.at(-1).length > 0) all.push([]);
    } else {
      all.at(-1).push([x(p), y(v)]);
    }
  }
  return all.filter((run) => run.length > 0);
}

function draw(into, series, points, x, y) {
  series.forEach(({ value }, i) => {
    const kind = ['first', 'second', 'third'][i];
    for (const run of runs(points, value, x, y)) {
      if (run.length === 1) into.append(svg('circle', { class: kind, cx: run[0][0].toFixed(1), cy: run[0][1].toFixed(1), r: 2 }));
      else into.append(svg('polyline', { class: kind, points: run.map(([a, b]) => `${a.toFixed(1)},${b.toFixed(1)}`).join(' ') }));
    }
  });
}

// chart is a chart of several lines. series have name and value(point); unit writes a value.
export function chart(title, series, unit) {
  const picture = svg('svg', { class: 'chart', role: 'img' });
  const legend = el('ul', { class: 'legend' }, series.map(({ name }, i) => el('li', {},
    svg('svg', { viewBox: '0 0 26 8', 'aria-hidden': 'true' }, svg('line', { class: ['first', 'second', 'third'][i], x1: 0, x2: 26, y1: 4, y2: 4 })), name)));
  const node = el('div', { class: 'panel padded' }, picture, legend);

  function update(points, until) {
    const width = Math.max(280, picture.clientWidth); // so that its text has the size of other text
    picture.setAttribute('viewBox', `0 0 ${width} ${height}`);
    const values = points.flatMap((p) => series.map(({ value }) => value(p) ?? 0));
    const most = scale(Math.max(0, ...values));
    const span = spanOf(points, until), minutes = span / minute;
    const x = (p) => left + (width - left - right) * (1 - (until - Date.parse(p.at)) / span);
    const y = (v) => top + (height - top - bottom) * (1 - v / most);
    picture.replaceChildren();
    for (const part of [0, 0.5, 1]) {
      const at = y(most * part);
      picture.append(svg('line', { class: 'grid', x1: left, x2: width - right, y1: at, y2: at }));
      picture.append(svg('text', { x: left - 6, y: at + 4, 'text-anchor': 'end' }, unit(most * part)));
    }
    for (const [part, name, anchor] of [[0, `${minutes} min ago`, 'start'], [0.5, `${minutes / 2} min`, 'middle'], [1, 'now', 'end']]) {
      picture.append(svg('text', { x: left + (width - left - right) * part, y: height - 5, 'text-anchor': anchor }, name));
    }
    draw(picture, series, points.filter((p) => until - Date.parse(p.at) <= span), x, y);
    const last = points.at(-1);
    const said = last ? series.map(({ name, value }) => `${name} ${value(last) === null ? 'none' : unit(value(last))}`).join(', ') : 'nothing yet';
    picture.setAttribute('aria-label', `${title}. The last ten seconds: ${said}.`);
  }
  return { node, update };
}

// spark is a chart within a table's cell: two lines, no axes.
export function spark(points, series, until, label) {
  const values = points.flatMap((p) => series.map(({ value }) => value(p) ?? 0));
  const most = Math.max(1, ...values);
  const picture = svg('svg', { class: 'spark', viewBox: '0 0 104 24', role: 'img', 'aria-label': label });
  draw(picture, series, points.filter((p) => until - Date.parse(p.at) <= hour), (p) => 2 + 100 * (1 - (until - Date.parse(p.at)) / spanOf(points, until)), (v) => 22 - 20 * (v / most));
  return picture;
}

// bar shows shares of a whole: spent and reserved.
export function bar(spent, reserved, label) {
  const of = (part) => Math.max(0, Math.min(100, 100 * part)).toFixed(1);
  return svg('svg', { class: 'bar', viewBox: '0 0 100 8', preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
    svg('rect', { class: spent >= 1 ? 'over' : 'spent', width: of(spent), height: 8 }),
    svg('rect', { class: 'reserved', x: of(spent), width: of(Math.min(reserved, 1 - spent)), height: 8 }));
}
