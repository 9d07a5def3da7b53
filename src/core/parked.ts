// Parked: operations that wait for their arc to be taken over. It owns the waiting room and its bounds; who
// may be served now is the owner's affair.
import type { Engine } from './engine.ts';
import type { Arc } from './position.ts';
import { holds } from './position.ts';
import type { Segment } from './segment.ts';

/** Why an operation cannot be carried out now. */
export interface Refusal {
  readonly code: 'BUSY' | 'ERR_QUORUM';
  readonly message: string;
}

interface Waiting {
  readonly position: number;
  readonly run: (segment: Segment) => void;
  readonly refuse: (refusal: Refusal) => void;
}

const TAKING_OVER: Refusal = { code: 'BUSY', message: 'the arc is being taken over' };
const STUCK: Refusal = {
  code: 'ERR_QUORUM',
  message: 'a majority of the members that hold this key is away',
};

export class Parked {
  readonly #engine: Engine;
  readonly #isStuck: (position: number) => boolean;
  readonly #waiting = new Set<Waiting>();

  /** `isStuck`: whether the takeover waits for a majority that is away. */
  constructor(engine: Engine, isStuck: (position: number) => boolean) {
    this.#engine = engine;
    this.#isStuck = isStuck;
  }

  add(position: number, run: (segment: Segment) => void, refuse: (refusal: Refusal) => void): void {
    if (this.#isStuck(position)) return refuse(STUCK);
    const { limits, profile } = this.#engine;
    if (this.#waiting.size >= limits.parked) {
      return refuse({ code: 'BUSY', message: 'too many operations wait for an arc' });
    }
    const waiting: Waiting = { position, run, refuse };
    this.#waiting.add(waiting);
    // The asker would suspect us if we said nothing for longer.
    this.#engine.after(profile.requestMinMs / 2, () => {
      if (this.#waiting.delete(waiting)) refuse(this.#isStuck(position) ? STUCK : TAKING_OVER);
    });
  }

  /** The arc is served now. */
  served(segment: Segment, arc: Arc): void {
    for (const waiting of this.#waiting) {
      if (!holds(arc, waiting.position)) continue;
      this.#waiting.delete(waiting);
      waiting.run(segment);
    }
  }

  refuseAll(message: string): void {
    for (const waiting of this.#waiting) waiting.refuse({ code: 'BUSY', message });
    this.#waiting.clear();
  }
}
