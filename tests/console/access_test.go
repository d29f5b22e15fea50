package console

// accessible lists what is wrong with the page as it is: controls and pictures without a name, text of too little contrast, a table
// without heads, and a page that is wider than its window. It was written for this page, and knows its means alone.
const accessible = `(() => {
  const wrong = [];
  const shown = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
  const about = (e) => e.outerHTML.slice(0, 120);
  const name = (e) => (e.getAttribute('aria-label') || [...(e.labels ?? [])].map((l) => l.innerText).join(' ') || e.textContent).trim();
  for (const e of document.querySelectorAll('a, button, input, select, textarea, [role=img], [role=region], table, nav')) {
    const called = e.localName === 'table' ? e.caption?.textContent : name(e);
    if (shown(e) && !called) wrong.push('no name: ' + about(e));
  }
  for (const table of document.querySelectorAll('table')) {
    if (!table.querySelector('thead th[scope=col]')) wrong.push('no heads: ' + about(table));
    for (const row of table.tBodies[0].rows) {
      if (row.cells.length > 1 && row.cells[0].scope !== 'row') wrong.push('a row without a head: ' + about(row));
    }
  }
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  for (const id of ids) if (ids.filter((other) => other === id).length > 1) wrong.push('an id twice: ' + id);
  if (document.querySelectorAll('h1').length !== 1) wrong.push('there is not one h1');
  if (!document.documentElement.lang) wrong.push('no language');
  if (document.scrollingElement.scrollWidth > innerWidth) wrong.push('wider than the window: ' + document.scrollingElement.scrollWidth);

  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = rgba(getComputedStyle(e).backgroundColor);
      if (c[3] > 250) return c;
    }
    return [255, 255, 255, 255];
  };
  const light = (c) => {
    const [r, g, b] = [0, 1, 2].map((i) => (c[i] / 255 <= 0.04045 ? c[i] / 255 / 12.92 : ((c[i] / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || seen.has(e) || !shown(e) || e.closest('option, .unseen, caption, :disabled, .skip')) continue;
    seen.add(e);
    const style = getComputedStyle(e);
    const a = light(rgba(e instanceof SVGElement ? style.fill : style.color)), b = light(ground(e));
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) wrong.push('contrast ' + contrast.toFixed(2) + ': ' + about(e));
  }
  return wrong;
})()`

// checkAccessible fails the test for what accessible finds.
func (p *page) checkAccessible(where string) {
	p.t.Helper()
	for _, w := range value[[]string](p, accessible) {
		p.t.Errorf("%s: %s", where, w)
	}
}
