// MemoryStore: the entries that a member holds, owned or copied, in memory, found by key and walked by
// position. It owns the rule that the newest version of a key wins; whose entries they are is decided
// elsewhere. Entries are kept in chunks ordered by (position, key): a walk of an arc touches only that arc,
// and an insertion moves at most one chunk.
import type { Entry, Key, Place } from './entry.ts';
import { versionTime } from './entry.ts';
import { itemAt, lowerBound } from './ordered.ts';
import type { Arc } from './position.ts';

export interface Stored {
  readonly position: number;
  readonly entry: Entry;
}

/** Above this a chunk is split in two: insertion costs at most this many moves. */
const CHUNK_MAX = 512;
/** What an entry costs beside its bytes: objects, map slot and strings, measured as about 300 bytes. */
const ENTRY_OVERHEAD = 300;

export class MemoryStore {
  readonly #byKey = new Map<Key, Stored>();
  #chunks: Stored[][] = [[]];
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
    if (present !== undefined && present.entry.version >= entry.version) return false;
    const stored: Stored = { position, entry };
    this.#byKey.set(entry.key, stored);
    this.#bytes += cost(entry);
    this.#tombstones += tombstone(entry) - (present === undefined ? 0 : tombstone(present.entry));
    this.#mortal += mortal(entry) - (present === undefined ? 0 : mortal(present.entry));
    const { chunk, index } = this.#locate(position, entry.key);
    if (present !== undefined) {
      this.#bytes -= cost(present.entry);
      chunk[index] = stored;
      return true;
    }
    chunk.splice(index, 0, stored);
    if (chunk.length > CHUNK_MAX) {
      this.#chunks.splice(this.#chunks.indexOf(chunk) + 1, 0, chunk.splice(CHUNK_MAX / 2));
    }
    return true;
  }

  remove(key: Key): void {
    const present = this.#byKey.get(key);
    if (present === undefined) return;
    this.#byKey.delete(key);
    this.#bytes -= cost(present.entry);
    this.#tombstones -= tombstone(present.entry);
    this.#mortal -= mortal(present.entry);
    const { chunk, index } = this.#locate(present.position, key);
    chunk.splice(index, 1);
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(this.#chunks.indexOf(chunk), 1);
  }

  /** Forgets tombstones that were made, and entries that expired, before a wall time in milliseconds. */
  forgetDead(before: number): void {
    if (this.#mortal === 0) return;
    const dead: Key[] = [];
    for (const { entry } of this.#byKey.values()) {
      const at = entry.value === undefined ? versionTime(entry.version) : entry.expiresAt;
      if (at > 0 && at < before) dead.push(entry.key);
    }
    for (const key of dead) this.remove(key);
  }

  /** How many entries with a value stand in the arc. */
  countValues(arc: Arc): number {
    let count = this.count(arc);
    if (this.#tombstones === 0) return count;
    for (const { entry } of this.walk(arc)) count -= tombstone(entry);
    return count;
  }

  /** How many entries stand in the arc, tombstones included. */
  count(arc: Arc): number {
    let sum = 0;
    for (const [low, high] of ranges(arc)) sum += this.#rank(high) - this.#rank(low);
    return sum;
  }

  /** The entries of an arc clockwise from its start, or from behind `after`, lazily. */
  *walk(arc: Arc, after?: Place): Generator<Stored> {
    let pending = after;
    for (const [low, high] of ranges(arc)) {
      // `after` stands in one of the ranges: those before it are done.
      if (pending !== undefined && !(pending.position > low && pending.position <= high)) continue;
      const start = pending ?? { position: low, key: LAST_KEY };
      pending = undefined;
      yield* this.#walkRange(start, high);
    }
  }

  all(): IterableIterator<Stored> {
    return this.#byKey.values();
  }

  *#walkRange(start: Place, high: number): Generator<Stored> {
    let c = this.#chunkIndex(start.position, start.key);
    let i = rankIn(itemAt(this.#chunks, c), start.position, start.key);
    for (; c < this.#chunks.length; c++, i = 0) {
      const chunk = itemAt(this.#chunks, c);
      for (; i < chunk.length; i++) {
        const stored = itemAt(chunk, i);
        if (stored.position > high) return;
        if (stored.position === start.position && stored.entry.key <= start.key) continue;
        yield stored;
      }
    }
  }

  /** How many entries stand at or before the position. */
  #rank(position: number): number {
    if (position < 0) return 0;
    const c = this.#chunkIndex(position, LAST_KEY);
    let sum = rankIn(itemAt(this.#chunks, c), position, LAST_KEY);
    for (let i = 0; i < c; i++) sum += itemAt(this.#chunks, i).length;
    return sum;
  }

  #locate(position: number, key: Key): { chunk: Stored[]; index: number } {
    const chunk = itemAt(this.#chunks, this.#chunkIndex(position, key));
    return { chunk, index: rankIn(chunk, position, key) };
  }

  /** The last chunk that starts at or before the place. */
  #chunkIndex(position: number, key: Key): number {
    const behind = lowerBound(this.#chunks, (chunk) => {
      const first = chunk[0];
      return first !== undefined && compare(first, position, key) <= 0;
    });
    return Math.max(0, behind - 1);
  }
}

/** Sorts behind every key: keys hold units below 256 only. */
const LAST_KEY = '\uffff';

/** The arc as one or two ranges (low, high] that do not wrap; -1 stands before position 0. */
function ranges(arc: Arc): [number, number][] {
  if (arc.from < arc.to) return [[arc.from, arc.to]];
  return [
    [arc.from, Number.MAX_SAFE_INTEGER],
    [-1, arc.to],
  ];
}

function mortal(entry: Entry): 0 | 1 {
  return entry.value === undefined || entry.expiresAt > 0 ? 1 : 0;
}

function rankIn(chunk: readonly Stored[], position: number, key: Key): number {
  return lowerBound(chunk, (stored) => compare(stored, position, key) < 0);
}

function compare(stored: Stored, position: number, key: Key): number {
  if (stored.position !== position) return stored.position - position;
  return stored.entry.key < key ? -1 : stored.entry.key > key ? 1 : 0;
}

function tombstone(entry: Entry): 0 | 1 {
  return entry.value === undefined ? 1 : 0;
}

function cost(entry: Entry): number {
  return entry.key.length + (entry.value?.length ?? 0) + ENTRY_OVERHEAD;
}
