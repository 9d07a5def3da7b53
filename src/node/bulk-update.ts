// Bulk update: many writes from one source, a bounded number at a time. It owns what a source may be, the
// order of writes to the same key, when it stops, and the account of what failed.
import { types } from 'node:util';
import type { Key } from '../core/entry.ts';
import { boundKey, type Bytes, checkValue, keyToText, toKeyOfAnySize, toValue } from './bytes.ts';
import type { Call } from './call-options.ts';
import type { Dictionary } from './dictionary.ts';
import { ChordError } from './errors.ts';
import { isOpaque, kindOf } from './kind.ts';
import type { Limits } from './limits.ts';
import { untilClosed } from './pause.ts';

export type Pair = readonly [key: Bytes, value: Bytes];

/** Where pairs come from: a plain object, a Map, or anything that can be iterated, asynchronously too. */
export type PairSource = Readonly<Record<string, Bytes>> | Iterable<Pair> | AsyncIterable<Pair>;

/**
 * An object of which every field is a value. Unlike a Record it takes interfaces and classes too, which have
 * no index signature; what can be iterated is given as pairs instead.
 */
export type FieldsOf<Source, Value> = Source extends Iterable<unknown> | AsyncIterable<unknown>
  ? never
  : { readonly [Name in keyof Source]: Value };

export interface UpdateTarget {
  readonly dictionary: Dictionary;
  readonly limits: Limits;
  /** Aborted once the node is closed, with what its calls reject with then. */
  readonly closed: AbortSignal;
}

/** Enough to hide the round trip; at most half of what the node may have under way, which leaves room. */
const WRITES_AT_ONCE = 64;

/** A pair as it was when it was read: whoever gave it may use its buffers again at once. */
interface Write {
  readonly key: Key;
  /** As the account names it. */
  readonly given: Bytes;
  /** Text is converted when its turn comes, bytes are a copy; the error where these are too many. */
  readonly value: string | Uint8Array | ChordError;
}

/**
 * Rejects with a ChordError that has `failed`; with TypeError for a source or a pair that is none. An abort
 * and the end of the node are waited for together with everything else, so that it rejects at once; the
 * time-out of the call is that of each write.
 */
export async function updateAll(
  source: unknown,
  call: Call,
  target: UpdateTarget,
): Promise<{ stored: number }> {
  const writes = mapPairs(source, (key, value) => toWrite(key, value, target.limits));
  return untilClosed(target.closed, call, async ({ signal }) => {
    const batch = new Batch(call, target, signal);
    try {
      // What is in memory already is checked as a whole, so that misuse stores nothing.
      if (Array.isArray(writes)) for (const write of lastOfEach(writes)) await batch.add(write);
      else await batch.addAll(writes);
    } finally {
      await batch.settle();
    }
    return batch.close();
  });
}

/** Of duplicate keys the last. */
function lastOfEach(writes: readonly Write[]): Iterable<Write> {
  return new Map(writes.map((write) => [write.key, write])).values();
}

/** The writes of one update: those under way, and what became of the others. */
class Batch {
  readonly #call: Call;
  readonly #target: UpdateTarget;
  readonly #account = new Account();
  readonly #underWay = new Map<Key, Promise<void>>();
  readonly #over: AbortSignal;
  readonly #most: number;

  constructor(call: Call, target: UpdateTarget, over: AbortSignal) {
    this.#most = Math.max(1, Math.min(WRITES_AT_ONCE, Math.floor(target.limits.inFlight / 2)));
    this.#call = call;
    this.#target = target;
    this.#over = over;
  }

  async addAll(writes: AsyncIterator<Write>): Promise<void> {
    try {
      for (;;) {
        const step = await this.#unlessOver(writes.next());
        if (step.done === true) return;
        await this.add(step.value);
      }
    } catch (error) {
      if (this.#over.aborted) await writes.return?.();
      throw error;
    }
  }

  /** Resolves once there is room for the next. */
  async add(write: Write): Promise<void> {
    this.#over.throwIfAborted();
    const underWay = this.#underWay;
    // Of two writes to one key, the one that came last has to end last.
    const earlier = underWay.get(write.key);
    if (earlier !== undefined) await this.#unlessOver(earlier);
    while (underWay.size >= this.#most) await this.#unlessOver(Promise.race(underWay.values()));
    const done = store(write, this.#call, this.#target).then(
      () => this.#account.succeed(write),
      (error: unknown) => this.#account.fail(write, error),
    );
    underWay.set(
      write.key,
      done.finally(() => underWay.delete(write.key)),
    );
  }

  async settle(): Promise<void> {
    await this.#unlessOver(Promise.all(this.#underWay.values()));
  }

  /** What came of all. */
  close(): { stored: number } {
    return this.#account.close();
  }

  /** Rejects as soon as the call is over, whether or not the work ever ends. */
  #unlessOver<Result>(work: Promise<Result>): Promise<Result> {
    const over = this.#over;
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(over.reason as Error);
      if (over.aborted) stop();
      over.addEventListener('abort', stop, { once: true });
      void work.then(resolve, reject).finally(() => over.removeEventListener('abort', stop));
    });
  }
}

async function store({ key, value }: Write, call: Call, { dictionary, limits }: UpdateTarget): Promise<void> {
  boundKey(key, limits);
  if (value instanceof ChordError) throw value;
  const bytes = typeof value === 'string' ? toValue(value, limits) : value;
  await dictionary.store(key, { type: 'set', value: bytes, ttlMs: 0, ifAbsent: false, ifVersion: '' }, call);
}

/** The pairs of a source, each shaped; a stream stays one. Throws TypeError for what is none. */
export function mapPairs<Shaped>(
  source: unknown,
  shape: (key: unknown, value: unknown) => Shaped,
): Shaped[] | ShapedPairs<Shaped> {
  if (typeof source !== 'object' || source === null) throw noSource(source);
  const shaped = (pair: unknown): Shaped => {
    if (Array.isArray(pair) && pair.length === 2) return shape(pair[0], pair[1]);
    throw new TypeError('update takes pairs [key, value], got something else');
  };
  if (Symbol.asyncIterator in source) return new ShapedPairs(source as AsyncIterable<unknown>, shaped);
  if (Symbol.iterator in source) return Array.from(source as Iterable<unknown>, shaped);
  if (isOpaque(source)) throw noSource(source);
  return Array.from(Object.entries(source), shaped);
}

function noSource(given: unknown): TypeError {
  const hint = types.isPromise(given) ? ': await it first' : '';
  return new TypeError(`update takes an object, a Map or an iterable of pairs, got ${kindOf(given)}${hint}`);
}

/**
 * The pairs of a stream, each shaped when it comes. No generator, because that would take its end for a step
 * behind the one that it waits for, and the source is told of the end at once.
 */
class ShapedPairs<Shaped> implements AsyncIterableIterator<Shaped, undefined, undefined> {
  readonly #pairs: AsyncIterator<unknown>;
  readonly #shape: (pair: unknown) => Shaped;

  constructor(source: AsyncIterable<unknown>, shape: (pair: unknown) => Shaped) {
    this.#pairs = source[Symbol.asyncIterator]();
    this.#shape = shape;
  }

  async next(): Promise<IteratorResult<Shaped, undefined>> {
    const step = await this.#pairs.next();
    if (step.done === true) return { done: true, value: undefined };
    try {
      return { done: false, value: this.#shape(step.value) };
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  /** Does not wait for the source, which may never answer; what it says is for nobody any more. */
  async return(): Promise<IteratorResult<Shaped, undefined>> {
    void endOf(this.#pairs).catch(() => {});
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

async function endOf(pairs: AsyncIterator<unknown>): Promise<void> {
  await pairs.return?.();
}

function toWrite(given: unknown, value: unknown, limits: Limits): Write {
  const key = toKeyOfAnySize(given);
  try {
    checkValue(value);
  } catch (cause) {
    // One of many: it has to be found again.
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`${reason} (key ${JSON.stringify(keyToText(key))})`, { cause });
  }
  return { key, given: given as Bytes, value: typeof value === 'string' ? value : copyOf(value, limits) };
}

/** A value that is too large is one failure among others. */
function copyOf(value: Uint8Array, limits: Limits): Uint8Array | ChordError {
  try {
    return toValue(value, limits);
  } catch (error) {
    if (error instanceof ChordError) return error;
    throw error;
  }
}

/** Which keys were seen, and which of them failed. Memory: the keys, not the values. */
class Account {
  readonly #seen = new Set<Key>();
  readonly #failed = new Map<Key, { readonly given: Bytes; readonly error: ChordError }>();
  #interruption: { readonly error: unknown } | undefined;

  succeed({ key }: Write): void {
    this.#seen.add(key);
    this.#failed.delete(key);
  }

  fail({ key, given }: Write, error: unknown): void {
    this.#seen.add(key);
    if (error instanceof ChordError) {
      this.#failed.set(key, { given, error });
    } else {
      this.#interruption ??= { error };
    }
  }

  /** Throws what interrupted the whole, else the first cause where keys failed in the end. */
  close(): { stored: number } {
    if (this.#interruption !== undefined) throw this.#interruption.error;
    const stored = this.#seen.size - this.#failed.size;
    const [first] = this.#failed.values();
    if (first === undefined) return { stored };
    const failed = new Map([...this.#failed.values()].map(({ given, error }) => [given, error]));
    const { error: cause } = first;
    const sentence = `${failed.size} of ${this.#seen.size} keys were not stored: ${cause.message}`;
    throw new ChordError(cause.code, sentence, { cause, failed });
  }
}
