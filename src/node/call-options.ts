// CallOptions: what every operation may be told, parsed at the edge, and the deadline that several requests
// share. It owns names, types, ranges and defaults; the driver carries time-out and abort out.
import { setMaxListeners } from 'node:events';
import type { Consistency } from '../core/message.ts';
import { ChordError } from './errors.ts';

export interface CallOptions {
  /** Copies that must agree before the answer; `one` may be stale. Default: the socket's. */
  readonly consistency?: Consistency | undefined;
  /** Milliseconds until the call rejects with ERR_TIMEOUT; in (0, 2**31). Default: the profile's. */
  readonly timeoutMs?: number | undefined;
  /** Aborting it rejects the call with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/** What calls start from. */
export interface CallDefaults {
  readonly consistency: Consistency;
  readonly timeoutMs: number;
}

/** Parsed call options. */
export interface Call {
  readonly consistency: Consistency;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Waits are held by timers of 31 bits. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1;
const CONSISTENCIES: readonly string[] = ['one', 'quorum', 'all'] satisfies Consistency[];
const CALL_NAMES: readonly string[] = ['consistency', 'timeoutMs', 'signal'];

/**
 * `extraNames` are those that the call takes besides the common ones.
 * Throws TypeError or RangeError for misuse, and `signal.reason` where the signal is already aborted.
 */
export function parseCall(given: unknown, defaults: CallDefaults, extraNames: readonly string[] = []): Call {
  const call = parseIteration(given, defaults, extraNames);
  call.signal?.throwIfAborted();
  return call;
}

/** As parseCall, for what is iterated: that the signal is already aborted is for the first step to say. */
export function parseIteration(given: unknown, defaults: CallDefaults, extraNames: readonly string[]): Call {
  if (given === undefined) return { ...defaults, signal: undefined };
  const options = parseNamed(given, CALL_NAMES, 'options', extraNames);
  const signal = parseSignal(options['signal']);
  const timeoutMs = parseDuration(options['timeoutMs'], 'timeoutMs') ?? defaults.timeoutMs;
  const { consistency = defaults.consistency } = options;
  if (!isConsistency(consistency)) {
    throw new TypeError(
      `consistency must be one of ${CONSISTENCIES.join(', ')}, got ${JSON.stringify(consistency)}`,
    );
  }
  return { consistency, timeoutMs, signal };
}

/**
 * The fields of an options object; throws TypeError for anything else and for a name that is not in the
 * list.
 */
export function parseNamed(
  given: unknown,
  names: readonly string[],
  what: string,
  extraNames: readonly string[] = [],
): Readonly<Record<string, unknown>> {
  if (given === undefined) return {};
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError(`${what} must be an object, got ${given === null ? 'null' : typeof given}`);
  }
  for (const name of Object.keys(given)) {
    if (names.includes(name) || extraNames.includes(name)) continue;
    const known = [...names, ...extraNames].join(', ');
    throw new TypeError(`there is no '${name}' in ${what}, which may have ${known}`);
  }
  return given as Readonly<Record<string, unknown>>;
}

/** Milliseconds above 0 and at most `maxMs`, by default below 2**31, or undefined where not given. */
export function parseDuration(
  value: unknown,
  name: string,
  maxMs: number = TIMEOUT_MAX_MS,
): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, got ${typeof value}`);
  if (!(value > 0 && value <= maxMs)) {
    throw new RangeError(`${name} must be above 0 and at most ${maxMs} milliseconds, got ${value}`);
  }
  return value;
}

export function isConsistency(value: unknown): value is Consistency {
  return typeof value === 'string' && CONSISTENCIES.includes(value);
}

/** The end of a call that takes several requests: each of them gets what is left. */
export class Deadline {
  readonly #call: Call;
  readonly #endsAt: number;

  constructor(call: Call) {
    this.#call = call;
    this.#endsAt = performance.now() + call.timeoutMs;
  }

  get passed(): boolean {
    return performance.now() >= this.#endsAt;
  }

  /** Whole milliseconds, at least one: sentences name it. */
  get remainingMs(): number {
    return Math.max(1, Math.ceil(this.#endsAt - performance.now()));
  }

  /**
   * The call with the time that is left. Throws ERR_TIMEOUT, with `doing` in its sentence, where there is
   * none.
   */
  next(doing: string): Call {
    if (this.passed) {
      throw new ChordError('ERR_TIMEOUT', `${doing} was not done within ${this.#call.timeoutMs} ms`);
    }
    return { ...this.#call, timeoutMs: this.remainingMs };
  }
}

function parseSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined;
  if (value instanceof AbortSignal) {
    // One signal may end any number of calls, where Node warns beyond ten; each leaves when it ends.
    setMaxListeners(0, value);
    return value;
  }
  throw new TypeError(`signal must be an AbortSignal, got ${value === null ? 'null' : typeof value}`);
}
