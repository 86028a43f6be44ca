// Where things stand in the graph. A place that was given is kept as long as the page lives: what a
// class looks at must not jump. In a narrow window what stands side by side elsewhere stands in rows.

export const box = { width: 190, head: 30, pod: 19, most: 3 };
const step = { x: 348, y: 178 };
const margin = { x: 26, y: 46 };
const stack = { width: 372, edge: 24, box: 156, between: 124 };

export let narrow = false;

// fitTo reports whether a window of that width wants another order.
export function fitTo(width) {
  const was = narrow;
  narrow = width > 0 && width < 620;
  box.width = narrow ? stack.box : 190;
  return was !== narrow;
}

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

const at = (column, row) => ({ column, row, x: 0, y: 0, tall: 0, low: 0 });

// arrange gives all their room: tall is how much a node needs with what hangs below its box, low its box.
// Room that was needed once is kept.
export function arrange(nodes) {
  for (const n of nodes) {
    n.at.tall = Math.max(n.at.tall, n.tall);
    n.at.box = n.height;
  }
  const columns = new Map();
  for (const p of [...places.values()].sort((a, b) => a.row - b.row)) columns.set(p.column, [...(columns.get(p.column) || []), p]);
  const order = [...columns.keys()].sort((a, b) => a - b);
  if (narrow) inRows(order.map((c) => columns.get(c)));
  else order.forEach((c) => inColumn(columns.get(c)));
  for (const p of places.values()) p.low = p.y + (p.box || box.head);
}

function inColumn(list) {
  let free = 0;
  for (const p of list) {
    p.x = margin.x + p.column * step.x;
    p.y = Math.max(margin.y + p.row * step.y, free);
    free = p.y + p.tall + 40;
  }
}

function inRows(rows) {
  let y = 8;
  for (const list of rows) {
    const alone = list.length === 1 && list[0].column < 3;
    for (let i = 0; i < list.length; i += 2) {
      const pair = list.slice(i, i + 2);
      pair.forEach((p, side) => {
        p.x = alone ? (stack.width - stack.box) / 2 : stack.edge + side * (stack.width - 2 * stack.edge - stack.box);
        p.y = y;
      });
      y += Math.max(...pair.map((p) => p.tall)) + stack.between;
    }
  }
}

export function size() {
  const low = Math.max(...[...places.values()].map((p) => p.y + p.tall), 0);
  if (narrow) return { width: stack.width, height: low + 12 };
  const columns = Math.max(4, ...[...places.values()].map((p) => p.column + 1));
  return { width: 2 * margin.x + (columns - 1) * step.x + box.width, height: Math.max(low + 14, margin.y + 2 * step.y - 26) };
}

// curve is the line of an edge: from the right side of the caller to the left of the called. The
// middle of a box's head is where lines meet. In rows it goes from below to above.
export function curve(from, to) {
  if (narrow) return down(from, to);
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

function down(from, to) {
  const [x1, y1, x2, y2] = [from.x + box.width / 2, from.low, to.x + box.width / 2, to.y];
  if (y2 > y1) {
    const free = from.y + from.tall; // what hangs below the box ends there
    return [[x1, y1], [x1, free + 40], [x2, free + 15], [x2, y2]];
  }
  const right = stack.width - 6; // back up: beside all boxes
  return [[x1, y1], [right, y1 + 60], [right, y2 - 60], [x2, y2]];
}

// aside is a line beside an edge, for copies of what runs on it.
export const aside = (c) => (narrow
  ? [c[0], [c[1][0] + 34, c[1][1]], [c[2][0] + 34, c[2][1]], [c[3][0] + 10, c[3][1]]]
  : [c[0], [c[1][0], c[1][1] + 44], [c[2][0], c[2][1] + 44], [c[3][0], c[3][1] + 8]]);

export const d = (c) => `M${c[0]}C${c[1]} ${c[2]} ${c[3]}`;

export function on(c, p) {
  const q = 1 - p;
  const at = (i) => q * q * q * c[0][i] + 3 * q * q * p * c[1][i] + 3 * q * p * p * c[2][i] + p * p * p * c[3][i];
  return [at(0), at(1)];
}
