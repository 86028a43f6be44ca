// The answers, the latest first, as the poll script prints them. A click explains one.

import { $, h, set, setText } from './dom.js';
import { icon, kindOf, name } from './signs.js';
import { state, wait } from './state.js';
import { cause, clock, t, took } from './words.js';
import { explain } from './why.js';

const shown = 50;
const atOnce = 6; // more at a time nobody reads
const few = 3; // so many of them are shown at once, and more come in one change of the list
const latest = 8; // rows that tell of requests that rush by, one after the other
const pause = 600; // milliseconds between two such changes
const rushed = 1000; // and in a rush
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
  held = keep([...held, ...news], busy() ? shown : state.rush ? latest : atOnce);
  if (!busy()) soon(state.rush || news.length > few);
  const waits = busy() && held.length > 0;
  $('held').hidden = !waits && !state.rush;
  if (waits) setText($('held'), t('held', { n: held.length }));
  else if (state.rush) setText($('held'), t('rush', { n: Number(state.rush.toPrecision(2)) }));
  const none = $('answers').children.length + held.length === 0;
  $('answers-empty').hidden = !none;
  setText($('answers-empty'), t('noAnswers'));
}

// keep has the last of a list, and of those before them some that went wrong, if none of the last did.
function keep(list, most) {
  const failed = (r) => r.failed;
  const last = list.slice(-most);
  if (last.some(failed)) return last;
  const bad = list.slice(0, -most).filter(failed).slice(-few);
  return [...bad, ...last.slice(bad.length)];
}

// complete puts a request in the place of the part of it that was known before.
function complete(r) {
  held = held.map((one) => (one.id === r.id ? r : one));
  const old = document.querySelector(`#answers > [data-id="${CSS.escape(r.id)}"]`);
  if (old && !old.contains(document.activeElement)) write(old, r);
}

// soon has a quiet list show an answer at once, and one where they rush by not more often than one can see.
let flushed = 0;
let waiting = 0;
function soon(rush) {
  const at = rush ? flushed + (state.rush ? rushed : pause) - 50 : performance.now();
  clearTimeout(waiting);
  waiting = setTimeout(() => busy() || flush(), wait(at, state.rush));
}

function flush() {
  clearTimeout(waiting);
  flushed = performance.now();
  const list = $('answers');
  const news = held.reverse();
  held = [];
  if (state.rush && list.children.length >= latest) news.forEach((r, i) => write(list.children[i], r));
  else list.prepend(...news.map(row));
  while (list.children.length > shown) list.lastElementChild.remove();
}

function row(r) {
  const li = h('li', {}, h('button', { type: 'button', onclick: () => explain(li.dataset.id) },
    h('span', {}), h('span', { class: 'hidden' }), h('span', {}), h('span', { class: 'facts' }), h('span', {})));
  write(li, r);
  return li;
}

// write changes of a row what is of another request.
function write(li, r) {
  const kind = kindOf(r);
  const where = [...new Set(['ingress', ...r.calls.map((c) => c.to)])].slice(1).join(' => ');
  const [sign, said, text, facts, why] = li.firstElementChild.children;
  li.dataset.id = r.id;
  if (li.dataset.kind !== kind) sign.replaceWith(icon(li.dataset.kind = kind));
  setText(said, `${name(kind)}: `);
  setText(text, r.text || where);
  set(text, 'class', r.text ? 'text' : 'text quiet');
  set(text, 'title', r.text ? null : t('unknownText'));
  setText(facts, `${r.status || '–'} · ${took(r.ms)} · ${clock(r.at)}`);
  set(why, 'class', `cause ${kind}`);
  why.hidden = kind === 'ok';
  setText(why, kind === 'ok' ? '' : `${cause(r.cause)}${r.where ? `, ${t('of', { at: r.where })}` : ''}`);
}

// lastFailed is the id of the latest answer that went wrong.
export function lastFailed() {
  const list = state.snapshot ? state.snapshot.requests || [] : [];
  const failed = list.filter((r) => r.failed);
  return failed.length ? failed[failed.length - 1].id : null;
}
