// The answers, the latest first, as the poll script prints them. A click explains one.

import { $, h, setText } from './dom.js';
import { icon, kindOf, name } from './signs.js';
import { state } from './state.js';
import { cause, clock, t, took } from './words.js';
import { explain } from './why.js';

const shown = 50;
const atOnce = 6; // more at a time nobody reads
const few = 3; // so many of them are shown at once, and more come in one change of the list
const pause = 600; // milliseconds between two such changes
const seen = new Map(); // by id: how many of its calls were known
let held = []; // what came while the reader was in the list: nothing moves below their hand

export function build() {
  const list = $('answers');
  list.addEventListener('focusout', release);
  list.addEventListener('pointerleave', release);
}

const busy = () => $('answers').matches(':hover') || $('answers').contains(document.activeElement);

function release() {
  setTimeout(() => {
    if (!busy()) flush();
  });
}

export function draw() {
  const all = state.snapshot ? state.snapshot.requests || [] : [];
  const news = all.filter((r) => !seen.has(r.id));
  for (const r of all) {
    if (seen.get(r.id) < r.calls.length) complete(r);
    seen.set(r.id, r.calls.length);
  }
  if (seen.size > 3000) for (const id of [...seen.keys()].slice(0, 2000)) seen.delete(id);
  held.push(...news.slice(-atOnce));
  held = held.slice(busy() ? -shown : -atOnce);
  if (!busy()) soon(news.length > few);
  $('held').hidden = held.length === 0 || !busy();
  setText($('held'), t('held', { n: held.length }));
  const none = $('answers').children.length + held.length === 0;
  $('answers-empty').hidden = !none;
  setText($('answers-empty'), t('noAnswers'));
}

// complete puts a request in the place of the part of it that was known before.
function complete(r) {
  held = held.map((one) => (one.id === r.id ? r : one));
  const old = document.querySelector(`#answers > [data-id="${CSS.escape(r.id)}"]`);
  if (old && !old.contains(document.activeElement)) old.replaceWith(row(r));
}

// soon has a quiet list show an answer at once, and one where they rush by not more often than one can see.
let flushed = 0;
let waiting = 0;
function soon(rush) {
  const wait = rush ? flushed + pause - performance.now() : 0;
  if (wait <= 0) flush();
  else if (!waiting) waiting = setTimeout(() => {
    waiting = 0;
    if (!busy()) flush();
  }, wait);
}

function flush() {
  clearTimeout(waiting);
  waiting = 0;
  flushed = performance.now();
  const list = $('answers');
  list.prepend(...held.reverse().map(row));
  held = [];
  while (list.children.length > shown) list.lastElementChild.remove();
}

function row(r) {
  const kind = kindOf(r);
  const where = [...new Set(['ingress', ...r.calls.map((c) => c.to)])].slice(1).join(' => ');
  return h('li', { 'data-id': r.id, 'data-at': Date.now() }, h('button', { type: 'button', onclick: () => explain(r.id) },
    icon(kind), h('span', { class: 'hidden', text: `${name(kind)}: ` }),
    h('span', { class: r.text ? 'text' : 'text quiet', title: r.text ? null : t('unknownText') }, r.text || where),
    h('span', { class: 'facts' }, `${r.status || '–'} · ${took(r.ms)} · ${clock(r.at)}`),
    kind === 'ok' ? null : h('span', { class: `cause ${kind}` }, `${cause(r.cause)}${r.where ? `, ${t('of', { at: r.where })}` : ''}`)));
}

// lastFailed is the id of the latest answer that went wrong.
export function lastFailed() {
  const list = state.snapshot ? state.snapshot.requests || [] : [];
  const failed = list.filter((r) => r.failed);
  return failed.length ? failed[failed.length - 1].id : null;
}
