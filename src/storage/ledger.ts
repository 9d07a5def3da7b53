// Ledger: how many records there are and what their seals come to, kept with every batch. A seal shows that
// a record changed; the ledger shows that one is gone, or came back. It costs about 40 bytes of memory a
// record.
import type { Key } from '../core/entry.ts';

const BYTES = 12;

export const IS_OLDER = 'some of its records are older than they should be';

/** One change of a batch: the mark of the record put, or undefined where it is deleted. */
export type Marks = ReadonlyMap<Key, number | undefined>;

export class Ledger {
  /** By the record's name; a 32-bit number takes no memory of its own. */
  readonly #marks = new Map<Key, number>();
  #sum = 0;

  get size(): number {
    return this.#marks.size;
  }

  apply(name: Key, mark: number | undefined): void {
    this.#sum ^= this.#marks.get(name) ?? 0;
    if (mark === undefined) {
      this.#marks.delete(name);
    } else {
      this.#marks.set(name, mark);
      this.#sum ^= mark;
    }
  }

  clear(): void {
    this.#marks.clear();
    this.#sum = 0;
  }

  /** As it is now. */
  toBytes(): Uint8Array {
    return encode(this.size, this.#sum);
  }

  /** As it will be with these changes, which are not made yet. */
  toBytesWith(changes: Marks): Uint8Array {
    let { size } = this;
    let sum = this.#sum;
    for (const [name, mark] of changes) {
      const former = this.#marks.get(name);
      sum ^= (former ?? 0) ^ (mark ?? 0);
      if (former === undefined && mark !== undefined) size += 1;
      if (former !== undefined && mark === undefined) size -= 1;
    }
    return encode(size, sum);
  }

  /** What is wrong with this ledger by the one that was written: undefined where nothing is. */
  compare(written: Uint8Array | undefined): string | undefined {
    if (written === undefined) return 'the count of its records is missing';
    const { size, sum } = decode(written);
    if (size !== this.size) return `it has ${this.size} of ${size} records`;
    return sum === this.#sum ? undefined : IS_OLDER;
  }
}

function encode(size: number, sum: number): Uint8Array {
  const bytes = Buffer.alloc(BYTES);
  bytes.writeDoubleBE(size);
  bytes.writeInt32BE(sum, 8);
  return bytes;
}

function decode(bytes: Uint8Array): { size: number; sum: number } {
  const view = Buffer.from(bytes);
  if (view.length !== BYTES) throw new RangeError(`a ledger of ${view.length} bytes`);
  return { size: view.readDoubleBE(), sum: view.readInt32BE(8) };
}
