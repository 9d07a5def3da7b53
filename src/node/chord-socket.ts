// ChordSocket: one Map for many processes: the dictionary on top of a node. It owns the public names of the
// dictionary; the operations are in dictionary.ts, walk.ts and bulk-update.ts.
import type { ExplainResult, RingResult } from '../core/command.ts';
import { type FieldsOf, type PairSource, updateAll } from './bulk-update.ts';
import { type Bytes, keyToBuffer, keyToText, toKey } from './bytes.ts';
import { type CallOptions, Deadline, parseCall } from './call-options.ts';
import { type DeleteOptions, Dictionary, type EntryView, type SetOptions } from './dictionary.ts';
import type { EncodingChoice, JsonValue } from './encoding.ts';
import { type MapOptions, MapView } from './map-view.ts';
import { MeshSocket } from './mesh-socket.ts';
import type { ChordOptions } from './options.ts';
import { chordProtocol } from './protocol.ts';
import { type Explanation, type MemberView, toExplanation, toMemberView } from './ring-view.ts';
import { Watch, type WatchOptions } from './watch.ts';
import { type ScanOptions, type ScanPage, valueOf, Walk, type WalkOptions } from './walk.ts';

/**
 * A distributed dictionary. Keys and values are bytes; strings stand for their UTF-8 bytes, so 'a' and its
 * byte are one key, and ill-formed UTF-16 is a TypeError. Values come back as Buffers that are the caller's
 * own.
 *
 * Every operation takes `{consistency?, timeoutMs?, signal?}` and rejects with TypeError or RangeError for
 * misuse, ERR_KEY_TOO_LARGE, ERR_NOT_CONNECTED (a client that knows nobody, at once), ERR_CLOSED,
 * ERR_UNREACHABLE or ERR_TIMEOUT (the owners did not answer within `timeoutMs`), ERR_QUORUM, ERR_LIMIT (too
 * many operations under way), or with `signal.reason`. One key costs at most k requests, one once its arc
 * is known.
 *
 * At `quorum` and `all`, a read sees every acknowledged write, while members join, leave and die one at a
 * time. Where the ring had to go on without a majority (see `degraded`: a partition, several deaths at once),
 * and where two rings merge, the newest version wins afterwards: two `ifAbsent` may both have won.
 * docs/PROTOCOL.md says exactly what is promised, and what not yet.
 */
export class ChordSocket extends MeshSocket {
  readonly #dictionary: Dictionary;
  readonly #walk: Walk;

  /**
   * As MeshSocket's, with `chord.defaultProtocol`: Protocol('chord', 'SSL').
   * @throws TypeError and RangeError for misuse, unknown options included.
   */
  constructor(addr: string, port: number, options?: ChordOptions) {
    super(addr, port, options, chordProtocol);
    this.#dictionary = new Dictionary(this.node);
    this.#walk = new Walk(this.node);
  }

  /**
   * The value, or `fallback` where the ring answers that there is none. A missing key costs no more than
   * another.
   */
  get(key: Bytes): Promise<Buffer | undefined>;
  get<Fallback>(key: Bytes, fallback: Fallback, options?: CallOptions): Promise<Buffer | Fallback>;
  get<Fallback>(
    key: Bytes,
    fallback?: Fallback,
    options?: CallOptions,
  ): Promise<Buffer | Fallback | undefined> {
    return this.#dictionary.get(key, options, fallback);
  }

  /** The value; rejects with ERR_KEY_NOT_FOUND where there is none. */
  async getOrThrow(key: Bytes, options?: CallOptions): Promise<Buffer> {
    return this.#dictionary.getOrThrow(key, options);
  }

  /** The entry with its version and what it cost to read it, or undefined. */
  async getEntry(key: Bytes, options?: CallOptions): Promise<EntryView | undefined> {
    return this.#dictionary.getEntry(key, options);
  }

  /** Whether there is an entry. Costs as much as `get`. */
  async has(key: Bytes, options?: CallOptions): Promise<boolean> {
    return this.#dictionary.has(key, options);
  }

  /**
   * Stores a value, and resolves once as many copies as `consistency` asks are stored. A call that rejects
   * with ERR_TIMEOUT, ERR_QUORUM or ERR_UNREACHABLE may have stored it all the same. A repeat by the socket
   * itself is recognised, also where other writes to the key came between, and carried out once; where that
   * cannot be known any more, it rejects with ERR_TIMEOUT. At `one`, what only the owner has is lost with it.
   * Rejects with ERR_CONFLICT {version?} when a condition fails, ERR_VALUE_TOO_LARGE.
   */
  set(key: Bytes, value: Bytes, options?: SetOptions): Promise<{ version: string }> {
    return this.#dictionary.set(key, value, options);
  }

  /**
   * Removes an entry; resolves to whether there was one. It does not come back from a copy that was away.
   * Rejects with ERR_CONFLICT {version?} when the condition fails.
   */
  async delete(key: Bytes, options?: DeleteOptions): Promise<boolean> {
    return this.#dictionary.delete(key, options);
  }

  /**
   * Adds `by`, an integer within ±(2**53 - 1), to a number and resolves to the new one. Numbers are stored
   * as decimal text; where there is no entry, it counts from 0. No increment is lost to another one, and a
   * repeat by the socket itself is recognised as for `set`. An expiry stays as it is.
   * Rejects with ERR_NOT_A_NUMBER where something else is stored or the sum would leave the range; as `set`
   * does, with the same doubt about what was stored. After `degraded`, one side's increments may be lost.
   */
  async increment(key: Bytes, by: number = 1, options?: CallOptions): Promise<number> {
    return this.#dictionary.increment(key, by, options);
  }

  /**
   * Puts the members of an object into the JSON object that is stored, in one step, and resolves to the
   * whole. Shallow: a member replaces the one of its name, null too; undefined is left out, and what is not
   * named stays as it was. Where there is no entry, it begins with {}. An expiry stays as it is.
   * Rejects with ERR_NOT_JSON where something else is stored, ERR_VALUE_TOO_LARGE; as `increment` otherwise.
   */
  async applyDelta(key: Bytes, delta: object, options?: CallOptions): Promise<Record<string, JsonValue>> {
    return this.#dictionary.applyDelta(key, delta, options);
  }

  /**
   * Stores every pair, 64 at a time, fewer where `limits.inFlight` is below 128; of duplicate keys the last
   * wins. Resolves to the number of keys stored. Objects, Maps and other iterables are read whole before it
   * returns, and misuse in them stores nothing; asynchronous iterables are streamed, and only their keys are
   * kept. Bytes are copied as soon as a pair is read, so that their buffers may be used again.
   * `timeoutMs` is that of each write: a stream may take its time, and `AbortSignal.timeout` bounds the
   * whole. An abort, and closing the socket (ERR_CLOSED), reject at once, tell a stream to end (its
   * `return`) without waiting for it, and leave what was stored.
   * Where keys fail, the others are stored all the same, and it rejects with the first cause's code and
   * `failed`: a Map from the keys as they were given to their errors.
   */
  update(source: PairSource, options?: CallOptions): Promise<{ stored: number }>;
  update<Source extends object>(
    source: Source & FieldsOf<Source, Bytes>,
    options?: CallOptions,
  ): Promise<{ stored: number }>;
  async update(source: object, options?: CallOptions): Promise<{ stored: number }> {
    const call = parseCall(options, this.node.defaults);
    const { limits, closed } = this.node;
    const done = await updateAll(source, call, { dictionary: this.#dictionary, limits, closed });
    // Of no pairs, nobody was asked.
    if (done.stored === 0) this.node.assertUsable();
    return done;
  }

  /**
   * Every key of the ring once, also while members join and leave: a key that lives throughout the walk
   * comes exactly once. Memory: one page. Costs about one request a page of 512 entries, at least one a
   * member; `timeoutMs` is that of a page. Misuse throws at once; everything else, an abort too, rejects the
   * step that finds it.
   */
  keys(options?: WalkOptions): AsyncGenerator<Buffer, void, undefined> {
    return this.#walk.keys(options);
  }

  /** The values, in the order of `keys`. */
  values(options?: WalkOptions): AsyncGenerator<Buffer, void, undefined> {
    return this.#walk.values(options);
  }

  /** Pairs of key and value, in the order of `keys`. */
  entries(options?: WalkOptions): AsyncGenerator<[key: Buffer, value: Buffer], void, undefined> {
    return this.#walk.entries(options);
  }

  /** The same as `entries`. */
  items(options?: WalkOptions): AsyncGenerator<[key: Buffer, value: Buffer], void, undefined> {
    return this.#walk.entries(options);
  }

  /** As a Map's: pairs of key and value. */
  [Symbol.asyncIterator](): AsyncGenerator<[key: Buffer, value: Buffer], void, undefined> {
    return this.#walk.entries(undefined);
  }

  /**
   * The entries with their versions, a page at a time, in the order of `keys`: for what goes on later
   * (`after`), and for what wants to know how far it has come (`walked`). Costs what `entries` costs.
   */
  scan(options?: ScanOptions): AsyncGenerator<ScanPage, void, undefined> {
    return this.#walk.scan(options);
  }

  /** How many entries there are. Walks over all keys, see `keys`. */
  async size(options?: WalkOptions): Promise<number> {
    return this.#walk.size(options);
  }

  /**
   * Removes an entry and resolves to the very value that was removed, or to `fallback` where there is none;
   * of several that pop one entry at the same time, one gets it. Costs a read and a write, again for each
   * writer that comes between.
   */
  pop(key: Bytes): Promise<Buffer | undefined>;
  pop<Fallback>(key: Bytes, fallback: Fallback, options?: CallOptions): Promise<Buffer | Fallback>;
  async pop<Fallback>(
    key: Bytes,
    fallback?: Fallback,
    options?: CallOptions,
  ): Promise<Buffer | Fallback | undefined> {
    return (await this.#dictionary.pop(key, options)) ?? fallback;
  }

  /**
   * Removes some entry and resolves to it, or to undefined where the ring is empty. `timeoutMs` is that of
   * the whole. Costs a page of keys, see `keys`, and two operations; more where others take the same entry.
   */
  async popItem(options?: CallOptions): Promise<[key: Buffer, value: Buffer] | undefined> {
    const deadline = new Deadline(parseCall(options, this.node.defaults));
    for await (const keys of this.#walk.shuffled(deadline.next('popItem'))) {
      for (const key of keys) {
        const value = await this.#dictionary.take(key, deadline.next('popItem'));
        if (value !== undefined) return [keyToBuffer(key), value];
      }
    }
    return undefined;
  }

  /**
   * Every entry, in the memory of this process. Keys are strings where their bytes are UTF-8, else Buffers,
   * so that the Map can be asked for text. Walks over all entries, see `keys`.
   */
  async copy(options?: CallOptions): Promise<Map<string | Buffer, Buffer>> {
    const copied = new Map<string | Buffer, Buffer>();
    const call = parseCall(options, this.node.defaults);
    for await (const entry of this.#walk.stored(call)) copied.set(keyToText(entry.key), valueOf(entry));
    return copied;
  }

  /**
   * The same dictionary as a Map of other types: `sock.map({ valueEncoding: 'json' })`. Keys are text and
   * values bytes unless told otherwise. Throws TypeError for an encoding that is none.
   */
  map<KeyChoice extends EncodingChoice = 'utf8', ValueChoice extends EncodingChoice = 'bytes'>(
    options?: MapOptions<KeyChoice, ValueChoice>,
  ): MapView<KeyChoice, ValueChoice> {
    return new MapView(this, options);
  }

  /**
   * The changes of a key, or of all keys with a prefix, until `signal` aborts or the loop is left: per key in
   * the order of versions, none twice. An abort ends it quietly, as `return` does: a loop over it is over,
   * what waits to be read is dropped, and only `ready`, where it still waits, rejects with `signal.reason`.
   * With a signal that is aborted already, the first step rejects with that too. `timeoutMs` is that of
   * `ready`. It goes on with the next owner where one is lost; `gap` tells where
   * something may have been missed: a slow reader leaves changes so long that owners forget them
   * (`limits.history`), a majority of the copies was lost, or rings have met. Costs a held request for each
   * owner of what it watches, around every second, and one for each page of changes; a prefix is of every
   * owner, each of which looks through its entries once. At most some 1,000 events wait for a slow reader.
   */
  watch(what: Bytes | { readonly prefix: Bytes }, options?: WatchOptions): Watch {
    return new Watch(this.node, what, options);
  }

  /**
   * The route of a key: its position, its owner and copies, and every hop with its time. Costs one lookup
   * and one request.
   */
  async explain(key: Bytes, options?: CallOptions): Promise<Explanation> {
    const call = parseCall(options, this.node.defaults);
    const command = { type: 'explain', key: toKey(key, this.node.limits) } as const;
    return toExplanation(await this.node.run<ExplainResult>(command, call));
  }

  /** Every member of the ring, clockwise, as it describes itself. Costs one request a member. */
  async ring(options?: CallOptions): Promise<MemberView[]> {
    const call = parseCall(options, this.node.defaults);
    const members = await this.node.run<RingResult>({ type: 'ring' }, call);
    return members.map(toMemberView);
  }
}
