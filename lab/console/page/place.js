// Where things stand in the graph. A place that was given is kept as long as the page lives: what a
// class looks at must not jump.

export const box = { width: 190, head: 30, pod: 19, most: 3 };
const step = { x: 348, y: 178 };
const margin = { x: 26, y: 30 };

// The tutorial's chain stands before its first request does. One that stands alone in its column has
// the middle of two rows.
const chain = { ingress: 0, customer: 1, preference: 2 };

const places = new Map();
const used = new Map(); // how many rows of a column are taken

export function place(name, callers) {
  if (!places.has(name)) places.set(name, give(name, callers));
  return places.get(name);
}

function give(name, callers) {
  let column = chain[name];
  if (column !== undefined) return at(column, 0.5);
  const known = callers.map((c) => places.get(c)).filter(Boolean);
  column = name.startsWith('recommendation') ? 3 : 1 + Math.max(1, ...known.map((p) => p.column));
  if (!name.startsWith('recommendation') && !known.length) column = 4;
  const row = used.get(column) || 0;
  used.set(column, row + 1);
  return at(column, column < 3 ? 1.5 + row : row);
}

const at = (column, row) => ({ column, row, x: margin.x + column * step.x, y: margin.y + row * step.y });

export function size() {
  let columns = 4;
  let rows = 2;
  for (const p of places.values()) {
    columns = Math.max(columns, p.column + 1);
    rows = Math.max(rows, Math.ceil(p.row) + 1);
  }
  return { width: 2 * margin.x + (columns - 1) * step.x + box.width, height: margin.y + rows * step.y - 26 };
}

// curve is the line of an edge: from the right side of the caller to the left of the called. The
// middle of a box's head is where lines meet.
export function curve(from, to) {
  const x1 = from.x + box.width;
  const y1 = from.y + box.head;
  const x2 = to.x;
  const y2 = to.y + box.head;
  if (x2 > x1) {
    const bend = (x2 - x1) * 0.5;
    return [[x1, y1], [x1 + bend, y1], [x2 - bend, y2], [x2, y2]];
  }
  // back to a column on the left: below all boxes
  return [[x1, y1], [x1 + 70, y1 + 150], [x2 - 70, y2 + 150], [x2, y2]];
}

export const d = (c) => `M${c[0]}C${c[1]} ${c[2]} ${c[3]}`;

export function on(c, p) {
  const q = 1 - p;
  const at = (i) => q * q * q * c[0][i] + 3 * q * q * p * c[1][i] + 3 * q * p * p * c[2][i] + p * p * p * c[3][i];
  return [at(0), at(1)];
}
