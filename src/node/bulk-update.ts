// Bulk update: many writes from one source, a bounded number at a time. It owns what a source may be, the
// order of writes to the same key, and the account of what failed.
import type { Key } from '../core/entry.ts';
import { type Bytes, checkValue, toKey, toKeyOfAnySize, toValue } from './bytes.ts';
import type { Call } from './call-options.ts';
import type { Dictionary } from './dictionary.ts';
import { ChordError } from './errors.ts';
import type { Limits } from './limits.ts';

export type Pair = readonly [key: Bytes, value: Bytes];

/** Where pairs come from: a plain object, a Map, or anything that can be iterated, asynchronously too. */
export type PairSource = Readonly<Record<string, Bytes>> | Iterable<Pair> | AsyncIterable<Pair>;

export interface UpdateTarget {
  readonly dictionary: Dictionary;
  readonly limits: Limits;
}

/** Enough to hide the round trip, few enough to leave room for other operations of this node. */
const WRITES_AT_ONCE = 64;

/** A pair whose key is known; its value is converted when its turn comes. */
interface Write {
  readonly key: Key;
  readonly given: Bytes;
  readonly value: unknown;
}

/** Rejects with a ChordError that has `failed`; with TypeError for a source or a pair that is none. */
export async function updateAll(
  source: unknown,
  call: Call,
  target: UpdateTarget,
): Promise<{ stored: number }> {
  const account = new Account();
  const underWay = new Map<Key, Promise<void>>();
  try {
    for await (const write of writesOf(source)) {
      call.signal?.throwIfAborted();
      // Of two writes to one key, the one that came last has to end last.
      await underWay.get(write.key);
      while (underWay.size >= WRITES_AT_ONCE) await Promise.race(underWay.values());
      const done = store(write, call, target).then(
        () => account.succeed(write),
        (error: unknown) => account.fail(write, error),
      );
      underWay.set(
        write.key,
        done.finally(() => underWay.delete(write.key)),
      );
    }
  } finally {
    await Promise.all(underWay.values());
  }
  return account.close();
}

async function store(write: Write, call: Call, { dictionary, limits }: UpdateTarget): Promise<void> {
  const key = toKey(write.given, limits);
  const value = toValue(write.value, limits);
  await dictionary.store(key, { type: 'set', value, ttlMs: 0, ifAbsent: false, ifVersion: '' }, call);
}

/**
 * What is in memory already is checked as a whole, so that misuse stores nothing; a stream is checked as it
 * comes.
 */
async function* writesOf(source: unknown): AsyncGenerator<Write, void, undefined> {
  if (typeof source !== 'object' || source === null) {
    throw new TypeError(`update takes an object, a Map or an iterable of pairs, got ${typeof source}`);
  }
  if (Symbol.asyncIterator in source) {
    for await (const pair of source as AsyncIterable<unknown>) yield toWrite(pair);
    return;
  }
  const pairs = Symbol.iterator in source ? (source as Iterable<unknown>) : Object.entries(source);
  const writes = new Map<Key, Write>();
  for (const pair of pairs) {
    const write = toWrite(pair);
    writes.set(write.key, write);
  }
  yield* writes.values();
}

function toWrite(pair: unknown): Write {
  if (!Array.isArray(pair) || pair.length !== 2) {
    throw new TypeError('update takes pairs [key, value], got something else');
  }
  const [given, value] = pair as [unknown, unknown];
  const key = toKeyOfAnySize(given);
  checkValue(value);
  return { key, given: given as Bytes, value };
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
