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

// In a rush all changes in the same frames: each costs the machine milliseconds, whatever it shows.
const grid = 100;

// wait is how long it is until a time, or the first shared frame after it.
export const wait = (at, shared) => Math.max(0, (shared ? Math.ceil(at / grid) * grid : at) - performance.now());

// pause is so many milliseconds, or more on a machine that is busy: up to some times as many.
export const pause = (ms, most = slowest) => ms * Math.min(most, Math.max(1, late / busy));
