// Rounds: what an owner asks of the copies of its arc, one request to each a turn: store these entries, and
// is my epoch still served? It owns the counting of acknowledgements; what waits for them is in
// operations.ts. All that arrives in one turn shares a round: reads need only the second question, so they
// cost no round of their own. While the set changes, new rounds wait (`hold`) until the next epoch is decided
// (`resume`).
import type { Base } from './configuration.ts';
import { majority } from './configuration.ts';
import type { Contact } from './contact.ts';
import type { Answer, Engine } from './engine.ts';
import type { Entry } from './entry.ts';
import type { Request } from './message.ts';
import type { Arc } from './position.ts';

/** How a round ended for one who waited. */
export type RoundOutcome =
  /** Enough copies agreed. */
  | 'agreed'
  /** The arc belongs to another now. */
  | 'lost'
  /** Time ran out. */
  | 'late'
  /** This member could not write it down. */
  | 'unsaved';

/** Who was asked, and who agreed. */
export interface Counts {
  /** The size of the set, the owner included. */
  readonly copies: number;
  /** How many of them have answered yes. */
  readonly agreed: number;
  /** Those that have not answered. */
  readonly silent: readonly Contact[];
}

export interface RoundWaiter {
  readonly position: number;
  /** To be stored on the copies; undefined only asks. */
  readonly entry: Entry | undefined;
  readonly need: 'quorum' | 'all';
  /** Monotonic milliseconds. */
  readonly deadline: number;
  readonly done: (outcome: RoundOutcome, counts: Counts) => void;
}

/** What the rounds need of their segment. */
export interface RoundView {
  arc(): Arc;
  base(): Base;
  /** The members of the configuration beside the owner. */
  copies(): readonly Contact[];
  /** Members that are being brought up to date, and do not count. */
  learners(): readonly Contact[];
  /** A copy does not vote at this epoch, or has promised it away. */
  refused(id: string): void;
  /** A copy missed entries: it must be compared again. */
  missed(id: string): void;
}

interface Round extends Counts {
  waiters: RoundWaiter[];
  agreed: number;
  readonly silent: Contact[];
  open: number;
  saved: boolean | undefined;
}

const NOBODY: Counts = { copies: 0, agreed: 0, silent: [] };

export class Rounds {
  readonly #engine: Engine;
  readonly #view: RoundView;
  #waiting: RoundWaiter[] = [];
  readonly #running = new Set<Round>();
  /** Requests with entries that have not been answered. */
  #outstanding = 0;
  #held = false;
  #onIdle: (() => void) | undefined;
  #closed = false;

  constructor(engine: Engine, view: RoundView) {
    this.#engine = engine;
    this.#view = view;
  }

  add(waiter: RoundWaiter): void {
    if (this.#closed) return waiter.done('lost', NOBODY);
    this.#waiting.push(waiter);
    if (this.#waiting.length === 1 && !this.#held) this.#engine.defer(() => this.#flush());
  }

  /** New rounds wait from now on; `idle` is called when those under way have been answered by everybody. */
  hold(idle: () => void): void {
    this.#held = true;
    this.#onIdle = idle;
    this.#checkIdle();
  }

  resume(): void {
    this.#held = false;
    this.#onIdle = undefined;
    if (this.#waiting.length > 0) this.#engine.defer(() => this.#flush());
  }

  /** The arc is another's: whoever waits is told to ask again. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const waiters = [...this.#waiting, ...[...this.#running].flatMap((round) => round.waiters)];
    this.#waiting = [];
    this.#running.clear();
    for (const waiter of waiters) waiter.done('lost', NOBODY);
  }

  #flush(): void {
    if (this.#held) return;
    const waiters = this.#waiting;
    this.#waiting = [];
    const { pageBytes, pageEntries } = this.#engine.limits;
    let page: RoundWaiter[] = [];
    let [bytes, entries] = [0, 0];
    for (const waiter of waiters) {
      const { entry } = waiter;
      const size = entry === undefined ? 0 : entry.key.length + (entry.value?.length ?? 0);
      const isFull = bytes + size > pageBytes || (entry !== undefined && entries >= pageEntries);
      if (page.length > 0 && isFull) {
        this.#run(page);
        page = [];
        [bytes, entries] = [0, 0];
      }
      page.push(waiter);
      bytes += size;
      if (entry !== undefined) entries += 1;
    }
    if (page.length > 0) this.#run(page);
  }

  #run(waiters: RoundWaiter[]): void {
    const [arc, base] = [this.#view.arc(), this.#view.base()];
    const copies = this.#view.copies();
    const entries = waiters.flatMap((waiter) => (waiter.entry === undefined ? [] : [waiter.entry]));
    const round: Round = {
      waiters,
      copies: copies.length + 1,
      agreed: 0,
      silent: [],
      open: copies.length + 1,
      saved: undefined,
    };
    this.#running.add(round);
    // One for all: the wire writes it only once.
    const request: Request = { type: 'replicate', arc, base, entries };
    for (const copy of copies) {
      this.#outstanding += 1;
      this.#engine.call(copy, request, (answer) => this.#answered(round, copy, answer, entries.length > 0));
    }
    if (entries.length > 0) {
      for (const learner of this.#view.learners()) this.#teach(learner, arc, base, entries);
    }
    this.#engine.saver.whenSaved((saved) => {
      round.saved = saved;
      round.open -= 1;
      if (saved || entries.length === 0) round.agreed += 1;
      this.#settle(round);
      this.#checkIdle();
    });
  }

  #answered(round: Round, copy: Contact, answer: Answer, brought: boolean): void {
    this.#outstanding -= 1;
    round.open -= 1;
    const stored = answer.type === 'reply' && answer.body.type === 'replicated' ? answer.body.outcome : '';
    if (stored === 'stored') round.agreed += 1;
    if (answer.type !== 'reply') round.silent.push(copy);
    if (!this.#closed) {
      if (stored === 'refused') this.#view.refused(copy.id);
      else if (stored === '' && brought) this.#view.missed(copy.id);
    }
    this.#settle(round);
    this.#checkIdle();
  }

  #teach(learner: Contact, arc: Arc, base: Base, entries: readonly Entry[]): void {
    this.#outstanding += 1;
    this.#engine.call(learner, { type: 'copy', arc, base, entries, past: false }, (answer) => {
      this.#outstanding -= 1;
      const stored = answer.type === 'reply' && answer.body.type === 'copied' && answer.body.stored;
      if (!stored && !this.#closed) this.#view.missed(learner.id);
      this.#checkIdle();
    });
  }

  #settle(round: Round): void {
    if (!this.#running.has(round)) return;
    const left: RoundWaiter[] = [];
    for (const waiter of round.waiters) {
      const need = waiter.need === 'all' ? round.copies : majority(round.copies);
      if (round.saved === false && waiter.entry !== undefined) {
        waiter.done('unsaved', round);
      } else if (round.saved !== undefined && round.agreed >= need) {
        waiter.done('agreed', round);
      } else {
        left.push(waiter);
      }
    }
    round.waiters = left;
    if (left.length === 0) this.#running.delete(round);
    else if (round.open === 0) this.#repeat(round);
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
        if (this.#engine.now >= waiter.deadline) waiter.done('late', round);
        else this.add(waiter);
      }
    });
  }

  #checkIdle(): void {
    if (!this.#held || this.#outstanding > 0 || this.#running.size > 0) return;
    const idle = this.#onIdle;
    this.#onIdle = undefined;
    idle?.();
  }
}
