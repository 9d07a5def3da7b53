// PlaceIndex: entries in the order of their places, by position and then by key. It owns the order, and sums
// over stretches of it, which are remembered a chunk at a time. They are kept in chunks, so that an insertion
// moves at most one chunk and a walk of an arc touches only that arc; positions stand beside the entries, so
// that a search looks at numbers.
import type { Kept } from './kept.ts';
import type { Key, Place } from './entry.ts';
import { itemAt } from './ordered.ts';

/**
 * Above this a chunk is split in two: insertion costs at most this many moves. Small, because each write
 * pays for it, and so few are moved faster by a loop than by the methods of arrays.
 */
const CHUNK_MAX = 128;
/** A chunk of a small store is small. */
const CHUNK_LEAST = 8;

/** Sorts behind every key: keys hold units below 256 only. */
const LAST_KEY = '\uffff';

/** So many may wait for their places: a look at the order, and the last of them, pays for all. */
const FRESH_MAX = 1_024;

/** How many there are, and two sums over them modulo 2**32. */
export interface Sums {
  count: number;
  low: number;
  high: number;
}

/** Adds an item to sums; it depends on the item alone. */
export type Weigh = (item: Kept, sums: Sums) => void;

class Chunk {
  positions = new Float64Array(CHUNK_LEAST);
  items: Kept[] = [];
  /** Over all of it; undefined since it has changed. */
  #sums: Sums | undefined;

  sums(weigh: Weigh): Sums {
    if (this.#sums !== undefined) return this.#sums;
    const sums: Sums = { count: 0, low: 0, high: 0 };
    for (const item of this.items) weigh(item, sums);
    this.#sums = sums;
    return sums;
  }

  replace(index: number, item: Kept): void {
    this.items[index] = item;
    this.#sums = undefined;
  }

  /** How many stand before the place. */
  rank(position: number, key: Key): number {
    let [low, high] = [0, this.items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = this.positions[middle] ?? Infinity;
      const isBefore = at === position ? itemAt(this.items, middle).key < key : at < position;
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  startsAtOrBefore(position: number, key: Key): boolean {
    const first = this.positions[0] ?? Infinity;
    return first === position ? itemAt(this.items, 0).key <= key : first < position;
  }

  insert(index: number, position: number, item: Kept): void {
    const { items } = this;
    const { length } = items;
    if (length === this.positions.length) {
      const grown = new Float64Array(2 * length);
      grown.set(this.positions);
      this.positions = grown;
    }
    const { positions } = this;
    items.push(item);
    for (let i = length; i > index; i--) {
      positions[i] = positions[i - 1] ?? Infinity;
      items[i] = itemAt(items, i - 1);
    }
    positions[index] = position;
    items[index] = item;
    this.#sums = undefined;
  }

  remove(index: number): void {
    this.positions.copyWithin(index, index + 1, this.items.length);
    this.items.splice(index, 1);
    this.#sums = undefined;
  }

  /** The second half goes to the chunk that is returned. */
  split(): Chunk {
    const half = this.items.length >> 1;
    const other = new Chunk();
    other.positions = new Float64Array(this.positions.length);
    other.positions.set(this.positions.subarray(half, this.items.length));
    other.items = this.items.splice(half);
    this.#sums = undefined;
    return other;
  }
}

export class PlaceIndex {
  readonly #chunks: Chunk[] = [new Chunk()];
  /** Not put in their places yet, oldest first; and their positions. */
  #fresh: Kept[] = [];
  #freshPositions: number[] = [];
  readonly #weigh: Weigh;

  constructor(weigh: Weigh) {
    this.#weigh = weigh;
  }

  /** Puts it in the place of one with the same place, or adds it. */
  put(position: number, item: Kept): void {
    this.#fresh.push(item);
    this.#freshPositions.push(position);
    if (this.#fresh.length >= FRESH_MAX) this.#settle();
  }

  /** Puts the fresh ones in their places, in order, so that neighbours are moved and looked at together. */
  #settle(): void {
    const fresh = this.#fresh;
    if (fresh.length === 0) return;
    const positions = this.#freshPositions;
    this.#fresh = [];
    this.#freshPositions = [];
    // The sort is stable: of one place, the newest stays.
    const inOrder = Array.from(fresh.keys()).toSorted((a, b) => itemAt(positions, a) - itemAt(positions, b));
    for (const i of inOrder) this.#insert(itemAt(positions, i), itemAt(fresh, i));
  }

  #insert(position: number, item: Kept): void {
    const c = this.#chunkAt(position, item.key);
    const chunk = itemAt(this.#chunks, c);
    const index = chunk.rank(position, item.key);
    if (chunk.positions[index] === position && chunk.items[index]?.key === item.key) {
      chunk.replace(index, item);
      return;
    }
    chunk.insert(index, position, item);
    if (chunk.items.length > CHUNK_MAX) this.#chunks.splice(c + 1, 0, chunk.split());
  }

  /** It is there. */
  remove(position: number, key: Key): void {
    this.#settle();
    const c = this.#chunkAt(position, key);
    const chunk = itemAt(this.#chunks, c);
    chunk.remove(chunk.rank(position, key));
    if (chunk.items.length === 0 && this.#chunks.length > 1) this.#chunks.splice(c, 1);
  }

  /** How many stand at or before the position; -1 stands before all. */
  rank(position: number): number {
    if (position < 0) return 0;
    this.#settle();
    const c = this.#chunkAt(position, LAST_KEY);
    let sum = itemAt(this.#chunks, c).rank(position, LAST_KEY);
    for (let i = 0; i < c; i++) sum += itemAt(this.#chunks, i).items.length;
    return sum;
  }

  /** Adds those behind a position and up to another one: a look at each chunk, and at what has changed. */
  addSums(behind: number, last: number, sums: Sums): void {
    this.#settle();
    const first = this.#chunkAt(behind, LAST_KEY);
    for (let c = first; c < this.#chunks.length; c++) {
      const chunk = itemAt(this.#chunks, c);
      const { length } = chunk.items;
      const from = c === first ? chunk.rank(behind, LAST_KEY) : 0;
      const to = (chunk.positions[length - 1] ?? Infinity) <= last ? length : chunk.rank(last, LAST_KEY);
      if (from === 0 && to === length) add(sums, chunk.sums(this.#weigh));
      else for (let i = from; i < to; i++) this.#weigh(itemAt(chunk.items, i), sums);
      if (to < length) return;
    }
  }

  /** Those behind the place, up to a position, lazily. */
  *walk(after: Place, last: number): Generator<Kept> {
    this.#settle();
    let c = this.#chunkAt(after.position, after.key);
    let i = itemAt(this.#chunks, c).rank(after.position, after.key);
    for (; c < this.#chunks.length; c++, i = 0) {
      const { positions, items } = itemAt(this.#chunks, c);
      for (; i < items.length; i++) {
        const position = positions[i] ?? Infinity;
        const item = itemAt(items, i);
        if (position > last) return;
        if (position !== after.position || item.key > after.key) yield item;
      }
    }
  }

  /** Those behind all keys of a position, up to another one. */
  walkBehind(position: number, last: number): Generator<Kept> {
    return this.walk({ position, key: LAST_KEY }, last);
  }

  /** The last chunk that starts at or before the place; the first where none does. */
  #chunkAt(position: number, key: Key): number {
    let [low, high] = [1, this.#chunks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (itemAt(this.#chunks, middle).startsAtOrBefore(position, key)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function add(sums: Sums, { count, low, high }: Sums): void {
  sums.count += count;
  sums.low = (sums.low + low) >>> 0;
  sums.high = (sums.high + high) >>> 0;
}
