// KeyPositions: where keys belong on the ring. It owns a memory of the keys that were asked for last, because
// a key that is used is used again, and on its way through one process is asked for by several nodes; hashing
// it each time would be a tenth of the work of a get.
import { fromKey } from './bytes.ts';
import type { Key } from './entry.ts';
import type { Hash } from './position.ts';
import { keyPosition } from './position.ts';

/** A power of two. Full of the longest keys that are remembered, some 700 kB. */
const SLOTS = 4_096;
/** Of keys that are remembered; longer ones are hashed each time. */
const KEY_BYTES_MAX = 128;

export class KeyPositions {
  readonly #hash: Hash;
  readonly #k: number;
  /** By slot: the key that was asked for last, and its position. */
  readonly #keys: Key[] = [];
  readonly #positions: number[] = [];

  constructor(hash: Hash, k: number) {
    this.#hash = hash;
    this.#k = k;
  }

  of(key: Key): number {
    if (key.length > KEY_BYTES_MAX) return this.#compute(key);
    const slot = slotOf(key);
    const known = this.#positions[slot];
    if (known !== undefined && this.#keys[slot] === key) return known;
    const position = this.#compute(key);
    this.#keys[slot] = key;
    this.#positions[slot] = position;
    return position;
  }

  #compute(key: Key): number {
    return keyPosition(this.#hash, fromKey(key), this.#k);
  }
}

function slotOf(key: Key): number {
  let sum = 0;
  for (let i = 0; i < key.length; i++) sum = (Math.imul(sum, 31) + key.charCodeAt(i)) | 0;
  return (sum ^ (sum >>> 12)) & (SLOTS - 1);
}
