// Bulk update: many writes from one source, a bounded number at a time. It owns what a source may be, the
// order of writes to the same key, and the account of what failed.
import type { Key } from '../core/entry.ts';
import { type Bytes, checkValue, keyToText, toKey, toKeyOfAnySize, toValue } from './bytes.ts';
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
  const pairs = mapPairs(source, toWrite);
  if (Array.isArray(pairs)) yield* new Map(pairs.map((write) => [write.key, write])).values();
  else yield* pairs;
}

/** The pairs of a source, each shaped; a stream stays one. Throws TypeError for what is none. */
export function mapPairs<Shaped>(
  source: unknown,
  shape: (key: unknown, value: unknown) => Shaped,
): Shaped[] | AsyncGenerator<Shaped, void, undefined> {
  if (typeof source !== 'object' || source === null) {
    const got = source === null ? 'null' : typeof source;
    throw new TypeError(`update takes an object, a Map or an iterable of pairs, got ${got}`);
  }
  const shaped = (pair: unknown): Shaped => {
    if (Array.isArray(pair) && pair.length === 2) return shape(pair[0], pair[1]);
    throw new TypeError('update takes pairs [key, value], got something else');
  };
  if (Symbol.asyncIterator in source) return shapeEach(source as AsyncIterable<unknown>, shaped);
  const pairs = Symbol.iterator in source ? (source as Iterable<unknown>) : Object.entries(source);
  return Array.from(pairs, shaped);
}

async function* shapeEach<Shaped>(
  pairs: AsyncIterable<unknown>,
  shape: (pair: unknown) => Shaped,
): AsyncGenerator<Shaped, void, undefined> {
  for await (const pair of pairs) yield shape(pair);
}

function toWrite(given: unknown, value: unknown): Write {
  const key = toKeyOfAnySize(given);
  try {
    checkValue(value);
  } catch (cause) {
    // One of many: it has to be found again.
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`${reason} (key ${JSON.stringify(keyToText(key))})`, { cause });
  }
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
