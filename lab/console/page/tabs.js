// Two rows of tabs, as readers of screens know them: one stop for the Tab key, arrows between.

import { $ } from './dom.js';

const rows = { picture: ['graph', 'table'], side: ['answers', 'rules', 'send'] };
const listeners = [];
export const onShow = (f) => listeners.push(f);

export function build() {
  for (const row of Object.values(rows)) {
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
  const row = Object.values(rows).find((r) => r.includes(name));
  for (const other of row) {
    const on = other === name;
    $(`tab-${other}`).setAttribute('aria-selected', String(on));
    $(`tab-${other}`).tabIndex = on ? 0 : -1;
    $(`view-${other}`).hidden = !on;
  }
  for (const f of listeners) f(name);
}

export const isShown = (name) => !$(`view-${name}`).hidden;
