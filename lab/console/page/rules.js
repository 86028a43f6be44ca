// The rules in force, in the order in which they act, those that never act, and each as it was loaded.

import { $, h, isShown, onShow, typed } from './dom.js';
import { state } from './state.js';
import { ask } from './stream.js';
import { t } from './words.js';

let known = ''; // the rules that are shown, by names and revisions
const texts = new Map(); // by rule: its text before the last change, and now

export function build() {
  onShow((name) => name === 'rules' && draw());
}

const idOf = (r) => `${r.kind} ${r.namespace}/${r.name}`;

// draw asks again only when rules are others; texts are remembered also while the view is closed,
// so that it can show what a change was.
export async function draw() {
  const snapshot = state.latest;
  if (!snapshot) return;
  const now = `${snapshot.lab.started} ${(snapshot.rules || []).map((r) => `${idOf(r)}@${r.revision}`).join()} ${isShown('rules')}`;
  if (now === known) return;
  known = now;
  try {
    const answer = await ask('api/rules');
    remember(answer.files || []);
    if (isShown('rules')) $('rules').replaceChildren(...parts(answer, snapshot.lab.edition));
    typed($('typed-rules'), answer.typed);
  } catch {
    known = ''; // the next snapshot asks again
  }
}

function remember(files) {
  for (const f of files) {
    const old = texts.get(idOf(f));
    if (!old) texts.set(idOf(f), { now: f.yaml });
    else if (old.now !== f.yaml) texts.set(idOf(f), { was: old.now, now: f.yaml });
  }
}

function parts(answer, edition) {
  const files = answer.files || [];
  const ruled = (answer.routes || []).filter((r) => r.ruled);
  const list = [];
  if (!files.length) list.push(h('p', { class: 'empty', text: t('noRules', { edition }) }));
  if (ruled.length) list.push(h('h2', { text: t('inOrder') }));
  for (const [host, calls] of Map.groupBy(ruled, (r) => r.to)) {
    list.push(h('h3', { text: `→ ${host}` }), facts(calls, 'routes'), calls.some((r) => r.clusters.length > 1) && facts(calls, 'clusters'));
  }
  const warnings = [...new Set(answer.warnings || [])];
  if (warnings.length) list.push(h('h2', { text: t('never') }), h('ul', { class: 'warnings' }, warnings.map((w) => h('li', { text: w }))));
  if (files.length) list.push(h('h2', { text: t('files') }), files.map(file));
  return list.flat().filter(Boolean);
}

// facts are the rows of the verb's table, each once, with those whose calls it is about.
function facts(calls, what) {
  const [heads] = calls[0][what];
  return h('ul', { class: what }, inOrder(calls.map((r) => r[what].slice(1).map((row) => row.join('\n')))).map((key) => {
    const [name, ...rest] = key.split('\n');
    const from = calls.filter((r) => r[what].some((row) => row.join('\n') === key)).map((r) => r.from);
    return h('li', {}, h('b', { text: name }), h('dl', {},
      rest.map((text, i) => h('div', {}, h('dt', { text: heads[i + 1] }), h('dd', { text }))),
      h('div', { class: 'from' }, h('dt', { text: t('from') }), h('dd', { text: from.join(', ') }))));
  }));
}

// inOrder puts what lists have into one, each once, in an order that is that of each of them.
function inOrder(lists) {
  const all = [];
  for (const list of lists) {
    let at = 0;
    for (const one of list) {
      const known = all.indexOf(one);
      if (known < 0) all.splice(at, 0, one);
      at = Math.max(at, (known < 0 ? at : known) + 1);
    }
  }
  return all;
}

function file(f) {
  const was = (texts.get(idOf(f)) || {}).was;
  const lines = was ? diff(was, f.yaml) : f.yaml.split('\n').map((text) => [' ', text]);
  return h('details', { open: Boolean(was) },
    h('summary', {}, `${f.kind} ${f.name} `, h('small', { text: f.file + (was ? ` · ${t('diff')}` : '') })),
    (f.warnings || []).map((w) => h('p', { class: 'warning', text: w })),
    h('pre', { tabindex: 0, role: 'group', 'aria-label': `${f.kind} ${f.name}` }, lines.map(([sign, text]) => (was
      ? h('span', { class: { '+': 'plus', '-': 'minus' }[sign] || '' }, `${sign} ${text}\n`)
      : `${text}\n`))));
}

// What a change of a rule was, line by line: the longest common part stays, the rest went or came.

function diff(before, after) {
  const a = before.trimEnd().split('\n');
  const b = after.trimEnd().split('\n');
  const common = Array.from({ length: a.length + 1 }, () => new Array(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  const lines = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push([' ', a[i++]]);
      j++;
    } else if (j === b.length || (i < a.length && common[i + 1][j] >= common[i][j + 1])) lines.push(['-', a[i++]]);
    else lines.push(['+', b[j++]]);
  }
  return lines;
}
