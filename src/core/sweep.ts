// Sweep: asks the owners of what is held here, and is not ours to own, what becomes of it: it is kept as a
// copy, brought up to a newer configuration, or forgotten once the set that is in force holds it all. It is
// how copies leave former holders, how a leaving member hands over, and how two rings learn of each other's
// entries.
import { ArcMap } from './arc-map.ts';
import type { Configuration } from './configuration.ts';
import type { Engine } from './engine.ts';
import type { Goal, LookupResult } from './lookup.ts';
import type { Reply, Request } from './message.ts';
import type { Owner } from './owner.ts';
import type { Arc } from './position.ts';
import { intersect, subtract, without } from './position.ts';
import type { MemoryStore } from './store.ts';
import type { Timer } from './timers.ts';

export interface SweepView {
  /** The arc that the ring gives us; undefined = none (a client). */
  arc(): Arc | undefined;
  /** Whether there is no member left to hand anything to. */
  nobody(): boolean;
  lookup(goal: Goal, done: (result: LookupResult) => void): void;
}

interface Held {
  readonly arc: Arc;
  /** Undefined: entries without a register. */
  readonly configuration: Configuration | undefined;
  /** Whether its owner has asked for all that can be told of it. */
  readonly tells: boolean;
}

/** A calm member asks again after this many sweep periods even if nothing was reported to have changed. */
const IDLE_PERIODS = 20;
/**
 * Who is compared is about to become one of the set, or has been told of the one that is: for this part of a
 * sweep period, what it holds without a register is not offered.
 */
const COMPARED_SWEEPS = 0.5;
/** Eager stabilisations that the ring gets to settle before what is held here is looked through. */
const SETTLING_TURNS = 3;

export class Sweep {
  readonly #engine: Engine;
  readonly #store: MemoryStore;
  readonly #owner: Owner;
  readonly #view: SweepView;
  #timer: Timer | undefined;
  #running = false;
  #begunAt = -Infinity;
  /** Something changed since the last sweep began. */
  #dirty = false;
  /** Something could not be settled in this sweep. */
  #unfinished = false;
  #onClean: (() => void) | undefined;
  /** What is offered now, and whether an owner has compared it since: then no answer lets us forget it. */
  #offered: Arc | undefined;
  #isCounted = false;
  /** Arcs that an owner has compared not long ago: until when each is left alone. */
  readonly #compared: ArcMap<number>;

  constructor(engine: Engine, store: MemoryStore, owner: Owner, view: SweepView) {
    this.#engine = engine;
    this.#store = store;
    this.#owner = owner;
    this.#view = view;
    this.#compared = new ArcMap(engine.size, (a, b) => a === b);
  }

  /** Entries held here, tombstones included. */
  get held(): number {
    return this.#store.size;
  }

  /** Whether there is anything to hand over: entries, or a seat in a set that would miss its vote. */
  get holds(): boolean {
    return this.#store.size > 0 || !this.#owner.registers.empty;
  }

  /** Copies held here may belong elsewhere now. */
  touch(): void {
    this.#dirty = true;
    this.#schedule(this.#settlingMs());
  }

  /** Sweeps at once and again until nothing held here belongs elsewhere. */
  untilClean(done: () => void): void {
    this.#onClean = done;
    this.#dirty = true;
    this.#schedule(0);
  }

  /** An owner compares what is held here of the arc: it may make this node one of the set. */
  counted(arc: Arc): void {
    const { now, profile, size } = this.#engine;
    const step = profile.sweepMs * COMPARED_SWEEPS;
    // In steps, so that arcs which are compared one after the other become one.
    this.#compared.set(arc, (Math.floor(now / step) + 2) * step);
    if (this.#offered === undefined) return;
    if (intersect(this.#offered, arc, size).length > 0) this.#isCounted = true;
  }

  /** Nobody waits for a clean store any more. */
  giveUp(): void {
    this.#onClean = undefined;
  }

  #schedule(ms: number): void {
    const { now } = this.#engine;
    if (this.#running || (this.#timer?.action !== undefined && this.#timer.at <= now + ms)) return;
    this.#engine.cancelTimer(this.#timer);
    this.#timer = this.#engine.after(ms, () => this.#begin());
  }

  #settlingMs(): number {
    const { now, profile } = this.#engine;
    // One that goes on changing is looked through once a stabilisation.
    return Math.max(profile.stabiliseEagerMs * SETTLING_TURNS, this.#begunAt + profile.stabiliseMs - now);
  }

  #begin(): void {
    this.#begunAt = this.#engine.now;
    this.#running = true;
    this.#dirty = false;
    this.#unfinished = false;
    // The last of a ring keeps what it holds.
    if (this.#view.nobody()) return this.#end();
    this.#next(this.#holdings());
  }

  #end(): void {
    this.#running = false;
    this.#offered = undefined;
    const { sweepMs, retryMs } = this.#engine.profile;
    if (!this.#dirty && !this.#unfinished) {
      const done = this.#onClean;
      this.#onClean = undefined;
      done?.();
    }
    if (this.#onClean !== undefined) return this.#schedule(retryMs);
    if (this.#dirty) this.#schedule(this.#settlingMs());
    else if (this.#unfinished) this.#schedule(sweepMs);
    // Who holds nothing may come to hold copies without hearing of it here: by what was sent before others
    // knew that it had left, or had come back with nothing.
    else this.#schedule(sweepMs * IDLE_PERIODS);
  }

  /** The parts of the arc that the ring does not give us; nothing where that is not known. */
  #outside(arc: Arc): Arc[] {
    const { member, size } = this.#engine;
    if (!member) return [arc];
    const own = this.#view.arc();
    return own === undefined ? [] : subtract(arc, own, size);
  }

  /** What is held outside of the arc that the ring gives us. */
  #holdings(): Held[] {
    const { member } = this.#engine;
    if (member && this.#view.arc() === undefined) this.#unfinished = true;
    const { registers } = this.#owner;
    const held: Held[] = registers.parts.flatMap(({ arc, value }) =>
      this.#outside(arc).flatMap((part) =>
        value.map(({ configuration }) => ({ arc: part, configuration, tells: false })),
      ),
    );
    for (const gap of registers.gaps({ from: 0, to: 0 })) {
      for (const part of this.#outside(gap).flatMap((outside) => this.#notCompared(outside))) {
        if (this.#store.count(part) > 0) held.push({ arc: part, configuration: undefined, tells: false });
      }
    }
    return held;
  }

  /** The parts of the arc that no owner has compared a moment ago; a member that leaves does not wait. */
  #notCompared(arc: Arc): Arc[] {
    if (this.#isLeaving) return [arc];
    for (const { arc: part, value } of this.#compared.parts) {
      if (value <= this.#engine.now) this.#compared.set(part, undefined);
    }
    const waits = this.#compared.within(arc).some(({ arc: part }) => this.#store.count(part) > 0);
    if (waits) this.#unfinished = true;
    return this.#compared.gaps(arc);
  }

  /** One that has moved is a member again, and may be counted on at its new place. */
  get #isLeaving(): boolean {
    return this.#onClean !== undefined && !this.#engine.member;
  }

  /** Whether an owner, maybe another one, has compared it since whoever lets it go may have read it. */
  #isRecent(arc: Arc): boolean {
    const { now } = this.#engine;
    return !this.#isLeaving && this.#compared.within(arc).some(({ value }) => value > now);
  }

  #next(rest: Held[]): void {
    const held = rest.pop();
    if (held === undefined) return this.#end();
    const { arc, configuration, tells } = held;
    this.#offered = arc;
    this.#isCounted = false;
    const position = arc.to;
    const deadline = this.#engine.now + this.#engine.profile.requestMaxMs;
    const told = tells ? { holder: this.#engine.self, configuration } : undefined;
    const request = (): Request => ({ type: 'offer', arc, position, base: configuration, told });
    // What follows the owner would weigh more than the offer; where it is dead, the next sweep offers again.
    const goal: Goal = { position, request, here: () => false, deadline, followers: false };
    this.#view.lookup(goal, ({ reply }) => {
      if (reply?.type !== 'offered' && this.#view.nobody()) return this.#end();
      if (reply?.type !== 'offered') {
        this.#unfinished = true;
        return this.#next(rest);
      }
      // The answer speaks of the owner's arc: what is left of ours has another owner.
      const { size } = this.#engine;
      for (const other of subtract(arc, reply.arc, size)) rest.push({ ...held, arc: other });
      if (reply.outcome !== 'tell' || tells) this.#settle(held, reply);
      else for (const part of intersect(arc, reply.arc, size)) rest.push({ ...held, arc: part, tells: true });
      this.#next(rest);
    });
  }

  #settle({ arc, configuration }: Held, reply: Extract<Reply, { type: 'offered' }>): void {
    const { outcome, known } = reply;
    const { registers } = this.#owner;
    if (outcome === 'wait' || (outcome === 'keep' && !this.#engine.member)) this.#unfinished = true;
    if (outcome === 'installed' && known !== undefined && configuration !== undefined) {
      registers.install(known.arc, known.configuration, known.watermark);
      this.#unfinished = true;
    }
    if (outcome !== 'release') return;
    // It was let go before it was counted on: the answer was late, or of an owner that had read it before.
    if (this.#isCounted || (known?.configuration.lineage !== configuration?.lineage && this.#isRecent(arc))) {
      this.#unfinished = true;
      return;
    }
    const parts = intersect(arc, reply.arc, this.#engine.size);
    const others = parts.flatMap((part) => this.#outside(part));
    // What has become ours meanwhile is being taken over with what is held here: the answer was late.
    if (without(parts, others, this.#engine.size).length > 0) this.#unfinished = true;
    for (const part of others) {
      const moved = registers
        .within(part)
        .some(({ value }) => !value.some((register) => register.configuration === configuration));
      if (configuration !== undefined && (moved || known === undefined)) {
        this.#unfinished = true;
        continue;
      }
      if (configuration !== undefined && known !== undefined) {
        registers.forget(part, configuration, known.configuration);
      }
      for (const gap of registers.gaps(part)) {
        for (const key of [...this.#store.walk(gap)].map(({ entry }) => entry.key)) this.#store.remove(key);
      }
    }
  }
}
