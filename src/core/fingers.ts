// Fingers: keeps the finger table right: looks up self + 2**i, one finger a turn, quickly while fingers are
// found wrong and ever more slowly while they are right. It owns the pace; the table itself is
// routing-table.ts.
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Goal, LookupResult } from './lookup.ts';
import type { Neighbourhood, Request } from './message.ts';
import { distance } from './position.ts';
import type { RoutingTable } from './routing-table.ts';
import type { Timer } from './timers.ts';

export interface FingersView {
  lookup(goal: Goal, done: (result: LookupResult) => void): void;
  /** The successors, whose span needs no lookups. */
  successors(): readonly Contact[];
}

export class Fingers {
  readonly #engine: Engine;
  readonly #table: RoutingTable;
  readonly #view: FingersView;
  #timer: Timer | undefined;
  /** The predecessor and first successor, when looked at last. */
  #nearest = '';
  #next = 0;
  #changed = false;
  #pauseMs: number;
  /** Whether the last whole cycle found every finger as it was. */
  complete = false;

  constructor(engine: Engine, table: RoutingTable, view: FingersView) {
    this.#engine = engine;
    this.#table = table;
    this.#view = view;
    this.#pauseMs = engine.profile.fingerMs;
  }

  /** The ring has changed nearby, so fingers may have as well: looks soon. */
  neighboursChanged({ predecessor, successors }: Neighbourhood): void {
    // Changes further down the list come by all the time in a large ring, and say little of the fingers.
    const nearest = `${predecessor?.id} ${successors[0]?.id}`;
    if (nearest === this.#nearest) return;
    this.#nearest = nearest;
    const { fingerMs } = this.#engine.profile;
    this.#pauseMs = fingerMs;
    if (this.#timer?.action !== undefined && this.#timer.at <= this.#engine.now + fingerMs) return;
    this.#schedule();
  }

  stop(): void {
    this.#engine.cancelTimer(this.#timer);
    this.complete = false;
  }

  #schedule(): void {
    this.#engine.cancelTimer(this.#timer);
    this.#timer = this.#engine.after(this.#engine.random.around(this.#pauseMs), () => this.#turn());
  }

  #turn(): void {
    const i = this.#skipListed(this.#next);
    if (!this.#engine.member) return;
    if (i >= this.#engine.k) return this.#endCycle();
    const position = this.#table.fingerStart(i);
    const request = (): Request => ({ type: 'find', position, followers: false });
    const deadline = this.#engine.now + this.#engine.profile.requestMaxMs * 4;
    const goal: Goal = { position, request, here: () => false, deadline, followers: false };
    this.#view.lookup(goal, ({ reply }) => {
      if (!this.#engine.member) return;
      if (reply?.type === 'found' && reply.owner) this.#found(i, reply.contacts[0]);
      else this.#next = i + 1;
      this.#schedule();
    });
  }

  /** One answer is right for every finger that starts before the member found. */
  #found(from: number, owner: Contact | undefined): void {
    const { self, size, k } = this.#engine;
    if (owner === undefined) return;
    const reach = owner.id === self.id ? size : distance(self.position, owner.position, size);
    let i = from;
    for (; i < k && 2 ** i <= reach; i++) {
      if (this.#table.setFinger(i, owner)) this.#changed = true;
    }
    this.#next = Math.max(i, from + 1);
  }

  /** Fingers that start within the successor list follow from it. */
  #skipListed(from: number): number {
    const { self, size, k, limits } = this.#engine;
    const successors = this.#view.successors();
    const last = successors.at(-1);
    if (last === undefined) return k;
    let i = from;
    for (; i < k; i++) {
      const start = 2 ** i;
      const listed = successors.find((contact) => distance(self.position, contact.position, size) >= start);
      if (listed === undefined && successors.length === limits.successors) break;
      // A list shorter than it could be names the whole ring: behind its end there is only ourselves.
      if (this.#table.setFinger(i, listed ?? self)) this.#changed = true;
    }
    return i;
  }

  #endCycle(): void {
    const { fingerMs, fingerIdleMs } = this.#engine.profile;
    this.#next = 0;
    this.complete = !this.#changed;
    this.#pauseMs = this.#changed ? fingerMs : Math.min(fingerIdleMs, this.#pauseMs * 2);
    this.#changed = false;
    this.#schedule();
  }
}
