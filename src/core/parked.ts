// Parked: operations that wait for their arc to be taken over. It owns the waiting room and its bounds; who
// may be served now is the owner's affair.
import { absentOf, naming } from './absent.ts';
import type { Configuration } from './configuration.ts';
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

export class Parked {
  readonly #engine: Engine;
  readonly #waitsFor: (position: number) => readonly Configuration[] | undefined;
  readonly #waiting = new Set<Waiting>();

  /** `waitsFor`: the sets whose majority is away and waited for; undefined where it is not that. */
  constructor(engine: Engine, waitsFor: (position: number) => readonly Configuration[] | undefined) {
    this.#engine = engine;
    this.#waitsFor = waitsFor;
  }

  add(position: number, run: (segment: Segment) => void, refuse: (refusal: Refusal) => void): void {
    const stuck = this.#stuck(position);
    if (stuck !== undefined) return refuse(stuck);
    const { limits, profile } = this.#engine;
    if (this.#waiting.size >= limits.parked) {
      return refuse({ code: 'BUSY', message: 'too many operations wait for an arc' });
    }
    const waiting: Waiting = { position, run, refuse };
    this.#waiting.add(waiting);
    // The asker would suspect us if we said nothing for longer.
    this.#engine.after(profile.requestMinMs / 2, () => {
      if (this.#waiting.delete(waiting)) refuse(this.#stuck(position) ?? TAKING_OVER);
    });
  }

  #stuck(position: number): Refusal | undefined {
    const sets = this.#waitsFor(position);
    if (sets === undefined) return undefined;
    const names = naming(': ', absentOf(this.#engine, sets));
    return { code: 'ERR_QUORUM', message: `a majority of the members that hold this key is away${names}` };
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
