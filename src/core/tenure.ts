// Tenure: this node's time as a member, as its user orders it: the join and leave commands, with their
// time-outs, and the move off a position that another member keeps. The steps themselves are in joining.ts
// and leaving.ts. A node leaves once, however often it is told to, and whoever has made it leave: all leave
// commands wait for one hand-over.
import type { Contact } from './contact.ts';
import type { Failure } from './effect.ts';
import type { Fingers } from './fingers.ts';
import { Joining } from './joining.ts';
import type { LeavingParts } from './leaving.ts';
import { leave } from './leaving.ts';
import type { Goal, LookupResult } from './lookup.ts';

export interface TenureParts extends LeavingParts {
  readonly fingers: Fingers;
  readonly preferredSalt: number | undefined;
  lookup(goal: Goal, done: (result: LookupResult) => void): void;
}

interface Join {
  readonly command: number;
  joining: Joining | undefined;
}

export class Tenure {
  readonly #parts: TenureParts;
  #join: Join | undefined;
  /** Commands that wait until what is held here is acknowledged. */
  readonly #leaves = new Set<number>();
  /** Looking for another position after having been displaced. */
  #move: Joining | undefined;

  constructor(parts: TenureParts) {
    this.#parts = parts;
  }

  /** Nobody waits for the command any more. */
  cancel(command: number): void {
    if (this.#join?.command === command) {
      this.#join.joining?.cancel();
      this.#join = undefined;
    }
    this.#leaves.delete(command);
  }

  /**
   * Becomes a member of the ring of the members known, or of a new one; settles once the whole arc is
   * served.
   */
  join(command: number, timeoutMs: number): void {
    const { engine } = this.#parts;
    if (this.#join !== undefined) {
      const message = 'a join is under way already';
      return engine.settle(command, { ok: false, failure: { code: 'ERR_LIMIT', message } });
    }
    this.#move?.cancel();
    const join: Join = { command, joining: undefined };
    this.#join = join;
    engine.after(timeoutMs, () => {
      const message = `not serving after ${timeoutMs} ms: the members asked did not answer in time`;
      if (this.#join === join) this.#endJoin({ code: 'ERR_TIMEOUT', message });
    });
    if (engine.member) return this.servingChanged();
    join.joining = new Joining(this.#parts, engine.now + timeoutMs, (failure) => {
      if (this.#join !== join) return;
      join.joining = undefined;
      if (failure === undefined) this.servingChanged();
      else this.#endJoin(failure);
    });
  }

  /** A join ends when the arc is served. */
  servingChanged(): void {
    const { engine, owner } = this.#parts;
    if (this.#join === undefined || !engine.member || !owner.serving) return;
    engine.settle(this.#join.command, { ok: true, value: undefined });
    this.#join = undefined;
  }

  /**
   * Stops being a member; settles once every entry held here is acknowledged by the others, or with the
   * time-out. So does a client that still holds what it could not hand over before.
   */
  leave(command: number, timeoutMs: number): void {
    const { engine, sweep } = this.#parts;
    this.#move?.cancel();
    this.#leaves.add(command);
    engine.after(timeoutMs, () => {
      if (!this.#leaves.delete(command)) return;
      if (this.#leaves.size === 0) sweep.giveUp();
      const message = `after ${timeoutMs} ms the others had not acknowledged ${sweep.held} entries held here`;
      engine.settle(command, { ok: false, failure: { code: 'ERR_TIMEOUT', message } });
    });
    if (engine.member) this.#leaveRing(undefined);
    // Where another command waits, it ends together with this one.
    else if (this.#leaves.size > 1) return;
    else if (sweep.holds) sweep.untilClean(this.#handedOver);
    else this.#handedOver();
  }

  /** Another member keeps our position: we go to a free one, or become a client where there is none. */
  displaced(by: Contact): void {
    const { engine } = this.#parts;
    this.#leaveRing(by);
    // The move is nobody's command; it may take as long as a few of them.
    const deadline = engine.now + engine.profile.timeoutMs * 4;
    this.#move?.cancel();
    this.#move = new Joining(this.#parts, deadline, (failure) => {
      if (failure === undefined) return;
      const message = `${by.host}:${by.port} stands on the same position and keeps it: ${failure.message}`;
      engine.event({ type: 'error', failure: { ...failure, message } });
    });
  }

  #endJoin(failure: Failure): void {
    if (this.#join === undefined) return;
    this.#join.joining?.cancel();
    this.#parts.engine.settle(this.#join.command, { ok: false, failure });
    this.#join = undefined;
  }

  #leaveRing(replacement: Contact | undefined): void {
    this.#parts.fingers.stop();
    leave(this.#parts, replacement, this.#handedOver);
  }

  readonly #handedOver = (): void => {
    for (const command of this.#leaves) this.#parts.engine.settle(command, { ok: true, value: undefined });
    this.#leaves.clear();
  };
}
