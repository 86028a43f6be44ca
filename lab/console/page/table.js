// The graph's twin for those who read: the rows of `bin/lab top`, in its order.

import { $, h, keyed, setText } from './dom.js';
import { caption, returns } from './graph.js';
import { shown } from './state.js';
import { cause, perSecond, t, took } from './words.js';

let edges;
let pods;
let title;

export function build() {
  const head = (...names) => h('thead', {}, h('tr', {}, names.map((n) => h('th', { scope: 'col', text: t(n) }))));
  title = h('caption');
  edges = h('tbody');
  pods = h('tbody');
  $('table').append(
    h('table', {}, title, head('from', 'to', 'rateHead', 'share'), edges),
    h('table', {}, h('caption', { text: t('pods') }), head('workload', 'pod', 'state'), pods),
  );
  const row = $('table').querySelector('tr');
  for (const name of ['P50', 'P95']) row.append(h('th', { scope: 'col', text: name }));
  for (const name of ['errorsHead', 'triesHead', 'causes']) row.append(h('th', { scope: 'col', text: t(name) }));
}

const cells = (n) => () => h('tr', {}, h('th', { scope: 'row' }), Array.from({ length: n - 1 }, () => h('td')));

function write(tr, texts) {
  texts.forEach((text, i) => setText(tr.children[i], text));
}

export function draw() {
  const table = shown();
  if (!table) return;
  setText(title, `${t('edges')}. ${caption()}`);
  const rows = [...(table.rows || []), ...(table.copies || []).map((c) => ({ ...c, copy: true }))];
  keyed(edges, rows, (r) => `${r.from}>${r.to}${r.copy ? ' copy' : ''}`, cells(9), (tr, r) => write(tr, (r.copy ? copyCells : rowCells)(r)));
  keyed(pods, table.pods || [], (p) => p.name, cells(3), (tr, p) => write(tr, [p.workload, p.name, podState(p)]));
}

const rowCells = (r) => [
  r.from, r.to, perSecond(r.rate), `${r.share.toFixed(1)} %`, took(r.p50), took(r.p95),
  String(r.errors), `+${r.retries}`, rowCauses(r),
];

const copyCells = (c) => [c.from, c.to, perSecond(c.rate), '-', '-', '-', '-', '-', copied(c)];

const copied = (c) => [t('mirrored', { n: c.requests }), c.failed ? t('copiesFailed', { n: c.failed }) : ''].filter(Boolean).join(', ');

// rowCauses are those of the errors; what is said of good answers stands apart.
function rowCauses(r) {
  const fine = causes(r.fine);
  return [causes(r.causes), fine && `(${t('fine')}: ${fine})`].filter(Boolean).join(' ');
}

export function causes(all) {
  return Object.entries(all || {}).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([c, n]) => `${n} ${cause(c)}`).join(', ');
}

function podState(p) {
  if (p.ejected && p.ejected.length) return [t('ejectedBy', { who: p.ejected.join(', ') }), returns(p)].filter(Boolean).join(', ');
  return p.ready ? t('ready') : `${p.status.toLowerCase()}, ${t('notReady')}`;
}
