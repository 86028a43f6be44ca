// The graph: who calls whom in a window, drawn from the rows that `bin/lab top` prints.

import { $, h, keyed, s, set, setText } from './dom.js';
import { arrange, aside, box, curve, d, fitTo, narrow, on, place, size } from './place.js';
import { glyph, kindOf, kinds, icon, name as kindName } from './signs.js';
import { changed, shown, state } from './state.js';
import { cause, errors, perSecond, t, took } from './words.js';

const layers = {};
let svg;

export function build() {
  svg = s('svg', { role: 'img', 'aria-labelledby': 'graph-title', preserveAspectRatio: 'xMidYMid meet' },
    s('title', { id: 'graph-title', text: t('edges') }));
  for (const layer of ['copies', 'edges', 'nodes', 'labels', 'stops', 'steps']) {
    svg.append((layers[layer] = s('g', { class: layer })));
  }
  $('stage').append(svg);
  new ResizeObserver(() => turn() && changed()).observe($('stage'));
  turn();
  $('legend').append(...kinds.map((k) => h('li', {}, icon(k), kindName(k))));
}

// turn fits the order of the nodes to the window's width.
function turn() {
  const other = fitTo($('stage').clientWidth);
  $('stage').classList.toggle('narrow', narrow);
  if (other && current) current = model(shown());
  return other;
}

// model sorts rows into nodes, edges, and calls that ended where they began: those never left the
// caller's sidecar, and are drawn there.
export function model(table) {
  const pods = new Map();
  for (const p of table.pods || []) pods.set(p.workload, [...(pods.get(p.workload) || []), p]);
  const nodes = new Map([['ingress', { name: 'ingress', pods: [] }]]);
  for (const [name, list] of pods) nodes.set(name, { name, pods: list });
  const edges = [];
  const stops = [];
  for (const row of table.rows || []) {
    const outside = !pods.has(row.to) && row.errors < row.requests;
    if (!nodes.has(row.from)) nodes.set(row.from, { name: row.from, pods: [], left: true });
    if (outside) nodes.set(row.to, { name: row.to, pods: [], outside: true });
    if (nodes.has(row.to)) edges.push({ key: `${row.from}>${row.to}`, ...row });
    else stops.push(...stopsOf(row));
  }
  for (const n of nodes.values()) {
    n.at = place(n.name, edges.filter((e) => e.to === n.name).map((e) => e.from));
  }
  for (const n of nodes.values()) {
    const below = stops.filter((x) => x.from === n.name).length;
    const away = n.pods.filter(isAway).length;
    n.height = height(n);
    n.tall = n.height + (away ? 16 + away * 58 : 0) + (below ? 14 + below * 38 : 0);
  }
  arrange(nodes.values());
  return { nodes, edges, stops, copies: copiesOf(table, nodes) };
}

const stopsOf = (row) => Object.entries({ ...row.causes, ...row.fine }).map(([c, n]) => ({
  key: `${row.from}>${row.to}:${c}`, from: row.from, to: row.to, cause: c, n, rate: (row.rate * n) / row.requests,
}));

const copiesOf = (table, nodes) => (table.copies || []).filter((c) => nodes.has(c.from) && nodes.has(c.to))
  .map((c) => ({ key: `${c.from}>${c.to}`, ...c }));

export let current = null; // what the dots run on

export function draw() {
  const table = shown();
  if (!table) return;
  const m = (current = model(table));
  const { width, height } = size();
  set(svg, 'viewBox', `0 0 ${width} ${height}`);
  keyed(layers.copies, m.copies, (c) => c.key, copyNode, (node, c) => drawCopy(node, c, m));
  keyed(layers.edges, m.edges, (e) => e.key, edgeNode, (node, e) => drawEdge(node, e, m));
  keyed(layers.labels, m.edges, (e) => e.key, labelNode, (node, e) => drawLabel(node, e, m));
  keyed(layers.nodes, [...m.nodes.values()], (n) => n.name, nodeNode, drawNode);
  keyed(layers.stops, m.stops, (x) => x.key, stopNode, (node, x) => drawStop(node, x, m));
  drawSteps(m);
}

const edgeNode = () => s('g', {}, s('path', { class: 'stripe' }), s('path', { class: 'stripe bad' }), s('path', { class: 'thread' }));

const wide = (rate) => Math.min(26, 2 + 3 * Math.sqrt(rate));

function drawEdge(node, e, m) {
  const line = d(curve(m.nodes.get(e.from).at, m.nodes.get(e.to).at));
  const [all, bad, thread] = node.children;
  for (const p of [all, bad, thread]) set(p, 'd', line);
  set(all, 'stroke-width', Math.round(wide(e.rate)));
  set(bad, 'stroke-width', Math.ceil(wide(e.rate) * (e.errors / e.requests)));
  set(node, 'class', onPath(e) ? 'path' : state.why ? 'dim' : '');
}

const onPath = (e) => state.why && state.why.calls.some((c) => c.from === e.from && c.to === e.to);

const isPart = (e) => e.share < 99.95;

const labelNode = () => s('g', {}, s('text', { class: 'rate' }), s('text', { class: 'small' }), s('text', { class: 'small' }), s('text', { class: 'errors' }), s('text', { class: 'errors' }),
  s('g', { class: 'loop' }, s('path', { d: 'M-3-7A8 8 0 1 0 6-5M2-10 7-5.5 1.5-1.5', fill: 'none' }), s('text', { x: 14, y: 4 })),
  s('g', { class: 'gate' }, s('path', { d: 'M-4-15V15M4-15V15M-4-8 4-8M-4 0H4M-4 8H4' }), s('text', { x: 4 })));

const windowName = (table) => t({ '10s': 'w10s', '1m': 'w1m', change: 'wchange' }[table.span]);
const shortWindow = (table) => ({ '10s': '10 s', '1m': '1 min', change: `${seconds(table)} s` })[table.span];
const seconds = (table) => Math.max(1, Math.round((Date.parse(table.to) - Date.parse(table.from)) / 1000));

const line = 16; // from one line of a label to the next
const clear = 10; // as far as a dot reaches to either side of its line

// labelAt is where the first line of a label stands, and where those about errors do: where neither the
// edge runs through it, nor its dots cover it.
function labelAt(c, e) {
  const lift = Math.max(clear, Math.round(wide(e.rate) / 2));
  if (narrow) {
    const lines = 2 + isPart(e);
    const top = c[3][1] + 8 - line * (lines + (e.errors ? 2 : 0)); // above the end, where the line is nearly upright
    return { x: c[3][0] + lift + 6, top, under: top + lines * line, anchor: 'start', down: true, lift };
  }
  const [half, middle] = on(c, 0.5);
  if (Math.abs(c[0][1] - c[3][1]) < 30) return { x: half, top: middle - lift - line - 5, under: middle + lift + line - 2, lift };
  const [x, y] = [c[3][0] - 76, c[3][1]]; // beyond the end, to which the line only comes
  const down = c[3][1] > c[0][1]; // the line comes from above: there is room below it
  const top = down ? y + lift + line : y - lift - 5 - line * (e.errors ? 3 : 1);
  return { x, top, under: top + 2 * line, down, lift };
}

// clip ends a text that is too long, after a word if it has several.
const clip = (text, most) => (text.length > most ? `${text.slice(0, most - 1).replace(/ \S*$/, '')}…` : text);

function drawLabel(node, e, m) {
  const c = curve(m.nodes.get(e.from).at, m.nodes.get(e.to).at);
  const [rate, part, small, bad, worst, loop, gate] = node.children;
  const { x, top, under, anchor, down, lift } = labelAt(c, e);
  for (const text of [rate, part, small, bad, worst]) set(text, 'text-anchor', anchor || 'middle');
  const p95 = e.p95 === undefined ? '' : `p95 ${took(e.p95)}`;
  const share = isPart(e) ? `${e.share.toFixed(0)} %` : ''; // of a narrow window it has a line
  put(rate, x, top, [perSecond(e.rate), narrow ? '' : share].filter(Boolean).join(' · '));
  put(part, x, top + line, narrow ? share : '');
  put(small, x, top + (narrow && share ? 2 : 1) * line, narrow ? p95 : [shortWindow(shown()), p95].filter(Boolean).join(' · '));
  put(bad, x, under, e.errors ? errors(e.errors) : '');
  put(worst, x, under + line, e.errors ? clip(mostOf(e), narrow && x > 240 ? 12 : 24) : '');
  loop.toggleAttribute('hidden', !e.retries);
  if (e.retries) {
    const [lx, ly] = on(c, narrow ? 0.3 : 0.66);
    set(loop, 'transform', narrow ? `translate(${lx + 20} ${ly - 4})` : `translate(${lx - 24} ${ly + lift * (down ? -1 : 1) + (down ? -16 : 18)})`);
    setText(loop.lastElementChild, t('tries', { n: e.retries }));
  }
  const full = (e.causes || {})['circuit full'];
  gate.toggleAttribute('hidden', !full);
  if (full) {
    const [gx, gy] = on(c, 0.12);
    set(gate, 'transform', `translate(${gx} ${gy})`);
    const { at } = m.nodes.get(e.from);
    set(gate.lastElementChild, 'y', narrow ? 32 : at.y + at.tall + 14 - gy); // below what hangs at the box
    setText(gate.lastElementChild, `${cause('circuit full')} ×${full}`);
  }
  set(node, 'class', state.why && !onPath(e) ? 'dim' : '');
}

// mostOf is the most frequent cause of the errors; the table has all.
function mostOf(e) {
  const [most] = Object.entries(e.causes || {}).sort((a, b) => b[1] - a[1]);
  return most ? cause(most[0]) : '';
}

function put(text, x, y, words) {
  set(text, 'x', x.toFixed(1));
  set(text, 'y', y.toFixed(1));
  setText(text, words);
}

const nodeNode = (n) => s('g', {}, s('rect', { rx: 8, width: box.width }), s('text', { class: 'name', x: box.width / 2, y: 20 }),
  s('g', { class: 'pods', transform: `translate(12 ${box.head + 12})` }), s('g', { class: 'away' }));

const height = (n) => box.head + (n.pods.length ? 6 : 0) + Math.min(n.pods.filter((p) => !isAway(p)).length, box.most) * box.pod;
const isAway = (p) => p.ejected && p.ejected.length > 0;

function drawNode(node, n) {
  const [rect, title, pods, away] = node.children;
  set(node, 'transform', `translate(${n.at.x} ${n.at.y})`);
  const kind = n.outside || n.left ? 'outside' : n.name === 'ingress' ? 'ingress' : 'workload';
  const active = !state.why || n.name === 'ingress' || state.why.calls.some((c) => c.to === n.name || c.from === n.name);
  set(node, 'class', `${kind}${active ? '' : ' dim'}`);
  set(rect, 'height', n.height);
  set(rect, 'width', box.width);
  set(title, 'x', box.width / 2);
  setText(title, clip(n.name, 20));
  const here = n.pods.filter((p) => !isAway(p));
  const list = here.slice(0, box.most);
  keyed(pods, list, (p) => p.name, podNode, (g, p) => {
    set(g, 'transform', `translate(0 ${list.indexOf(p) * box.pod})`);
    set(g, 'class', p.ready ? 'ready' : 'waiting');
    const rest = here.length - box.most;
    const more = rest > 0 && list.indexOf(p) === box.most - 1 ? `, ${t('more', { n: rest })}` : '';
    setText(g.lastElementChild, p.ready && !more ? short(p) : short(p).split('-').pop() + (p.ready ? '' : ` ${t('notReady')}`) + more);
  });
  keyed(away, n.pods.filter(isAway), (p) => p.name, awayNode, (g, p) => {
    const i = n.pods.filter(isAway).indexOf(p);
    set(g, 'transform', `translate(14 ${n.height + 16 + i * 58})`);
    set(g.firstElementChild, 'width', box.width - 14);
    setText(g.children[2], short(p));
    setText(g.children[3], t('ejectedBy', { who: p.ejected.join(', ') }));
    setText(g.children[4], returns(p));
  });
}

const podNode = () => s('g', {}, s('circle', { r: 4, cx: 0, cy: 0 }), s('text', { x: 10, y: 4 }));
const awayNode = () => s('g', {}, s('rect', { width: box.width - 14, height: 52, rx: 6 }), s('path', { d: 'M8 10l6 6m0-6-6 6' }),
  s('text', { x: 22, y: 17 }),
  s('text', { x: 8, y: 32, class: 'small' }), s('text', { x: 8, y: 46, class: 'small' }));

const short = (p) => (p.name.startsWith(p.workload) ? p.name.slice(p.workload.length + 1) : p.name).slice(-17);

// returns says when an ejected pod comes back, if the proxy said for how long it went.
export function returns(p) {
  if (!p.until) return '';
  const left = Math.ceil((Date.parse(p.until) - state.snapshot.at) / 1000);
  return left > 0 ? t('returns', { n: left }) : t('returnsAny');
}

const copyNode = () => s('g', {}, s('path', {}), s('text', { class: 'small' }), s('text', { class: 'errors' }));

function drawCopy(node, c, m) {
  const path = aside(curve(m.nodes.get(c.from).at, m.nodes.get(c.to).at));
  set(node.children[0], 'd', d(path));
  const [x, y] = besideCopies(path, c, m);
  for (const text of [node.children[1], node.children[2]]) set(text, 'text-anchor', narrow && x > 190 ? 'end' : 'middle');
  put(node.children[1], x, y, narrow ? `${kindName('copy')} ${perSecond(c.rate)}` : `${kindName('copy')} ${perSecond(c.rate)}, ${shortWindow(shown())}`);
  put(node.children[2], x, y + 15, c.failed ? t('copiesFailed', { n: c.failed }) : '');
}

// besideCopies is where their label stands: below that of the edge to the same node, if there is one.
function besideCopies(path, c, m) {
  if (narrow) return [path[3][0], path[3][1] - 56];
  const [mx, my] = on(path, 0.5);
  if (path[3][1] < path[0][1]) return [mx - 46, my + 26];
  const edge = m.edges.find((e) => e.from === c.from && e.to === c.to);
  return [path[3][0] - 88, path[3][1] + 30 + (edge ? line * (edge.errors ? 4 : 2) : 0)];
}

const stopNode = () => s('g', {}, s('path', { class: 'drop', d: 'M0-16V-8' }), s('g', {}), s('text', { x: 14, y: 4 }), s('text', { class: 'small', x: 14, y: 18 }));

// stopAt is where calls end that did not leave their caller's sidecar: below its box.
export function stopAt(m, x) {
  const n = m.nodes.get(x.from);
  const i = m.stops.filter((o) => o.from === x.from).indexOf(x);
  const away = n.pods.filter(isAway).length;
  return [narrow ? 16 : n.at.x + 18, n.at.y + n.height + 22 + (away ? 6 : 0) + away * 58 + Math.max(i, 0) * 38];
}

function drawStop(node, x, m) {
  const [px, py] = stopAt(m, x);
  set(node, 'transform', `translate(${px} ${py})`);
  const full = x.cause === 'circuit full';
  if (!node.children[1].firstChild) {
    node.children[1].append(full ? s('path', { class: 'bars', d: 'M-4-9V9M4-9V9M-4-4H4M-4 4H4' }) : glyph(kindOf({ ...x, failed: true, by: 'sidecar' })));
  }
  setText(node.children[2], `${narrow ? clip(cause(x.cause), 16) : cause(x.cause)} ${perSecond(x.rate)}`);
  setText(node.children[3], narrow ? `→ ${clip(x.to, 18)}` : `→ ${x.to}, ${shortWindow(shown())}`);
}

// drawSteps numbers the calls of the request that is explained.
function drawSteps(m) {
  const steps = [];
  (state.why ? state.why.calls : []).forEach((c, i) => {
    const from = m.nodes.get(c.from);
    const to = m.nodes.get(c.to);
    if (from && to) steps.push({ n: i + 1, call: c, at: on(curve(from.at, to.at), 0.06) });
    else if (from) steps.push({ n: i + 1, call: c, at: [from.at.x + box.width, from.at.y + box.head] });
  });
  keyed(layers.steps, steps, (x) => String(x.n), () => s('g', {}, s('circle', { r: 12 }), s('text', { y: 5 })), (g, x) => {
    set(g, 'transform', `translate(${x.at[0]} ${x.at[1]})`);
    set(g, 'class', kindOf(x.call));
    setText(g.lastElementChild, String(x.n));
  });
}

// caption says of which time the numbers are, and what is not in them.
export function caption() {
  const table = shown();
  if (!table) return '';
  let text = t('numbers', { window: windowName(table) });
  if (state.look !== null) text = t('numbers', { window: t('ago', { n: Math.round(state.latest.at / 1000 - state.look) }) });
  else if (table.span === 'change') text = t('numbers', { window: t('sinceMark', { n: seconds(table) }) });
  return table.dropped ? `${text}. ${t('dropped', { n: table.dropped })}` : text;
}
