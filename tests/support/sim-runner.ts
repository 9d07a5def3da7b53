// SimRunner: a simulated node as the runner that the parts of a socket are made for. Promises resolve when
// the world is at rest between two events: whoever drives it lets them have their turn where it is due.
import { fromKey } from '../../src/core/bytes.ts';
import type { ChangesReply } from '../../src/core/change-query.ts';
import type { Command } from '../../src/core/command.ts';
import type { Outcome } from '../../src/core/effect.ts';
import type { Key } from '../../src/core/entry.ts';
import { keyPosition } from '../../src/core/position.ts';
import { simulationHash } from '../../src/sim/hash.ts';
import type { World, WorldNode } from '../../src/sim/world.ts';
import { PROFILES } from '../../src/core/profile.ts';
import { ChordError } from '../../src/node/errors.ts';
import { type Limits, parseLimits } from '../../src/node/limits.ts';
import type { CallDefaults } from '../../src/node/call-options.ts';
import type { RunOptions } from '../../src/node/driver.ts';
import type { WatchRunner } from '../../src/node/watch.ts';

/** Whether something was resolved that has not had its turn yet. */
export interface Turns {
  due: boolean;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly over: () => void;
}

export class SimRunner implements WatchRunner {
  readonly limits: Limits = parseLimits(undefined);
  readonly defaults: CallDefaults = { consistency: 'quorum', timeoutMs: PROFILES.local.timeoutMs };
  readonly closed: AbortSignal = new AbortController().signal;
  readonly positions: number;
  readonly #turns: Turns;
  readonly #tamper: (reply: ChangesReply) => ChangesReply;
  readonly #world: World;
  readonly #node: WorldNode;
  readonly #k: number;
  readonly #waiting = new Map<number, Waiting>();
  /** Commands that settled before they had a number. */
  readonly #early = new Map<number, Outcome>();

  constructor(
    world: World,
    node: WorldNode,
    k: number,
    turns: Turns,
    tamper: (reply: ChangesReply) => ChangesReply = (reply) => reply,
  ) {
    this.#tamper = tamper;
    this.#turns = turns;
    this.#world = world;
    this.#node = node;
    this.#k = k;
    this.positions = 2 ** k;
  }

  /** Commands under way. */
  get open(): number {
    return this.#waiting.size;
  }

  positionOf(key: Key): number {
    return keyPosition(simulationHash, fromKey(key), this.#k);
  }

  run<Result>(command: Command, { timeoutMs, signal }: RunOptions): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const number = this.#world.command(this.#node, command, timeoutMs);
      const abort = (): void => {
        if (!this.#waiting.delete(number)) return;
        this.#node.machine.cancel(this.#world.now, number);
        reject(signal?.reason as Error);
      };
      const over = (): void => signal?.removeEventListener('abort', abort);
      this.#waiting.set(number, { resolve: resolve as (value: unknown) => void, reject, over });
      signal?.addEventListener('abort', abort);
      const early = this.#early.get(number);
      if (early !== undefined) this.settled(number, early);
      this.#early.clear();
    });
  }

  /** To be called for each command of the node that settles. */
  settled(number: number, outcome: Outcome): void {
    const waiting = this.#waiting.get(number);
    if (waiting === undefined) return void this.#early.set(number, outcome);
    this.#waiting.delete(number);
    this.#node.outcomes.delete(number);
    waiting.over();
    this.#turns.due = true;
    if (outcome.ok) waiting.resolve(isChanges(outcome.value) ? this.#tamper(outcome.value) : outcome.value);
    else waiting.reject(new ChordError(outcome.failure.code as 'ERR_TIMEOUT', outcome.failure.message));
  }

  pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        this.#turns.due = true;
        resolve();
      };
      this.#world.after(ms, done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

function isChanges(value: unknown): value is ChangesReply {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'changed';
}
