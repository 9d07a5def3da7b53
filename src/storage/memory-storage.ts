// MemoryStorage: the Store contract without a disk: for tests, and for programs that restart a node within
// one process. It lasts as long as the object.
import type { Store, StoreChange, StoredRecord } from './store.ts';

/**
 * Holds what was written until it is dropped itself; give it to a second socket after the first was closed.
 */
export class MemoryStorage implements Store {
  /** By the key's bytes as one character each, which sorts as the bytes do. */
  readonly #records = new Map<string, StoredRecord>();
  #identity: Uint8Array | undefined;
  #isOpen = false;

  readIdentity(): Uint8Array | undefined {
    return this.#identity?.slice();
  }

  async open(): Promise<void> {
    if (this.#isOpen) throw new Error('the memory is in use by another socket');
    this.#isOpen = true;
  }

  async *load(): AsyncGenerator<StoredRecord, void, undefined> {
    this.#assertOpen();
    const sorted = [...this.#records].toSorted(([a], [b]) => (a < b ? -1 : 1));
    for (const [, { key, value }] of sorted) yield { key: key.slice(), value: value.slice() };
  }

  damage(): undefined {
    return undefined;
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    this.#assertOpen();
    for (const change of changes) {
      const name = Buffer.from(change.key).toString('latin1');
      if (change.type === 'delete') this.#records.delete(name);
      else this.#records.set(name, { key: change.key.slice(), value: change.value.slice() });
    }
  }

  async writeIdentity(bytes: Uint8Array): Promise<void> {
    this.#assertOpen();
    this.#identity = bytes.slice();
  }

  async close(): Promise<void> {
    this.#isOpen = false;
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new Error('the memory is not open');
  }
}
