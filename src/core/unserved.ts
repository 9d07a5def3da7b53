// Unserved: since when the arcs that came to us are served by nobody. It owns these times only: a takeover
// begins afresh whenever more is known, and what it waits for must not be waited for anew each time.
import { ArcMap } from './arc-map.ts';
import type { Arc } from './position.ts';

export class Unserved {
  readonly #since: ArcMap<number>;

  /** `size` is the number of positions. */
  constructor(size: number) {
    this.#since = new ArcMap(size, (a, b) => a === b);
  }

  /** The arc is being taken over, now or still: since when, monotonic milliseconds. */
  since(arc: Arc, now: number): number {
    for (const gap of this.#since.gaps(arc)) this.#since.set(gap, now);
    return Math.min(now, ...this.#since.within(arc).map(({ value }) => value));
  }

  /** It is served, or nothing of ours any more. */
  forget(arc: Arc): void {
    this.#since.set(arc, undefined);
  }
}
