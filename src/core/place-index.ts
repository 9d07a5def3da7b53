// PlaceIndex: entries in the order of their places, by position and then by key. It owns the order and
// nothing else. They are kept in chunks, so that an insertion moves at most one chunk and a walk of an arc
// touches only that arc; positions stand beside the entries, so that a search looks at numbers.
import type { Kept } from './kept.ts';
import type { Key, Place } from './entry.ts';
import { itemAt, lowerBound } from './ordered.ts';

/** Above this a chunk is split in two: insertion costs at most this many moves. */
const CHUNK_MAX = 512;
/** A chunk of a small store is small. */
const CHUNK_LEAST = 8;

/** Sorts behind every key: keys hold units below 256 only. */
const LAST_KEY = '\uffff';

class Chunk {
  positions = new Float64Array(CHUNK_LEAST);
  items: Kept[] = [];

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

  insert(index: number, position: number, item: Kept): void {
    const { length } = this.items;
    if (length === this.positions.length) {
      const grown = new Float64Array(2 * length);
      grown.set(this.positions);
      this.positions = grown;
    }
    this.positions.copyWithin(index + 1, index, length);
    this.positions[index] = position;
    this.items.splice(index, 0, item);
  }

  remove(index: number): void {
    this.positions.copyWithin(index, index + 1, this.items.length);
    this.items.splice(index, 1);
  }

  /** The second half goes to the chunk that is returned. */
  split(): Chunk {
    const half = this.items.length >> 1;
    const other = new Chunk();
    other.positions = new Float64Array(this.positions.length);
    other.positions.set(this.positions.subarray(half, this.items.length));
    other.items = this.items.splice(half);
    return other;
  }
}

export class PlaceIndex {
  readonly #chunks: Chunk[] = [new Chunk()];

  /** Puts it in the place of one with the same place, or adds it. */
  put(position: number, item: Kept): void {
    const c = this.#chunkAt(position, item.key);
    const chunk = itemAt(this.#chunks, c);
    const index = chunk.rank(position, item.key);
    if (chunk.positions[index] === position && chunk.items[index]?.key === item.key) {
      chunk.items[index] = item;
      return;
    }
    chunk.insert(index, position, item);
    if (chunk.items.length > CHUNK_MAX) this.#chunks.splice(c + 1, 0, chunk.split());
  }

  /** It is there. */
  remove(position: number, key: Key): void {
    const c = this.#chunkAt(position, key);
    const chunk = itemAt(this.#chunks, c);
    chunk.remove(chunk.rank(position, key));
    if (chunk.items.length === 0 && this.#chunks.length > 1) this.#chunks.splice(c, 1);
  }

  /** How many stand at or before the position; -1 stands before all. */
  rank(position: number): number {
    if (position < 0) return 0;
    const c = this.#chunkAt(position, LAST_KEY);
    let sum = itemAt(this.#chunks, c).rank(position, LAST_KEY);
    for (let i = 0; i < c; i++) sum += itemAt(this.#chunks, i).items.length;
    return sum;
  }

  /** Those behind the place, up to a position, lazily. */
  *walk(after: Place, last: number): Generator<Kept> {
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

  /** The last chunk that starts at or before the place. */
  #chunkAt(position: number, key: Key): number {
    const behind = lowerBound(this.#chunks, ({ positions, items }) => {
      const first = items[0];
      if (first === undefined) return false;
      const at = positions[0] ?? Infinity;
      return at === position ? first.key <= key : at < position;
    });
    return Math.max(0, behind - 1);
  }
}
