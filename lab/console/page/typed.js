// The command that prints what a view shows, to be copied.

import { h } from './dom.js';
import { t } from './words.js';

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
