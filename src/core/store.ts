// MemoryStore: the entries that a member holds, owned or copied, in memory, found by key and walked by
// position. It owns the rule that the newest version of a key wins; whose entries they are is decided
// elsewhere, how they lie in memory in kept.ts, and their order in place-index.ts.
import type { Entry, Key, Place } from './entry.ts';
import { versionTime } from './entry.ts';
import { type Kept, Packer } from './kept.ts';
import { PlaceIndex } from './place-index.ts';
import type { Arc } from './position.ts';

/** An entry that is held. `entry` is made anew each time; its value is a view that stays as it is. */
export interface Stored {
  readonly position: number;
  readonly entry: Entry;
}

/** What an entry costs beside its bytes: objects, map slot, version and operation, measured as below this. */
const ENTRY_OVERHEAD = 300;

export class MemoryStore {
  readonly #byKey = new Map<Key, Kept>();
  readonly #places = new PlaceIndex();
  readonly #packer = new Packer();
  #bytes = 0;
  #tombstones = 0;
  /** Tombstones and entries that expire. */
  #mortal = 0;

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

  /** Stores the entry where it is newer than what is there. Returns whether it was. */
  put(position: number, entry: Entry): boolean {
    const present = this.#byKey.get(entry.key);
    if (present !== undefined && present.version >= entry.version) return false;
    const kept = this.#packer.keep(position, entry);
    this.#byKey.set(entry.key, kept);
    this.#places.put(position, kept);
    this.#count(kept, 1);
    if (present !== undefined) this.#drop(present);
    return true;
  }

  remove(key: Key): void {
    const present = this.#byKey.get(key);
    if (present === undefined) return;
    this.#byKey.delete(key);
    this.#places.remove(present.position, key);
    this.#drop(present);
  }

  /** Forgets tombstones that were made, and entries that expired, before a wall time in milliseconds. */
  forgetDead(before: number): void {
    if (this.#mortal === 0) return;
    const dead: Key[] = [];
    for (const kept of this.#byKey.values()) {
      const at = isTombstone(kept) ? versionTime(kept.version) : kept.expiresAt;
      if (at > 0 && at < before) dead.push(kept.key);
    }
    for (const key of dead) this.remove(key);
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
  walk(arc: Arc, after?: Place): Generator<Stored> {
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

function isTombstone(kept: Kept): boolean {
  return kept.valueBytes < 0;
}
