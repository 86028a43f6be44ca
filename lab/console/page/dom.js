// What the views build their elements with. Nothing is ever parsed as HTML: what passed through the
// mesh is text, whatever it looks like.

import { t } from './words.js';

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'text') node.textContent = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined));
  return node;
}

export const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);
export const s = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);
export const $ = (id) => document.getElementById(id);

// setText and set touch the page only where something changed: screens do not flicker, and readers of
// screens are not told the same again.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function set(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

// keyed keeps one element for each key, in the order of the keys.
export function keyed(parent, items, key, make, update) {
  const old = new Map([...parent.children].map((n) => [n.dataset.key, n]));
  let at = parent.firstElementChild;
  for (const item of items) {
    const k = key(item);
    let node = old.get(k);
    if (node) old.delete(k);
    else {
      node = make(item);
      node.dataset.key = k;
    }
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
    if (update) update(node, item);
  }
  for (const node of old.values()) node.remove();
}

// typed shows the command that prints what a view shows, to be copied.
export function typed(node, command) {
  if (node.dataset.command === command) return;
  node.dataset.command = command;
  const copy = h('button', {
    type: 'button', text: t('copy'), 'aria-label': `${t('copy')}: ${command}`,
    onclick: async () => {
      await navigator.clipboard.writeText(command);
      copy.textContent = t('copied');
      setTimeout(() => { copy.textContent = t('copy'); }, 2000);
    },
  });
  node.replaceChildren(h('span', { text: t('same') }), h('code', { text: command }), copy);
}

// Two rows of tabs, as readers of screens know them: one stop for the Tab key, arrows between.

const tabRows = { picture: ['graph', 'table'], side: ['answers', 'rules', 'send'] };
const onTab = [];
export const onShow = (f) => onTab.push(f);

export function buildTabs() {
  for (const row of Object.values(tabRows)) {
    for (const name of row) {
      const tab = $(`tab-${name}`);
      tab.addEventListener('click', () => show(name));
      tab.addEventListener('keydown', (e) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
        if (!step) return;
        const next = row[(row.indexOf(name) + step + row.length) % row.length];
        show(next);
        $(`tab-${next}`).focus();
        e.preventDefault();
      });
    }
    show(row[0]);
  }
  const wanted = new URLSearchParams(location.search).get('view') || '';
  for (const name of wanted.split(',')) if ($(`tab-${name}`)) show(name);
}

export function show(name) {
  const row = Object.values(tabRows).find((r) => r.includes(name));
  for (const other of row) {
    const on = other === name;
    $(`tab-${other}`).setAttribute('aria-selected', String(on));
    $(`tab-${other}`).tabIndex = on ? 0 : -1;
    $(`view-${other}`).hidden = !on;
  }
  for (const f of onTab) f(name);
}

export const isShown = (name) => !$(`view-${name}`).hidden;
