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
