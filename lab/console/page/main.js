// The page starts here: it builds the views, follows the lab, and knows the keys.

import { $, buildTabs, h, isShown, onShow, set, setText, typed } from './dom.js';
import * as answers from './answers.js';
import * as dots from './dots.js';
import * as graph from './graph.js';
import * as rules from './rules.js';
import * as send from './send.js';
import { changed, onChange, onNews, setPaused, shown, state, take } from './state.js';
import { follow } from './stream.js';
import * as table from './table.js';
import * as time from './time.js';
import { close, explain } from './why.js';
import { language, t, translate } from './words.js';

const root = document.documentElement;

// What is drawn, one after the other.
const views = [status, picture, time.draw, answers.draw, rest];
const params = new URLSearchParams(location.search);

// Keys are letters alone, and only where the reader does not write. Most press a button.
const keys = {
  g: 'tab-graph', t: 'tab-table', a: 'tab-answers', r: 'tab-rules', s: 'tab-send',
  p: 'pause', n: 'now', m: 'motion', b: 'size', d: 'theme', x: 'stop', '?': 'help',
  w: nextWindow, e: () => answers.lastFailed() && explain(answers.lastFailed()),
};

translate(document);
for (const view of [graph, dots, table, time, answers, rules, send]) view.build();
buildTabs();
tools();
onChange(() => views.forEach((draw) => draw()));
onNews(() => [picture, status, time.draw, rest].forEach((draw) => draw()), answers.draw);
let first = true;
follow((snapshot) => {
  if (!take(snapshot)) return;
  if (!state.paused) {
    if (!graph.current) graph.draw();
    dots.add(snapshot.requests || [], first);
    first = false;
  }
}, () => state.latest);
changed();

function status() {
  const snapshot = state.latest;
  const word = !snapshot ? 'starting' : state.gone ? 'lost' : state.look !== null ? 'back' : state.paused ? 'paused' : 'live';
  setText($('state'), t(word));
  set($('state'), 'class', word);
  $('banner').hidden = !(state.gone && snapshot);
  if (snapshot) {
    setText($('name'), t('title'));
    setText($('edition'), [snapshot.lab.name, snapshot.lab.edition].join(' · '));
    const title = `${t('title')} · ${snapshot.lab.name}`;
    if (document.title !== title) document.title = title;
    setText($('banner'), state.gone ? t('gone', { why: state.gone, up: `${snapshot.lab.typed} up` }) : '');
  }
  set($('pause'), 'aria-pressed', String(state.paused));
  setText($('pause'), t(state.paused ? 'resume' : 'pause'));
  setText($('graph-window'), graph.caption());
  const rows = (shown() || {}).rows || [];
  const empty = !snapshot ? t('starting') : rows.length ? '' : t(state.paused ? 'noTrafficPaused' : 'noTraffic', { poll: poll(snapshot.lab.ingress) });
  $('graph-empty').hidden = !empty;
  setText($('graph-empty'), empty);
  $('answers-empty').hidden = Boolean(snapshot);
}

// poll is the script that sends requests, with the address where it does not know that.
const poll = (ingress) => `bin/poll_customer.sh${/:8280$/.test(ingress) ? '' : ` ${ingress}`}`;

function picture() {
  if (isShown('graph')) graph.draw();
  if (isShown('table')) table.draw();
}

function rest() {
  if (!state.snapshot) return;
  rules.draw();
  send.draw();
  commands();
  dots.wake();
  speak();
}

function commands() {
  const lab = state.latest.lab.typed;
  typed($('typed-graph'), `${lab} graph --window ${state.window}`);
  typed($('typed-table'), `${lab} top --window ${state.window}`);
  typed($('typed-time'), `${lab} top --window change`);
  typed($('typed-answers'), `${lab} why -n 3`);
}

// speak tells readers of screens what happened, every five seconds at most, and only what is new.
let spoken = 0;
function speak() {
  const now = performance.now();
  if (now - spoken < 5000 || state.paused) return;
  const ingress = state.snapshot.tables['10s'].rows.filter((r) => r.from === 'ingress');
  const n = ingress.reduce((sum, r) => sum + r.requests, 0);
  const failed = ingress.reduce((sum, r) => sum + r.errors, 0);
  const all = {};
  for (const r of state.snapshot.tables['10s'].rows) {
    for (const [c, count] of Object.entries(r.causes || {})) all[c] = (all[c] || 0) + count;
  }
  const text = t('heard', { window: t('w10s'), n, errors: failed, causes: table.causes(all) }).trim();
  if (text === $('live').textContent || (n === 0 && !$('live').textContent)) return;
  spoken = now;
  setText($('live'), text);
}

function tools() {
  $('pause').addEventListener('click', () => setPaused(!state.paused));
  $('motion').addEventListener('click', () => still(!state.still));
  $('size').addEventListener('click', () => large(root.dataset.size !== 'large'));
  $('theme').addEventListener('click', () => theme(isDark() ? 'light' : 'dark'));
  $('help').addEventListener('click', help);
  $('lang').lang = language === 'zh' ? 'en' : 'zh';
  setText($('lang'), t('languageName'));
  $('lang').addEventListener('click', () => {
    params.set('lang', language === 'zh' ? 'en' : 'zh');
    location.search = params;
  });
  $('window').value = state.window;
  if (!$('window').value) $('window').value = state.window = '1m';
  $('window').addEventListener('change', () => {
    state.window = $('window').value;
    changed();
  });
  still(state.still);
  large(params.get('size') === 'large');
  if (params.has('theme')) theme(params.get('theme'));
  matchMedia('(prefers-reduced-motion: reduce)').addEventListener('change', (e) => still(e.matches));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => dots.readColours());
  document.addEventListener('keydown', press);
  onShow(changed);
  for (const [k, id] of Object.entries(keys)) $(id)?.setAttribute('aria-keyshortcuts', k);
}

const isDark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches);

function theme(name) {
  root.dataset.theme = name === 'dark' ? 'dark' : 'light';
  dots.readColours();
  changed();
}

function still(on) {
  state.still = on;
  root.dataset.still = on;
  set($('motion'), 'aria-pressed', String(on));
  changed();
}

function large(on) {
  root.dataset.size = on ? 'large' : 'usual';
  set($('size'), 'aria-pressed', String(on));
  changed();
}

function nextWindow() {
  const all = [...$('window').options].map((o) => o.value);
  state.window = $('window').value = all[(all.indexOf(state.window) + 1) % all.length];
  changed();
}

function press(e) {
  if (e.key === 'Escape' && !$('keys').open) {
    if (close()) e.preventDefault();
    return;
  }
  if (e.ctrlKey || e.altKey || e.metaKey || e.target.closest('input, textarea, select, dialog')) return;
  const act = keys[e.key];
  if (!act) return;
  if (typeof act === 'function') act();
  else {
    $(act).click();
    if (act.startsWith('tab')) $(act).focus();
  }
  e.preventDefault();
}

function help() {
  $('keys').replaceChildren(
    h('h2', { id: 'keys-title', text: t('keys') }),
    h('dl', {}, Object.entries(keys).map(([k, act]) => [h('dt', {}, h('kbd', { text: k })), h('dd', { text: $(act)?.textContent || t(`key${k}`) })])),
    h('button', { type: 'button', onclick: () => $('keys').close(), text: t('close') }),
  );
  $('keys').showModal();
}
