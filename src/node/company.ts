// Company: operations that wait a moment for others. It owns when they may go: at once where few are under
// way or many go together; else after some turns of the event loop. Operations that are answered together are
// mostly followed together, in messages that share writes; a few that run ahead of the others, because their
// answer has a shorter way, would go on alone, and in time split them all. What they do is the driver's.

/** With fewer under way there is little to share. */
const COMPANY_LEAST = 16;
/** So many turns may be waited: an answer from a copy takes two, one from another member's copy four. */
const TURNS_MAX = 4;

export interface Starting {
  readonly start: () => void;
  readonly refuse: (error: Error) => void;
}

export class Company {
  #waiting: Starting[] = [];
  #turns = 0;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Whether an operation is to wait here, with that many under way. */
  isWorthwhile(underWay: number): boolean {
    return underWay >= COMPANY_LEAST;
  }

  add(starting: Starting): void {
    this.#waiting.push(starting);
  }

  /** Those that may go in this turn, with that many under way; asked once a turn. */
  take(underWay: number): readonly Starting[] {
    const { length } = this.#waiting;
    if (length === 0) return this.#waiting;
    this.#turns += 1;
    if (length < underWay && this.#turns <= TURNS_MAX) return [];
    return this.takeAll();
  }

  takeAll(): readonly Starting[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#turns = 0;
    return waiting;
  }
}
