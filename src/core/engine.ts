// Engine: what every part of the machine stands on: the time, chance, timers, requests under way, and the
// effects to do. It owns the matching of replies to requests and their time-outs; it knows nothing of rings
// or entries.
import type { Contact } from './contact.ts';
import type { Destination, Effect, MachineEvent, Outcome } from './effect.ts';
import type { Key } from './entry.ts';
import { KeyPositions } from './key-positions.ts';
import type { CoreLimits } from './limits.ts';
import type { Reply, Request } from './message.ts';
import { NumberTable } from './number-table.ts';
import type { Hash } from './position.ts';
import { ringSize } from './position.ts';
import type { Profile } from './profile.ts';
import { Peers } from './peers.ts';
import { Random } from './random.ts';
import type { Timer } from './timers.ts';
import { Saver } from './saver.ts';
import { Timers } from './timers.ts';

/** How a request ended: with the reply, without one in time, or because the peer cannot be reached. */
export type Answer =
  | { readonly type: 'reply'; readonly body: Reply; readonly ms: number }
  | { readonly type: 'silence'; readonly ms: number }
  | { readonly type: 'unreachable'; readonly ms: number };

export interface EngineOptions {
  readonly k: number;
  readonly hash: Hash;
  /** Shared by machines that have `hash` and `k` in common; its own by default. */
  readonly keyPositions?: KeyPositions | undefined;
  /** Of the generator; every node needs its own. */
  readonly seed: number;
  readonly self: Contact;
  readonly profile: Profile;
  readonly limits: CoreLimits;
  /** Whether what is stored has to be written down before others may rely on it. */
  readonly durable?: boolean;
  /** How far this node's wall clock may be from those of the other members. */
  readonly clockSkewMaxMs?: number | undefined;
}

/** NTP keeps clocks within a fraction of a second; a minute is a clock that nobody looks after. */
const CLOCK_SKEW_MAX_MS = 60_000;

/** A request under way; a class for the reason that is given at Timer. */
class Call {
  readonly to: string;
  readonly sentAt: number;
  readonly timer: Timer;
  readonly done: (answer: Answer) => void;

  constructor(to: string, sentAt: number, timer: Timer, done: (answer: Answer) => void) {
    this.to = to;
    this.sentAt = sentAt;
    this.timer = timer;
    this.done = done;
  }
}

/**
 * A request with values may take longer, as it travels in parts behind others: 4 MB/s is a slow line between
 * two houses.
 */
const VALUE_BYTES_A_MS = 4_096;
/** Below this, the bounds of a time-out have room enough. */
const LARGE_BYTES = 65_536;

export class Engine {
  readonly k: number;
  readonly size: number;
  readonly hash: Hash;
  readonly profile: Profile;
  readonly limits: CoreLimits;
  readonly random: Random;
  readonly peers: Peers;
  readonly saver: Saver;
  readonly clockSkewMaxMs: number;
  /** Wall time minus monotonic time, as ring-clock.ts judges it. */
  wallOffset = 0;
  /** When (monotonic) wall time last jumped forward, and how far it did altogether not long before that. */
  jumpedAt: number = -Infinity;
  jumpedMs = 0;
  self: Contact;
  /** The incarnation in which this node's memory began. */
  birth = 1;
  /** Host and port of this node's gateway, '' while it has none: for `describe`. */
  gateway = '';
  /** Monotonic milliseconds when this member last went on without a majority: it may lack what was there. */
  forcedAt: number = -Infinity;
  /** Whether this node stores data for a ring. */
  member = false;
  /** Told of every peer that did not answer, once a request. */
  onSilence: (id: string) => void = () => {};
  readonly #keyPositions: KeyPositions;
  readonly #timers = new Timers();
  readonly #calls = new NumberTable<Call>();
  #now = 0;
  #wokeAt = -Infinity;
  #lastNumber = 0;
  #deferred: (() => void)[] = [];
  #effects: Effect[] = [];
  #polled = 0;

  constructor(options: EngineOptions) {
    this.k = options.k;
    this.size = ringSize(options.k);
    this.hash = options.hash;
    this.#keyPositions = options.keyPositions ?? new KeyPositions(options.hash, options.k);
    this.profile = options.profile;
    this.limits = options.limits;
    this.clockSkewMaxMs = options.clockSkewMaxMs ?? CLOCK_SKEW_MAX_MS;
    this.self = options.self;
    this.random = new Random(options.seed);
    this.peers = new Peers(options.limits.peers, options.profile.requestMinMs, options.profile.requestMaxMs);
    this.saver = new Saver(options.durable ?? false, options.profile.probeMinMs, this);
  }

  positionOf(key: Key): number {
    return this.#keyPositions.of(key);
  }

  /** Monotonic milliseconds of the input that is being handled. */
  get now(): number {
    return this.#now;
  }

  set now(now: number) {
    // Timers are run when they are due, unless the process stands still.
    if (now - this.#timers.next() >= this.profile.evictAfterMs / 2) this.#wokeAt = now;
    this.#now = now;
  }

  /**
   * Whether the process has just gone on after it stood still: others may have taken its arc over, and what
   * it is asked right now may have been answered there.
   */
  get isWaking(): boolean {
    return this.#now - this.#wokeAt < this.profile.requestMinMs;
  }

  /** Epoch milliseconds. */
  get wall(): number {
    return this.now + this.wallOffset;
  }

  /**
   * Sends a request and calls `done` exactly once, unless the returned number is given to `abandon` before.
   */
  call(to: Destination, body: Request, done: (answer: Answer) => void, timeoutMs?: number): number {
    const id = typeof to === 'string' ? to : to.id;
    const number = ++this.#lastNumber;
    const ms = (timeoutMs ?? this.peers.timeoutMs(id)) + transferMs(body);
    const timer = this.after(ms, () => this.#fail(number, 'silence'));
    this.#calls.add(number, new Call(id, this.now, timer, done));
    this.effect({ type: 'send', to, message: { direction: 'request', number, body } });
    return number;
  }

  /** Whether an answer of this peer is awaited. */
  isAsking(id: string): boolean {
    return this.#calls.entries().some(([, call]) => call.to === id);
  }

  /** The answer to this request is no longer wanted. */
  abandon(number: number): void {
    const call = this.#calls.take(number);
    if (call === undefined) return;
    this.#timers.cancel(call.timer);
  }

  reply(to: string, number: number, body: Reply): void {
    this.effect({ type: 'send', to, message: { direction: 'reply', number, body } });
  }

  /** Whether it was awaited; the peer is then known to live. */
  handleReply(from: string, number: number, body: Reply): boolean {
    const call = this.#calls.get(number);
    if (call === undefined || call.to !== from) return false;
    this.#calls.take(number);
    this.#timers.cancel(call.timer);
    const ms = this.now - call.sentAt;
    // The owner holds that one back until there is something to tell: it says nothing of the way.
    if (body.type === 'changed') this.peers.heard(from);
    else this.peers.answered(from, ms);
    call.done({ type: 'reply', body, ms });
    return true;
  }

  /** No request to this peer will be answered: its connection is gone, or it could not be dialled. */
  handleUnreachable(id: string): void {
    const numbers: number[] = [];
    for (const [number, call] of this.#calls.entries()) if (call.to === id) numbers.push(number);
    for (const number of numbers) this.#fail(number, 'unreachable');
  }

  after(ms: number, action: () => void): Timer {
    return this.#timers.set(this.now + ms, action);
  }

  cancelTimer(timer: Timer | undefined): void {
    this.#timers.cancel(timer);
  }

  /** Runs the timers that are due at `now`. */
  runTimers(): void {
    for (let action = this.#timers.due(this.now); action; action = this.#timers.due(this.now)) action();
  }

  nextTimeout(): number {
    return this.#timers.next();
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  effect(effect: Effect): void {
    this.#effects.push(effect);
  }

  event(event: MachineEvent): void {
    this.#effects.push({ type: 'event', event });
  }

  settle(command: number, outcome: Outcome): void {
    this.#effects.push({ type: 'settle', command, outcome });
  }

  /**
   * Runs once the inputs of this turn are handled, just before the last effect has been polled: where work
   * is batched.
   */
  defer(action: () => void): void {
    this.#deferred.push(action);
  }

  poll(): Effect | undefined {
    while (this.#polled === this.#effects.length && this.#deferred.length > 0) {
      const actions = this.#deferred;
      this.#deferred = [];
      for (const action of actions) action();
    }
    const effect = this.#effects[this.#polled];
    if (effect === undefined) {
      this.#polled = 0;
      if (this.#effects.length > 0) this.#effects = [];
      return undefined;
    }
    this.#polled += 1;
    return effect;
  }

  #fail(number: number, type: 'silence' | 'unreachable'): void {
    const call = this.#calls.take(number);
    if (call === undefined) return;
    this.#timers.cancel(call.timer);
    this.peers.silent(call.to, this.now);
    call.done({ type, ms: this.now - call.sentAt });
    this.onSilence(call.to);
  }
}

/** What a request's values may take on their way. */
function transferMs(request: Request): number {
  let bytes = 0;
  if (request.type === 'operate') {
    if (request.operation.type === 'set') bytes = request.operation.value.length;
  } else if (request.type === 'replicate' || request.type === 'copy') {
    for (const { value } of request.entries) bytes += value?.length ?? 0;
  }
  return bytes < LARGE_BYTES ? 0 : bytes / VALUE_BYTES_A_MS;
}
