// Why a request was answered so: in the words of `bin/lab why`, and as numbers on the graph.

import { $, h, show, typed } from './dom.js';
import { icon, kindOf } from './signs.js';
import { changed, state } from './state.js';
import { ask } from './stream.js';
import { cause, language, t } from './words.js';

let before = null; // where the focus was

export async function explain(id) {
  if (!$('why').contains(document.activeElement)) before = document.activeElement;
  show('graph');
  const box = $('why');
  try {
    const answer = await ask(`api/why?id=${encodeURIComponent(id)}&lang=${language}`);
    state.why = answer.request;
    box.replaceChildren(...parts(answer));
  } catch (e) {
    state.why = null;
    box.replaceChildren(h('h2', { id: 'why-title', tabindex: -1, text: t('why') }), h('p', { text: e.message }), closer());
  }
  box.hidden = false;
  $('why-title').focus();
  changed();
}

export function close() {
  if ($('why').hidden) return false;
  $('why').hidden = true;
  state.why = null;
  if (before && before.isConnected) before.focus();
  else $('tab-graph').focus();
  changed();
  return true;
}

const closer = () => h('button', { type: 'button', class: 'close', onclick: close, text: t('close') });

// identities are as whom each call came, as the called one's proxy knows it by the certificate.
function identities(calls) {
  const known = calls.filter((c) => c.identity);
  if (!known.some((c) => c.identity !== 'none')) return null;
  return h('dl', { class: 'identities', 'aria-label': t('identities') }, h('dt', { text: t('identities') }),
    known.map((c) => h('dd', { text: `${c.from} → ${c.to}: ${c.identity === 'none' ? t('plainText') : c.identity}` })));
}

// line is one of the words. Where they are a table and the window is too narrow for it, its cells stand close.
const line = (text) => h('span', {}, text.split(/(?<=\S)( {2,})(?=\S)/).map((part, i) => (i % 2 ? h('i', { text: part }) : part)));

function parts(answer) {
  const r = answer.request;
  const command = h('p', { class: 'typed' });
  typed(command, answer.typed);
  return [
    h('div', { class: 'bar' }, h('h2', { id: 'why-title', tabindex: -1 }, icon(kindOf(r)), `${t('why')}: ${cause(r.cause)}`), closer()),
    r.text ? h('p', { class: 'answer', text: r.text }) : null,
    h('pre', { class: 'words', tabindex: 0, role: 'group', 'aria-label': t('why') }, answer.words.split(/(?<=\n)/).map(line)),
    identities(r.calls),
    answer.trace ? h('p', {}, h('a', { href: answer.trace, target: '_blank', rel: 'noreferrer', text: t('trace') })) : null,
    command,
  ].filter(Boolean);
}
