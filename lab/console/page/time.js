// Five minutes as a line: requests of each second above, errors below, a mark for each change of the
// rules, or for several that stand too near, and a gap where no lab ran.

import { $, h, keyed, s, set, setText } from './dom.js';
import { lookAt, setPaused, state, sum } from './state.js';
import { clock, perSecond, t, took } from './words.js';

const length = 300; // seconds
const tall = { up: 46, down: 22 };
const parts = {};
const wide = 32; // pixels that a mark needs
let width = 0; // of the line
let drawn = '';
let chosen = null; // the marks that before and after are shown of: the first and the last

export function build() {
  const svg = s('svg', { viewBox: `0 0 ${length} ${tall.up + tall.down}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  for (const name of ['gaps', 'all', 'bad', 'axis', 'changes', 'cursor']) {
    svg.append((parts[name] = s('path', { class: name })));
  }
  set(parts.axis, 'd', `M0 ${tall.up}H${length}`);
  parts.marks = h('div', { class: 'marks' });
  $('line').append(svg, h('div', { class: 'scale', 'aria-hidden': 'true' }, [5, 4, 3, 2, 1].map((n) => h('span', { text: `−${n} min` }))), parts.marks);
  parts.list = h('ul');
  parts.title = h('h3');
  parts.sides = h('div', { class: 'scroll', tabindex: 0, role: 'group' });
  $('compare').append(parts.list, parts.title, parts.sides);
  new ResizeObserver(([{ contentRect }]) => {
    width = contentRect.width;
    draw();
  }).observe($('line'));
  $('look').addEventListener('input', (e) => {
    const back = Number(e.target.value);
    if (back === 0) setPaused(false);
    else lookAt(Math.floor(state.latest.at / 1000) + back);
  });
  $('now').addEventListener('click', toNow);
}

function toNow() {
  $('look').value = 0;
  chosen = null;
  setPaused(false);
}

export function draw() {
  if (!state.latest) return;
  const now = Math.floor(state.latest.at / 1000);
  const shown = [now, state.look, state.paused, chosen, width, state.gaps.length, state.latest.history.marks.length].join();
  if (shown === drawn) return; // counts are by the second
  drawn = shown;
  const first = now - length + 1;
  drawBars(first, now);
  set(parts.gaps, 'd', state.gaps.map(([from, to]) => block(from - first, to - first)).join(''));
  set(parts.cursor, 'd', state.look === null ? '' : `M${state.look - first + 0.5} 0V${tall.up + tall.down}`);
  const marks = state.latest.history.marks.map((m) => ({ ...m, second: Math.floor(Date.parse(m.at) / 1000) }))
    .filter((m) => m.second >= first);
  set(parts.changes, 'd', marks.map((m) => `M${m.second - first} 0V${tall.up + tall.down}`).join(''));
  const groups = near(marks);
  const isChosen = (a, b) => String(chosen !== null && chosen[0] === a.at && chosen[1] === b.at);
  keyed(parts.marks, groups, (g) => g[0].at, markNode, (node, g) => {
    node.style.left = `${(((g[0].second + g.at(-1).second) / 2 - first) / length) * 100}%`;
    set(node, 'aria-pressed', isChosen(g[0], g.at(-1)));
    setText(node, g.length > 1 ? String(g.length) : sign(g[0]));
    const text = title(g);
    set(node, 'title', text);
    set(node, 'aria-label', text);
    node.onclick = () => choose(g[0], g.at(-1));
  });
  const group = groups.find((g) => chosen && g.length > 1 && g.some((m) => m.at === chosen[0])) || [];
  keyed(parts.list, group, (m) => m.at, () => h('li', {}, h('button', { type: 'button' })), (li, m) => {
    const button = li.firstElementChild;
    set(button, 'aria-pressed', isChosen(m, m));
    setText(button, `${clock(Date.parse(m.at))} ${words(m)}`);
    button.onclick = () => choose(m, m);
  });
  $('now').hidden = state.look === null && !state.paused;
  if (state.look === null && $('look').value !== '0') $('look').value = 0;
  set($('look'), 'aria-valuetext', state.look === null ? t('live') : t('ago', { n: now - state.look }));
  setText($('time-note'), t(marks.length ? 'marks' : 'noMarks'));
  compare(marks, now);
}

const block = (from, to) => `M${Math.max(0, from)} 0V${tall.up + tall.down}H${Math.min(length, to)}V0Z`;

// drawBars scales to the busiest second, and at least to ten requests: else one request fills all.
function drawBars(first, now) {
  let most = 10;
  const counts = [];
  for (let at = first; at <= now; at++) {
    let n = 0;
    let errors = 0;
    for (const e of (state.seconds.get(at) || new Map()).values()) {
      if (e.from === 'ingress') n += e.n;
      errors += e.errors && e.from === 'ingress' ? e.errors : 0;
    }
    counts.push([n, errors]);
    most = Math.max(most, n);
  }
  const bars = (pick, size, down) => counts.map((c, i) => {
    const tallness = (pick(c) / most) * size;
    return tallness ? `M${i} ${tall.up}v${(down ? tallness : -tallness).toFixed(1)}h.9v${(down ? -tallness : tallness).toFixed(1)}z` : '';
  }).join('');
  set(parts.all, 'd', bars((c) => c[0], tall.up - 2, false));
  set(parts.bad, 'd', bars((c) => c[1], tall.down - 2, true));
}

const names = (rules) => (rules || []).map((r) => `${r.kind} ${r.name}`).join(', ');

function words(m) {
  return ['came', 'went', 'changed'].filter((k) => m[k] && m[k].length).map((k) => `${t(k)}: ${names(m[k])}`).join('; ');
}

const sign = (m) => (m.went && !m.came ? '−' : m.changed && !m.came ? '±' : '+');

// near has those marks in one list that would hide each other.
function near(marks) {
  const groups = [];
  for (const m of marks) {
    const last = groups.at(-1);
    if (last && (m.second - last.at(-1).second) * width < wide * length) last.push(m);
    else groups.push([m]);
  }
  return groups;
}

const markNode = () => h('button', { type: 'button', class: 'mark' });

// title tells what each of some marks is, a line for each.
function title(group) {
  if (group.length === 1) return `${t('mark', { at: clock(Date.parse(group[0].at)) })}, ${words(group[0])}`;
  return [t('marksNear', { n: group.length }), ...group.map((m) => `${clock(Date.parse(m.at))} ${words(m)}`)].join('\n');
}

function choose(first, last) {
  const same = chosen && chosen[0] === first.at && chosen[1] === last.at;
  chosen = same ? null : [first.at, last.at];
  draw();
}

// compare shows the time before some marks and the time after them, each to the next mark, a minute at most.
function compare(marks, now) {
  const i = marks.findIndex((m) => chosen && m.at === chosen[0]);
  const j = marks.findIndex((m) => chosen && m.at === chosen[1]);
  $('compare').hidden = i < 0 || j < 0;
  if ($('compare').hidden) return;
  const { second } = marks[i];
  const from = Math.max(second - 60, i > 0 ? marks[i - 1].second : 0);
  const since = marks[j].second;
  const to = Math.min(since + 60, j + 1 < marks.length ? marks[j + 1].second : now);
  const between = i === j ? words(marks[i]) : t('marksNear', { n: j - i + 1 });
  setText(parts.title, `${t('mark', { at: clock(second * 1000) })}: ${between}`);
  set(parts.sides, 'aria-label', parts.title.textContent);
  parts.sides.replaceChildren(side(sum(from, second - 1), sum(since, to)));
}

function side(before, after) {
  const keys = [...new Map([...before.rows, ...after.rows].map((r) => [`${r.from}>${r.to}`, r])).values()];
  const find = (list, r) => list.rows.find((x) => x.from === r.from && x.to === r.to);
  const cells = (r) => [r ? perSecond(r.rate) : '–', r ? `${r.share.toFixed(0)} %` : '–', String(r ? r.errors : 0)];
  const head = () => ['rateHead', 'share', 'errorsHead'].map((k) => h('th', { scope: 'col', text: t(k) }));
  const span = (key, one) => h('th', { scope: 'colgroup', colspan: 3, text: `${t(key)} (${took(one.seconds * 1000)})` });
  return h('table', {},
    h('thead', {}, h('tr', {}, h('td', { colspan: 2 }), span('before', before), span('after', after)),
      h('tr', {}, h('th', { scope: 'col', text: t('from') }), h('th', { scope: 'col', text: t('to') }), head(), head())),
    h('tbody', {}, keys.map((r) => h('tr', {}, h('th', { scope: 'row', text: r.from }), h('td', { text: r.to }),
      [...cells(find(before, r)), ...cells(find(after, r))].map((text) => h('td', { text }))))));
}
