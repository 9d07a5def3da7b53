// Tenure: this node's time as a member, as its user orders it: the join and leave commands, with their
// time-outs, and the move off a position that another member keeps. The steps themselves are in joining.ts
// and leaving.ts.
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
  #leave: number | undefined;
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
    if (this.#leave === command) this.#leave = undefined;
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
   * time-out.
   */
  leave(command: number, timeoutMs: number): void {
    const { engine, sweep } = this.#parts;
    const done = { ok: true, value: undefined } as const;
    this.#move?.cancel();
    this.#leave = command;
    engine.after(timeoutMs, () => {
      if (this.#leave !== command) return;
      this.#leave = undefined;
      sweep.giveUp();
      const message = `after ${timeoutMs} ms the others had not acknowledged ${sweep.held} entries held here`;
      engine.settle(command, { ok: false, failure: { code: 'ERR_TIMEOUT', message } });
    });
    const left = (): void => {
      if (this.#leave !== command) return;
      this.#leave = undefined;
      engine.settle(command, done);
    };
    if (engine.member) this.#leaveRing(undefined, left);
    // A client may still hold what it could not hand over before.
    else if (sweep.held > 0) sweep.untilClean(left);
    else left();
  }

  /** Another member keeps our position: we go to a free one, or become a client where there is none. */
  displaced(by: Contact): void {
    const { engine } = this.#parts;
    this.#leaveRing(by, () => {});
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

  #leaveRing(replacement: Contact | undefined, done: () => void): void {
    this.#parts.fingers.stop();
    leave(this.#parts, replacement, done);
  }
}
