// The dots: each is one real request, on its way through the calls that it made. They run on a canvas
// above the graph. Without motion, each edge shows the last results in a row.

import { $, h } from './dom.js';
import { current, stopAt } from './graph.js';
import { aside, curve, on, size } from './place.js';
import { kindOf, kinds, path2d } from './signs.js';
import { frame, pause, state, tick, wait } from './state.js';

const hop = () => (state.rush ? 1000 : 650); // milliseconds that a dot takes for an edge: real ones are too short to see
const rushed = 1000; // milliseconds over which those that came together begin in a rush
const perSecond = 30; // dots that begin on an edge
const sample = 4; // and in a rush, beside its stripe; as many that are not as usual
const remembered = 6; // results that a still picture shows

let canvas;
let pen;
let colours = {};
let moving = []; // what runs: {line, kind, begin, until, back}
let running = false;
let painted = 0;
let empty = false; // nothing is on the canvas
const seen = new Set();
const budget = new Map(); // by edge: what may still begin in this second
const last = new Map(); // by edge: the latest results

export function build() {
  canvas = h('canvas', { 'aria-hidden': 'true' });
  $('stage').append(canvas);
  pen = canvas.getContext('2d');
  new ResizeObserver(fit).observe($('stage'));
  readColours();
}

// readColours takes the theme's colours from the legend: a canvas does not know them.
export function readColours() {
  colours = Object.fromEntries(kinds.map((k) => [k, getComputedStyle($('legend').querySelector(`.${k}`)).fill]));
}

// fit asks for the layout, which is dear: only when the graph or its window is of another size.
let fitted = '';
function fit() {
  fitted = `${size().width} ${size().height}`;
  const svg = $('stage').querySelector('svg');
  const r = window.devicePixelRatio || 1;
  const { clientWidth: w, clientHeight: hgt } = svg.parentElement;
  const width = svg.clientWidth || svg.getBoundingClientRect().width || w;
  const height = svg.clientHeight || svg.getBoundingClientRect().height || hgt;
  if (canvas.width !== Math.round(width * r) || canvas.height !== Math.round(height * r)) {
    canvas.width = Math.round(width * r);
    canvas.height = Math.round(height * r);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
}

// add begins the dots of requests that were not seen before. Those of the first snapshot are old.
export function add(requests, first) {
  requests.forEach((r, i) => {
    if (seen.has(r.id)) return;
    seen.add(r.id);
    if (!first) begin(r, state.rush ? (rushed * i) / requests.length : 0);
    else for (const c of r.calls) note(`${c.from}>${c.to}`, kindOf(c));
  });
  if (seen.size > 3000) for (const id of [...seen].slice(0, 2000)) seen.delete(id);
}

function begin(request, later) {
  if (!current) return;
  const at = performance.now() + later;
  const left = new Map(); // when a call's callee has it
  request.calls.forEach((call, i) => {
    const start = Math.max(at, left.get(call.from) || at);
    const end = run(call, start + (call.delayed ? hop() : 0), start);
    left.set(call.to, end);
    if (i === 0) $('stage').dispatchEvent(new CustomEvent('dot', { detail: { id: request.id, at: Date.now() } }));
  });
  if (!state.still) wake(); // else the next round shows it
}

// run lets a call's dot run, and returns when it arrives. One that was held back waits before it
// leaves; tries that went wrong come back.
function run(call, leave, begun) {
  const from = current.nodes.get(call.from);
  const to = current.nodes.get(call.to);
  const kind = kindOf(call);
  note(`${call.from}>${call.to}`, kind);
  if (!from || !may(`${call.from}>${call.to}`, kind, begun)) return leave + hop();
  if (!to) {
    const stop = current.stops.find((x) => x.from === call.from && x.cause === call.cause) || { from: call.from };
    const [x, y] = stopAt(current, stop);
    moving.push({ line: [[x, y - 30], [x, y - 20], [x, y - 10], [x, y]], kind, begin: leave, until: leave + hop() });
    return leave + hop();
  }
  const line = curve(from.at, to.at);
  if (leave > begun) moving.push({ line: line.map(() => line[0]), kind: 'slow', begin: begun, until: leave });
  for (const again of (call.tries || []).slice(0, -1).slice(-3)) {
    const target = current.nodes.get(again.to) || to;
    const there = curve(from.at, target.at);
    moving.push({ line: there, kind: 'error', begin: leave, until: leave + hop() / 2 });
    moving.push({ line: [...aside(there)].reverse(), kind: 'error', begin: leave + hop() / 2, until: leave + hop() });
    leave += hop();
  }
  moving.push({ line, kind, begin: leave, until: leave + hop() });
  for (const copy of call.copies || []) {
    const target = current.nodes.get(copy.to);
    if (target) moving.push({ line: aside(curve(from.at, target.at)), kind: 'copy', begin: leave + 80, until: leave + hop() + 80 });
  }
  return leave + hop();
}

function may(edge, kind, now) {
  const row = current.edges.find((e) => e.key === edge);
  const rushed = state.rush && row && row.rate > perSecond;
  const most = rushed ? sample : perSecond;
  const key = rushed && kind !== 'ok' ? `${edge} odd` : edge;
  const b = budget.get(key) || { n: most, at: now };
  b.n = Math.min(most, b.n + (Math.max(0, now - b.at) / 1000) * most);
  b.at = Math.max(b.at, now);
  budget.set(key, b);
  if (b.n < 1) return false;
  b.n -= 1;
  return true;
}

function note(edge, kind) {
  last.set(edge, [...(last.get(edge) || []), kind].slice(-remembered));
}

export function wake() {
  if (running || (empty && !moving.length && !state.still)) return;
  running = true;
  const left = moving.length ? wait(painted + pause(tick(state.rush), state.rush ? 2 : 4), state.rush) : 0;
  if (left > 0) setTimeout(() => frame(paint), left);
  else frame(paint);
}

function paint(now) {
  running = false;
  painted = now - now % tick(state.rush);
  const { width, height } = size();
  if (fitted !== `${width} ${height}`) fit();
  const scale = canvas.width / width;
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  empty = true;
  if (state.still || state.why || state.look !== null) {
    moving = [];
    if (!state.why && state.look === null) rest(scale);
    return;
  }
  moving = moving.filter((m) => m.until > now);
  for (const m of moving) {
    if (m.begin > now) continue;
    mark(on(m.line, (now - m.begin) / (m.until - m.begin)), m.kind, scale);
  }
  if (moving.length) wake();
}

// rest is the picture without motion.
function rest(scale) {
  for (const e of current ? current.edges : []) {
    const line = curve(current.nodes.get(e.from).at, current.nodes.get(e.to).at);
    (last.get(e.key) || []).forEach((kind, i) => mark(on(line, 0.12 + i * 0.05), kind, scale));
  }
}

function mark([x, y], kind, scale) {
  empty = false;
  pen.setTransform(scale * 1.3, 0, 0, scale * 1.3, x * scale, y * scale);
  pen.fillStyle = colours[kind];
  pen.fill(path2d(kind));
}
