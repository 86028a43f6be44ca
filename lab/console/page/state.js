// What the page knows: the latest snapshot, what was seen before, and what the reader chose.

const params = new URLSearchParams(location.search);
const keptSeconds = 300;

export const state = {
  snapshot: null, // the latest that is shown; while the page is paused, the one it was paused at
  latest: null, // the latest that came
  gone: '', // why there is none
  window: params.get('window') || '1m',
  paused: false,
  look: null, // the second that is looked back to; null: now
  still: params.get('motion') === 'off' || matchMedia('(prefers-reduced-motion: reduce)').matches,
  why: null, // the request that is explained
  rush: 0, // requests a second, if they come faster than anybody reads
  seconds: new Map(), // by second and edge: how many requests and errors, also of labs before this one
  tables: new Map(), // by second: the table of ten seconds, while the page was open
  gaps: [], // [from, to] in seconds, in which no lab ran
};

const listeners = [];
export const onChange = (f) => listeners.push(f);

// What the reader does is drawn at once, in the next frame, and not at all while nobody sees it.
let drawing = false;
export function changed() {
  if (drawing) return;
  drawing = true;
  const draw = () => {
    drawing = false;
    for (const f of listeners) f();
  };
  if (document.hidden) setTimeout(draw, 1000);
  else requestAnimationFrame(draw);
}

// News come five times a second, and once in a rush. What is awaited at once, the list of answers, takes them
// as they come; all else is drawn in rounds, in one frame: numbers that change more often nobody reads.
const round = () => (state.rush ? 1000 : pause(400)); // milliseconds between two
let news; // what draws them
let awaited; // what takes them at once
let begun = -Infinity;
let under = false; // a round is under way
export const onNews = (all, first) => { news = all; awaited = first; };

function arrived() {
  if (!document.hidden) awaited();
  if (under) return;
  under = true;
  const draw = () => {
    under = false;
    begun = performance.now();
    news();
  };
  if (document.hidden) setTimeout(draw, 1000);
  else setTimeout(() => frame(draw), wait(begun + round() - 50, state.rush));
}

// take reports whether there is something to see. What a snapshot lacks is as it was.
export function take(news) {
  if (news.gone) {
    state.gone = news.gone;
    changed();
    return false;
  }
  const old = state.latest;
  const whole = Boolean(news.lab && news.history);
  if (!old && !whole) return false; // the tab came later than the stream: all comes with the answer to its question
  const another = !old || (news.lab && news.lab.started !== old.lab.started);
  const snapshot = { ...old, ...news, requests: another ? news.requests || [] : latest(old.requests, news.requests || []) };
  remember(snapshot, news.history);
  state.gone = '';
  state.latest = snapshot;
  state.rush = rush(snapshot.tables['10s'].rows || []);
  if (!state.paused) state.snapshot = snapshot;
  arrived();
  return true;
}

const many = 30; // requests a second: above, an edge's stripe tells more than its dots

// rush ends at fewer than it begins at: it must not come and go each second.
function rush(rows) {
  const fastest = Math.max(0, ...rows.map((r) => r.rate));
  return fastest > (state.rush ? 0.8 : 1) * many ? fastest : 0;
}

const most = 60; // requests that are known at a time

// latest are the last of those that were and those that came; of one that grew, only what it is now.
function latest(old, news) {
  if (!news.length) return old;
  const all = new Map(old.map((r) => [r.id, r]));
  for (const r of news) all.set(r.id, r);
  return [...all.values()].slice(-most);
}

let remembered = 0;
function remember(snapshot, history) {
  const now = Math.floor(snapshot.at / 1000);
  if (state.latest && state.latest.lab.started !== snapshot.lab.started) {
    state.gaps.push([Math.floor(state.latest.at / 1000), Math.floor(snapshot.lab.started / 1000)]);
  }
  if (!history || now === remembered) return; // counts are by the second
  remembered = now;
  const began = Math.floor(Date.parse(history.began) / 1000);
  const { first } = history;
  for (let at = Math.max(first, began); at <= now; at++) state.seconds.set(at, new Map());
  for (const line of history.lines) {
    line.requests.forEach((n, i) => {
      const second = state.seconds.get(first + i);
      if (n && second) second.set(`${line.from}>${line.to}`, { from: line.from, to: line.to, n, errors: line.errors[i] });
    });
  }
  state.tables.set(now, snapshot.tables['10s']);
  for (const map of [state.seconds, state.tables]) {
    for (const at of map.keys()) if (at <= now - keptSeconds) map.delete(at);
  }
  state.gaps = state.gaps.filter(([, to]) => to > now - keptSeconds);
}

export const setPaused = (on) => {
  state.paused = on;
  if (!on) {
    state.snapshot = state.latest;
    state.look = null;
  }
  changed();
};

// lookAt shows a second of the past; time stands still meanwhile.
export function lookAt(second) {
  state.look = second;
  if (second !== null) state.paused = true;
  changed();
}

// shown is the table that graph and table show, and in which words its window is told.
export function shown() {
  const snapshot = state.snapshot;
  if (!snapshot) return null;
  if (state.look === null) return snapshot.tables[state.window];
  const known = state.tables.get(state.look);
  return known || { ...sum(state.look - 9, state.look), pods: snapshot.tables['10s'].pods, counted: true };
}

// sum are the counts of some seconds; how fast answers were is not known of them.
export function sum(from, to) {
  const edges = new Map();
  let seconds = 0;
  for (let at = from; at <= to; at++) {
    const second = state.seconds.get(at);
    if (!second) continue;
    seconds++;
    for (const [key, e] of second) {
      const row = edges.get(key) || { from: e.from, to: e.to, requests: 0, errors: 0, retries: 0, causes: {} };
      row.requests += e.n;
      row.errors += e.errors;
      edges.set(key, row);
    }
  }
  const rows = [...edges.values()];
  const total = {};
  for (const r of rows) total[r.from] = (total[r.from] || 0) + r.requests;
  for (const r of rows) {
    r.rate = r.requests / Math.max(seconds, 1);
    r.share = (100 * r.requests) / total[r.from];
  }
  rows.sort((a, b) => (b.from === 'ingress') - (a.from === 'ingress') || cmp(a.from, b.from) || cmp(a.to, b.to));
  return { rows, seconds, span: '10s' };
}

const cmp = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

// How fast the page moves: as fast as an eye sees, and slower on a machine that has no time for it. Every
// picture costs the machine more than the page itself computes, and takes it from the mesh.

const busy = 16; // milliseconds that a frame comes late on a machine that has too much to do
const slowest = 4;
let late = 0; // how late frames came of late

// frame calls back before the next picture.
export function frame(draw) {
  const asked = performance.now();
  requestAnimationFrame(() => {
    const now = performance.now();
    late = 0.9 * late + 0.1 * Math.min(now - asked, 100);
    draw(now);
  });
}

// tick is the time between frames, in milliseconds. All that changes does so in these: each costs the machine
// the same, however little it shows.
export const tick = (rush) => (rush ? 200 : 40);

// wait is how long it is until the first such frame after a time.
export function wait(at, rush) {
  return Math.max(0, Math.ceil(at / tick(rush)) * tick(rush) - performance.now());
}

// pause is so many milliseconds, or more on a machine that is busy: up to some times as many.
export const pause = (ms, most = slowest) => ms * Math.min(most, Math.max(1, late / busy));
