// FaultyStore: a store on which a disk does what disks do: it is full, it forgets, it changes bytes. Over
// another store, for tests.
import type { Store, StoreChange, StoredRecord } from '../../src/storage/store.ts';

export class FaultyStore implements Store {
  readonly #inner: Store;
  /** Writes reject with this sentence while it is set. */
  failure: string | undefined;
  /** A write that fails is stored all the same, as when only its acknowledgement was lost. */
  storesFailed = false;
  /** Changes a record as it is loaded; undefined leaves it out. */
  corrupt: ((record: StoredRecord) => StoredRecord | undefined) | undefined;
  /** While set, writes wait for it. */
  hold: Promise<void> | undefined;
  /** What was written, batch by batch. */
  readonly batches: (readonly StoreChange[])[] = [];
  loads = 0;

  constructor(inner: Store) {
    this.#inner = inner;
  }

  readIdentity(): Uint8Array | undefined {
    return this.#inner.readIdentity();
  }

  open(): Promise<void> {
    return this.#inner.open();
  }

  async *load(): AsyncGenerator<StoredRecord, void, undefined> {
    this.loads += 1;
    for await (const record of this.#inner.load()) {
      const given = this.corrupt === undefined ? record : this.corrupt(record);
      if (given !== undefined) yield given;
    }
  }

  damage(): string | undefined {
    return this.#inner.damage();
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    await this.hold;
    const { failure } = this;
    if (failure === undefined || this.storesFailed) await this.#inner.write(changes);
    if (failure !== undefined) throw new Error(failure);
    this.batches.push(changes);
  }

  writeIdentity(bytes: Uint8Array): Promise<void> {
    return this.#inner.writeIdentity(bytes);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
