// Rounds: what an owner asks of the copies of its arc, one request to each a turn: store these entries, and
// is my epoch still the latest? It owns the counting of acknowledgements; what waits for them is in
// operations.ts. All that arrives in one turn shares a round: reads need only the second question, so they
// cost no round of their own.
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Entry } from './entry.ts';
import type { Arc } from './position.ts';
import { holds } from './position.ts';

/**
 * How a round ended for one who waited: enough copies agreed; the arc belongs to another now; or time ran
 * out.
 */
export type RoundOutcome = 'agreed' | 'lost' | 'late';

export interface RoundWaiter {
  readonly position: number;
  /** To be stored on the copies; undefined only asks. */
  readonly entry: Entry | undefined;
  readonly need: 'quorum' | 'all';
  /** Monotonic milliseconds. */
  readonly deadline: number;
  /** `copies` is the size of the set, the owner included; `agreed` of them have answered yes. */
  readonly done: (outcome: RoundOutcome, copies: number, agreed: number) => void;
}

/** What the rounds need of their segment. */
export interface RoundView {
  readonly arc: Arc;
  readonly epoch: number;
  /** The members that keep copies beside the owner. */
  copies(): readonly Contact[];
  /** A copy refused: another owner has a higher epoch. */
  lost(): void;
  /** A copy missed entries: it must be compared again. */
  missed(id: string): void;
}

export class Rounds {
  readonly #engine: Engine;
  readonly #view: RoundView;
  #waiting: RoundWaiter[] = [];
  readonly #running = new Set<Round>();
  #closed = false;

  constructor(engine: Engine, view: RoundView) {
    this.#engine = engine;
    this.#view = view;
  }

  add(waiter: RoundWaiter): void {
    if (this.#closed) return waiter.done('lost', 0, 0);
    this.#waiting.push(waiter);
    if (this.#waiting.length === 1) this.#engine.defer(() => this.#flush());
  }

  /** The arc is another's: whoever waits is told to ask again. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const waiters = [...this.#waiting, ...[...this.#running].flatMap((round) => round.waiters)];
    this.#waiting = [];
    this.#running.clear();
    for (const waiter of waiters) waiter.done('lost', 0, 0);
  }

  #flush(): void {
    const waiters = this.#waiting;
    this.#waiting = [];
    let page: RoundWaiter[] = [];
    let bytes = 0;
    for (const waiter of waiters) {
      const size =
        waiter.entry === undefined ? 0 : waiter.entry.key.length + (waiter.entry.value?.length ?? 0);
      if (page.length > 0 && bytes + size > this.#engine.limits.pageBytes) {
        this.#run(page);
        page = [];
        bytes = 0;
      }
      page.push(waiter);
      bytes += size;
    }
    if (page.length > 0) this.#run(page);
  }

  #run(waiters: RoundWaiter[]): void {
    const { arc, epoch } = this.#view;
    const copies = this.#view.copies();
    const round: Round = { waiters, copies: copies.length + 1, agreed: 1, open: copies.length };
    this.#running.add(round);
    const entries = waiters.flatMap((waiter) => (waiter.entry === undefined ? [] : [waiter.entry]));
    for (const copy of copies) {
      this.#engine.call(copy, { type: 'replicate', arc, epoch, entries }, (answer) => {
        if (!this.#running.has(round)) {
          if (answer.type !== 'reply' && entries.length > 0 && !this.#closed) this.#view.missed(copy.id);
          return;
        }
        round.open -= 1;
        const stored =
          answer.type === 'reply' && answer.body.type === 'replicated' ? answer.body.stored : undefined;
        if (stored === false) return this.#refused(round, arc);
        if (stored === true) round.agreed += 1;
        else if (entries.length > 0) this.#view.missed(copy.id);
        this.#settle(round);
      });
    }
    this.#settle(round);
  }

  #settle(round: Round): void {
    const majority = Math.floor(round.copies / 2) + 1;
    const left: RoundWaiter[] = [];
    for (const waiter of round.waiters) {
      if (round.agreed >= (waiter.need === 'all' ? round.copies : majority)) {
        waiter.done('agreed', round.copies, round.agreed);
      } else {
        left.push(waiter);
      }
    }
    round.waiters = left;
    if (left.length === 0) this.#running.delete(round);
    else if (round.open === 0) this.#repeat(round);
  }

  /** Where a part of the arc went to another meanwhile, the rest asks again; else the arc is lost. */
  #refused(round: Round, asked: Arc): void {
    if (asked === this.#view.arc) return this.#view.lost();
    this.#running.delete(round);
    for (const waiter of round.waiters) {
      if (holds(this.#view.arc, waiter.position)) this.add(waiter);
      else waiter.done('lost', 0, 0);
    }
  }

  /**
   * Too few answered: the ring gets a moment to drop who is dead, then those who still have time ask the
   * new set.
   */
  #repeat(round: Round): void {
    this.#running.delete(round);
    const waiters = round.waiters;
    this.#engine.after(this.#engine.profile.retryMs, () => {
      for (const waiter of waiters) {
        if (this.#engine.now >= waiter.deadline) waiter.done('late', round.copies, round.agreed);
        else this.add(waiter);
      }
    });
  }
}

interface Round {
  waiters: RoundWaiter[];
  readonly copies: number;
  agreed: number;
  open: number;
}
