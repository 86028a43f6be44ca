// How an answer looks: each result has a colour and a shape, for those who cannot tell colours.

import { s } from './dom.js';
import { t } from './words.js';

export const kinds = ['ok', 'slow', 'retried', 'error', 'made', 'denied', 'copy'];

const refused = new Set([
  'denied by a policy', 'not allowed by any policy', 'token', 'rate limit', 'host outside not allowed', "sidecar's own address",
]);

// kindOf tells the result of a call, or of a whole request.
export function kindOf(c) {
  if (c.cause === 'injected delay') return 'slow';
  if (c.cause === 'answered after a retry') return 'retried';
  if (refused.has(c.cause)) return 'denied';
  if (!c.failed) return 'ok';
  const maker = c.by || c.author || '';
  return maker.startsWith('program') || maker === 'host outside' ? 'error' : 'made';
}

// Shapes as paths around 0 0, eight units high: the same for SVG and canvas.
const shapes = {
  ok: 'M-4 0A4 4 0 1 1 4 0A4 4 0 1 1-4 0Z',
  slow: 'M0-5.5 5 0 0 5.5-5 0Z',
  retried: 'M-4.6 0A4.6 4.6 0 1 1 4.6 0A4.6 4.6 0 1 1-4.6 0ZM-2 0A2 2 0 1 0 2 0A2 2 0 1 0-2 0Z',
  error: 'M-4-4H4V4H-4Z',
  made: 'M0-5 5.2 4.2H-5.2Z',
  denied: 'M-5-3.2-3.2-5 0-1.8 3.2-5 5-3.2 1.8 0 5 3.2 3.2 5 0 1.8-3.2 5-5 3.2-1.8 0Z',
  copy: 'M-4 0A4 4 0 1 1 4 0A4 4 0 1 1-4 0ZM-2.7 0A2.7 2.7 0 1 0 2.7 0A2.7 2.7 0 1 0-2.7 0Z',
};

const paths = new Map();
export function path2d(kind) {
  if (!paths.has(kind)) paths.set(kind, new Path2D(shapes[kind]));
  return paths.get(kind);
}

export const glyph = (kind) => s('path', { d: shapes[kind], class: `sign ${kind}` });

export const icon = (kind) => s('svg', { class: 'icon', viewBox: '-7 -7 14 14', 'aria-hidden': 'true' }, glyph(kind));

export function name(kind) {
  return t({ error: 'errorSign', copy: 'copySign' }[kind] || kind);
}
