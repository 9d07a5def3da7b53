// MapView: the dictionary as a Map of a program's own types. It owns the conversion at both ends of each
// call; what the calls do, cost and reject with is ChordSocket's.
import { type FieldsOf, mapPairs, type Pair } from './bulk-update.ts';
import { type Bytes, toKeyOfAnySize } from './bytes.ts';
import { type CallOptions, parseNamed } from './call-options.ts';
import type { DeleteOptions, EntryView, SetOptions } from './dictionary.ts';
import {
  type Decoded,
  type Encodable,
  type Encoding,
  type EncodingChoice,
  type JsonValue,
  decodeOf,
  parseEncoding,
} from './encoding.ts';
import { MapWatch } from './map-watch.ts';
import type { WalkOptions } from './walk.ts';
import type { Watch, WatchOptions } from './watch.ts';

export interface MapOptions<KeyChoice extends EncodingChoice, ValueChoice extends EncodingChoice> {
  /** 'utf8', 'json', 'bytes' or `{encode, decode}`. Default 'utf8'. */
  readonly keyEncoding?: KeyChoice | undefined;
  /** As `keyEncoding`. Default 'bytes'. */
  readonly valueEncoding?: ValueChoice | undefined;
}

/** An entry in the types of a view, and what it cost to read it. */
export interface MapEntry<KeyChoice extends EncodingChoice, ValueChoice extends EncodingChoice>
  extends Omit<EntryView, 'key' | 'value'> {
  readonly key: Decoded<KeyChoice>;
  readonly value: Decoded<ValueChoice>;
}

/** The calls of a ChordSocket that a view is made of. */
export interface MapTarget {
  get(key: Bytes, fallback: undefined, options?: CallOptions): Promise<Buffer | undefined>;
  getOrThrow(key: Bytes, options?: CallOptions): Promise<Buffer>;
  getEntry(key: Bytes, options?: CallOptions): Promise<EntryView | undefined>;
  has(key: Bytes, options?: CallOptions): Promise<boolean>;
  set(key: Bytes, value: Bytes, options?: SetOptions): Promise<{ version: string }>;
  delete(key: Bytes, options?: DeleteOptions): Promise<boolean>;
  pop(key: Bytes, fallback: undefined, options?: CallOptions): Promise<Buffer | undefined>;
  increment(key: Bytes, by?: number, options?: CallOptions): Promise<number>;
  applyDelta(key: Bytes, delta: object, options?: CallOptions): Promise<Record<string, JsonValue>>;
  update(source: Iterable<Pair> | AsyncIterable<Pair>, options?: CallOptions): Promise<{ stored: number }>;
  keys(options?: WalkOptions): AsyncGenerator<Buffer, void, undefined>;
  values(options?: WalkOptions): AsyncGenerator<Buffer, void, undefined>;
  entries(options?: WalkOptions): AsyncGenerator<[key: Buffer, value: Buffer], void, undefined>;
  size(options?: WalkOptions): Promise<number>;
  watch(what: Bytes | { readonly prefix: Bytes }, options?: WatchOptions): Watch;
}

/**
 * An asynchronous Map over the whole ring, not over a part of it: a view adds no prefix. Each method takes
 * the options, costs the requests and rejects with the errors of the socket's method of that name. Besides,
 * a value of another type than the encoding's is a TypeError, and stored bytes that are not of the encoding
 * reject with ERR_NOT_UTF8, ERR_NOT_JSON or what one's own `decode` throws.
 * Under 'json', two keys are one when their texts are: property order counts.
 */
export class MapView<KeyChoice extends EncodingChoice, ValueChoice extends EncodingChoice> {
  readonly #target: MapTarget;
  readonly #key: Encoding<unknown>;
  readonly #value: Encoding<unknown>;

  /** Throws TypeError for misuse. */
  constructor(target: MapTarget, given: MapOptions<KeyChoice, ValueChoice> | undefined) {
    const options = parseNamed(given, ['keyEncoding', 'valueEncoding'], 'options');
    const { keyEncoding = 'utf8', valueEncoding = 'bytes' } = options;
    this.#target = target;
    this.#key = parseEncoding(keyEncoding, 'keyEncoding');
    this.#value = parseEncoding(valueEncoding, 'valueEncoding');
  }

  get(key: Encodable<KeyChoice>): Promise<Decoded<ValueChoice> | undefined>;
  get<Fallback>(
    key: Encodable<KeyChoice>,
    fallback: Fallback,
    options?: CallOptions,
  ): Promise<Decoded<ValueChoice> | Fallback>;
  async get<Fallback>(
    key: Encodable<KeyChoice>,
    fallback?: Fallback,
    options?: CallOptions,
  ): Promise<Decoded<ValueChoice> | Fallback | undefined> {
    const bytes = this.#key.encode(key);
    const value = await this.#target.get(bytes, undefined, options);
    return value === undefined ? fallback : this.#decodeValue(bytes, value);
  }

  async getOrThrow(key: Encodable<KeyChoice>, options?: CallOptions): Promise<Decoded<ValueChoice>> {
    const bytes = this.#key.encode(key);
    return this.#decodeValue(bytes, await this.#target.getOrThrow(bytes, options));
  }

  async getEntry(
    key: Encodable<KeyChoice>,
    options?: CallOptions,
  ): Promise<MapEntry<KeyChoice, ValueChoice> | undefined> {
    const entry = await this.#target.getEntry(this.#key.encode(key), options);
    if (entry === undefined) return undefined;
    return { ...entry, key: this.#decodeKey(entry.key), value: this.#decodeValue(entry.key, entry.value) };
  }

  async has(key: Encodable<KeyChoice>, options?: CallOptions): Promise<boolean> {
    return this.#target.has(this.#key.encode(key), options);
  }

  async set(
    key: Encodable<KeyChoice>,
    value: Encodable<ValueChoice>,
    options?: SetOptions,
  ): Promise<{ version: string }> {
    return this.#target.set(this.#key.encode(key), this.#value.encode(value), options);
  }

  async delete(key: Encodable<KeyChoice>, options?: DeleteOptions): Promise<boolean> {
    return this.#target.delete(this.#key.encode(key), options);
  }

  /** Where the removed value is not of the encoding, it is gone all the same. */
  pop(key: Encodable<KeyChoice>): Promise<Decoded<ValueChoice> | undefined>;
  pop<Fallback>(
    key: Encodable<KeyChoice>,
    fallback: Fallback,
    options?: CallOptions,
  ): Promise<Decoded<ValueChoice> | Fallback>;
  async pop<Fallback>(
    key: Encodable<KeyChoice>,
    fallback?: Fallback,
    options?: CallOptions,
  ): Promise<Decoded<ValueChoice> | Fallback | undefined> {
    const bytes = this.#key.encode(key);
    const value = await this.#target.pop(bytes, undefined, options);
    return value === undefined ? fallback : this.#decodeValue(bytes, value);
  }

  /** Of the decimal number that is stored, whatever the encoding of values: 'json' reads it as a number. */
  async increment(key: Encodable<KeyChoice>, by: number = 1, options?: CallOptions): Promise<number> {
    return this.#target.increment(this.#key.encode(key), by, options);
  }

  /** Of the JSON object that is stored, whatever the encoding of values. */
  async applyDelta(
    key: Encodable<KeyChoice>,
    delta: object,
    options?: CallOptions,
  ): Promise<Record<string, JsonValue>> {
    return this.#target.applyDelta(this.#key.encode(key), delta, options);
  }

  /** `failed` of an error has the encoded keys. */
  update(
    source:
      | Readonly<Record<string, Encodable<ValueChoice>>>
      | Iterable<readonly [key: Encodable<KeyChoice>, value: Encodable<ValueChoice>]>
      | AsyncIterable<readonly [key: Encodable<KeyChoice>, value: Encodable<ValueChoice>]>,
    options?: CallOptions,
  ): Promise<{ stored: number }>;
  update<Source extends object>(
    source: Source & FieldsOf<Source, Encodable<ValueChoice>>,
    options?: CallOptions,
  ): Promise<{ stored: number }>;
  async update(source: object, options?: CallOptions): Promise<{ stored: number }> {
    const encoded = mapPairs(
      source,
      (key, value): Pair => [this.#key.encode(key), this.#value.encode(value)],
    );
    return this.#target.update(encoded, options);
  }

  /** `prefix` is of the encoded keys. */
  keys(options?: WalkOptions): AsyncGenerator<Decoded<KeyChoice>, void, undefined> {
    return convert(this.#target.keys(options), (key) => this.#decodeKey(key));
  }

  values(options?: WalkOptions): AsyncGenerator<Decoded<ValueChoice>, void, undefined> {
    return convert(this.#target.values(options), (value) => this.#decodeValue(undefined, value));
  }

  entries(
    options?: WalkOptions,
  ): AsyncGenerator<[key: Decoded<KeyChoice>, value: Decoded<ValueChoice>], void, undefined> {
    return convert(this.#target.entries(options), ([key, value]) => [
      this.#decodeKey(key),
      this.#decodeValue(key, value),
    ]);
  }

  /** The same as `entries`. */
  items(
    options?: WalkOptions,
  ): AsyncGenerator<[key: Decoded<KeyChoice>, value: Decoded<ValueChoice>], void, undefined> {
    return this.entries(options);
  }

  [Symbol.asyncIterator](): AsyncGenerator<
    [key: Decoded<KeyChoice>, value: Decoded<ValueChoice>],
    void,
    undefined
  > {
    return this.entries();
  }

  /** Keys that are bytes or objects are found by walking over the Map only: it knows them by identity. */
  async copy(options?: WalkOptions): Promise<Map<Decoded<KeyChoice>, Decoded<ValueChoice>>> {
    const copied = new Map<Decoded<KeyChoice>, Decoded<ValueChoice>>();
    for await (const [key, value] of this.entries(options)) copied.set(key, value);
    return copied;
  }

  async size(options?: WalkOptions): Promise<number> {
    return this.#target.size(options);
  }

  /**
   * As the socket's `watch`, with keys and values of the view; `{ prefix }` is of the encoded keys. What is
   * not of the encoding ends the watch.
   */
  watch(
    what: Encodable<KeyChoice> | { readonly prefix: Bytes },
    options?: WatchOptions,
  ): MapWatch<KeyChoice, ValueChoice> {
    const watched = isPrefix(what) ? what : this.#key.encode(what);
    return new MapWatch(this.#target.watch(watched, options), {
      key: (bytes) => this.#decodeKey(bytes),
      value: (key, bytes) => this.#decodeValue(key, bytes),
    });
  }

  // The compiler cannot follow the name of an encoding to the type that it decodes to.
  #decodeKey(bytes: Buffer): Decoded<KeyChoice> {
    return decodeOf(toKeyOfAnySize(bytes), this.#key, bytes) as Decoded<KeyChoice>;
  }

  #decodeValue(key: Bytes | undefined, bytes: Buffer): Decoded<ValueChoice> {
    const named = key === undefined ? undefined : toKeyOfAnySize(key);
    return decodeOf(named, this.#value, bytes) as Decoded<ValueChoice>;
  }
}

function isPrefix(what: unknown): what is { readonly prefix: Bytes } {
  return typeof what === 'object' && what !== null && 'prefix' in what;
}

async function* convert<From, To>(
  items: AsyncIterable<From>,
  shape: (item: From) => To,
): AsyncGenerator<To, void, undefined> {
  for await (const item of items) yield shape(item);
}
