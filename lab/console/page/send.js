// What the page sends goes to the ingress alone. It ends by itself when the page is closed.

import { $, setText, typed } from './dom.js';
import { explain } from './why.js';
import { state } from './state.js';
import { ask } from './stream.js';
import { t } from './words.js';

export function build() {
  $('form').addEventListener('submit', (e) => {
    e.preventDefault();
    one();
  });
  $('start').addEventListener('click', () => $('form').reportValidity() && tell(async () => { await ask('api/send', wish(0)); }));
  $('stop').addEventListener('click', stop);
  $('form').addEventListener('input', command);
}

const headers = () => $('headers').value.split('\n').map((l) => l.trim()).filter(Boolean);

const wish = (count) => ({
  rate: Number($('rate').value), atOnce: Number($('at-once').value), agent: $('agent').value, headers: headers(), path: $('path').value, count,
});

const one = () => tell(async () => {
  const answer = await ask('api/send', wish(1));
  setText($('sending'), t('sentOne'));
  if (answer.id) await explain(answer.id);
});

const stop = () => tell(async () => { await ask('api/stop', {}); });

async function tell(act) {
  try {
    await act();
  } catch (e) {
    setText($('sending'), e.message);
  }
}

let told = '';

export function draw() {
  const now = state.latest && state.latest.sending;
  if (now) {
    const text = t(now.on ? 'sendingNow' : 'sent', now) + (now.error ? ` ${t('failed', { why: now.error })}` : '');
    // Counts that change all the time are shown, but not read aloud each time.
    if (text !== told) setText($('sending'), text);
    told = text;
    $('stop').disabled = !now.on;
  } else $('stop').disabled = true;
  command();
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function command() {
  if (!state.latest) return;
  const lines = headers();
  if ($('agent').value) lines.unshift(`User-Agent: ${$('agent').value}`);
  const path = $('path').value;
  const words = ['why --send', ...lines.map((l) => `-H ${quoted(l)}`), path && path !== '/' ? quoted(path) : ''].filter(Boolean);
  typed($('typed-send'), `${state.latest.lab.typed} ${words.join(' ')}`);
}
