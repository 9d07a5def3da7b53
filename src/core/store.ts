// MemoryStore: the entries that a member holds, owned or copied, in memory, found by key and walked by
// position. It owns the rule that the newest version of a key wins; whose entries they are is decided
// elsewhere, how they lie in memory in kept.ts, and their order in place-index.ts.
import type { Entry, Key, Place, Version } from './entry.ts';
import { isNewer, versionTime } from './entry.ts';
import { type Kept, Packer } from './kept.ts';
import type { Sums } from './place-index.ts';
import { PlaceIndex } from './place-index.ts';
import type { Arc } from './position.ts';

/** An entry that is held. `entry` is made anew each time; its value is a view that stays as it is. */
export interface Stored {
  readonly position: number;
  readonly entry: Entry;
}

/** What an entry costs beside its bytes: objects, map slot, version and operation, measured as below this. */
const ENTRY_OVERHEAD = 300;

/** Told of every change, for what has to be written down and remembered elsewhere. */
export interface StoreObserver {
  stored(stored: Stored, replaced: Entry | undefined): void;
  removed(stored: Stored): void;
}

/**
 * What two holders of an arc compare before they look closer: equal for equal entries, and in practice only.
 */
export interface Summary {
  readonly count: number;
  /** Two sums, modulo 2**32, of hashes of key and version. */
  readonly low: number;
  readonly high: number;
}

export const EMPTY_SUMMARY: Summary = { count: 0, low: 0, high: 0 };

export function sameSummary(a: Summary, b: Summary): boolean {
  return a.count === b.count && a.low === b.low && a.high === b.high;
}

export class MemoryStore {
  readonly #observer: StoreObserver;
  readonly #byKey = new Map<Key, Kept>();
  readonly #places = new PlaceIndex(weigh);
  readonly #packer = new Packer();
  #bytes = 0;
  #tombstones = 0;
  /** Tombstones and entries that expire. */
  #mortal = 0;

  constructor(observer: StoreObserver = { stored: () => {}, removed: () => {} }) {
    this.#observer = observer;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** Bytes of keys and values, with an allowance for each entry. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: Key): Entry | undefined {
    return this.#byKey.get(key)?.entry;
  }

  /** The same, without making the entry; to be read at once: it says less after the next change. */
  kept(key: Key): Kept | undefined {
    return this.#byKey.get(key);
  }

  /** The version that is held of the key; undefined where there is no entry. Costs less than the entry. */
  versionOf(key: Key): Version | undefined {
    return this.#byKey.get(key)?.version;
  }

  /** Whether no more than so many bytes are held once the entries are stored, or no more than now. */
  hasRoom(entries: readonly Entry[], bytesMax: number): boolean {
    let brings = 0;
    for (const { value } of entries) brings += value?.length ?? 0;
    // Mostly there is plenty: what they replace need not be looked up.
    if (this.#bytes + brings <= bytesMax) return true;
    for (const { key } of entries) brings -= Math.max(0, this.#byKey.get(key)?.valueBytes ?? 0);
    return brings <= 0 || this.#bytes + brings <= bytesMax;
  }

  /** Takes an entry up that was written down before. */
  restore(position: number, entry: Entry): void {
    const present = this.#byKey.get(entry.key);
    if (present === undefined || isNewer(entry.version, present.version))
      this.#keep(position, entry, present);
  }

  /** Stores the entry where it is newer than what is there. Returns whether it was. */
  put(position: number, entry: Entry): boolean {
    const present = this.#byKey.get(entry.key);
    if (present !== undefined && !isNewer(entry.version, present.version)) return false;
    const replaced = present?.entry;
    this.#keep(position, entry, present);
    this.#observer.stored({ position, entry }, replaced);
    return true;
  }

  remove(key: Key): void {
    const present = this.#byKey.get(key);
    if (present === undefined) return;
    const { position, entry } = present;
    this.#byKey.delete(key);
    this.#places.remove(position, key);
    this.#drop(present);
    this.#observer.removed({ position, entry });
  }

  /** Of all entries in the arc, tombstones included. Costs a look at those that have changed since. */
  summary(arc: Arc): Summary {
    const sums = { count: 0, low: 0, high: 0 };
    for (const [low, high] of ranges(arc)) this.#places.addSums(low, high, sums);
    return sums;
  }

  /** Forgets the tombstones of an arc that were made before, epoch milliseconds. */
  collect(arc: Arc, before: number): void {
    if (this.#tombstones === 0) return;
    const dead: Key[] = [];
    for (const kept of this.#walk(arc)) {
      if (isTombstone(kept) && versionTime(kept.version) < before) dead.push(kept.key);
    }
    for (const key of dead) this.remove(key);
  }

  /** Whether anything held here can end: tombstones, and entries that expire. */
  get mortal(): boolean {
    return this.#mortal > 0;
  }

  /** How many entries with a value stand in the arc. */
  countValues(arc: Arc): number {
    let count = this.count(arc);
    if (this.#tombstones === 0) return count;
    for (const kept of this.#walk(arc)) if (isTombstone(kept)) count -= 1;
    return count;
  }

  /** How many entries stand in the arc, tombstones included. */
  count(arc: Arc): number {
    let sum = 0;
    for (const [low, high] of ranges(arc)) sum += this.#places.rank(high) - this.#places.rank(low);
    return sum;
  }

  /** The entries of an arc clockwise from its start, or from behind `after`, lazily. */
  walk(arc: Arc, after?: Place): Generator<Kept> {
    return this.#walk(arc, after);
  }

  *#walk(arc: Arc, after?: Place): Generator<Kept> {
    let pending = after;
    for (const [low, high] of ranges(arc)) {
      // `after` stands in one of the ranges: those before it are done.
      if (pending !== undefined && !(pending.position > low && pending.position <= high)) continue;
      if (pending === undefined) yield* this.#places.walkBehind(low, high);
      else yield* this.#places.walk(pending, high);
      pending = undefined;
    }
  }

  all(): IterableIterator<Stored> {
    return this.#byKey.values();
  }

  #keep(position: number, entry: Entry, present: Kept | undefined): void {
    const kept = this.#packer.keep(position, entry);
    this.#byKey.set(entry.key, kept);
    this.#places.put(position, kept);
    this.#count(kept, 1);
    if (present !== undefined) this.#drop(present);
  }

  #drop(kept: Kept): void {
    this.#count(kept, -1);
    this.#packer.release(kept);
  }

  #count(kept: Kept, sign: 1 | -1): void {
    const { key, expiresAt, valueBytes } = kept;
    this.#bytes += sign * (key.length + Math.max(0, valueBytes) + ENTRY_OVERHEAD);
    if (isTombstone(kept)) this.#tombstones += sign;
    if (isTombstone(kept) || expiresAt > 0) this.#mortal += sign;
  }
}

/** The arc as one or two ranges (low, high] that do not wrap; -1 stands before position 0. */
function ranges(arc: Arc): [number, number][] {
  if (arc.from < arc.to) return [[arc.from, arc.to]];
  return [
    [arc.from, Number.MAX_SAFE_INTEGER],
    [-1, arc.to],
  ];
}

function weigh({ key, version }: Kept, sums: Sums): void {
  const text = key + version;
  sums.count += 1;
  sums.low = (sums.low + hashOf(text, LOW_SEED)) >>> 0;
  sums.high = (sums.high + hashOf(text, HIGH_SEED)) >>> 0;
}

function isTombstone(kept: Kept): boolean {
  return kept.valueBytes < 0;
}

export const LOW_SEED = 0x811c9dc5;
export const HIGH_SEED = 0x2b2ae35d;

/** FNV-1a, with a mixing at the end so that sums of it do not cancel out. */
export function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
