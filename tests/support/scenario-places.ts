// Places: a hash for scenarios, under which nodes and keys stand where the scenario says. It owns nothing but
// that; the machine chooses salts and computes positions with it as with any hash.
import type { Hash } from '../../src/core/position.ts';
import { K_MAX, ringSize } from '../../src/core/position.ts';
import { simulationHash } from '../../src/sim/hash.ts';

const SALT_BYTES = 4;

export class Places {
  readonly #k: number;
  /** For a node's name, the positions that its salts lead to, in turn. */
  readonly #wishes = new Map<string, readonly number[]>();

  constructor(k: number) {
    this.#k = k;
  }

  wish(name: string, positions: readonly number[]): void {
    for (const position of positions) this.#check(position);
    this.#wishes.set(name, positions);
  }

  /** A node's id shows its number; a key ends with `@position`; all else falls as it may. */
  get hash(): Hash {
    return (bytes) => {
      const text = String.fromCharCode(...bytes);
      const node = /^node(\d+)$/.exec(text);
      if (node !== null) return bigEndian(Number(node[1]));
      const wishes = this.#wishes.get(text.slice(0, -SALT_BYTES));
      const salt = (bytes.at(-2) ?? 0) * 256 + (bytes.at(-1) ?? 0);
      const wish = wishes?.[salt % wishes.length];
      if (wish !== undefined) return this.#leadingTo(wish);
      const key = /@(\d+)$/.exec(text);
      return key === null ? simulationHash(bytes) : this.#leadingTo(Number(key[1]));
    };
  }

  #leadingTo(position: number): Uint8Array {
    this.#check(position);
    return bigEndian(position * 2 ** (K_MAX - this.#k) * 2 ** (64 - K_MAX));
  }

  #check(position: number): void {
    if (!(position >= 0 && position < ringSize(this.#k)))
      throw new RangeError(`position ${position} is not in [0, ${ringSize(this.#k)})`);
  }
}

function bigEndian(value: number): Uint8Array {
  const digest = new Uint8Array(8);
  new DataView(digest.buffer).setBigUint64(0, BigInt(value));
  return digest;
}
