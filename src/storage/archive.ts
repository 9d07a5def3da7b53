// Archive: saved records in a store, and back. It owns the seal of every record and the ledger of all, so
// that whatever the store loses or changes is noticed when it is loaded, counted and left out. What that
// means for the node is persistence.ts's affair, and where the bytes lie the store's.
import { hash } from 'node:crypto';
import type { Key } from '../core/entry.ts';
import type { SavedRecord } from '../core/saved.ts';
import { IS_OLDER, Ledger } from './ledger.ts';
import { SavedCodec, type SavedCodecOptions } from './saved-codec.ts';
import { markOf, seal, unseal } from './seal.ts';
import type { Store, StoreChange } from './store.ts';

/** What was noticed when a store was loaded. */
export interface Damage {
  /** One sentence. */
  readonly message: string;
  /** Records whose bytes are not what was written; they were left out. */
  readonly corrupt: number;
  /** Hashes of their keys, the first few: a log must not show keys. */
  readonly hashes: readonly string[];
  /** What is there, registers too, may be what was there before. */
  readonly isOlder: boolean;
}

export interface Loaded {
  readonly records: readonly SavedRecord[];
  readonly damage: Damage | undefined;
}

const LEDGER_KEY: Uint8Array = Uint8Array.of(1);
const HASHES_MAX = 8;
const HASH_DIGITS = 12;

export class Archive {
  readonly #store: Store;
  readonly #codec: SavedCodec;
  readonly #ledger: Ledger = new Ledger();
  /** Keys of records that were found corrupt: the next batch removes them. */
  #corrupt: Uint8Array[] = [];
  /** After a write that failed, only the store knows what it has: what was there before, or that as well. */
  #uncertain: readonly Uint8Array[] | undefined;
  #isLost = false;

  constructor(store: Store, options: SavedCodecOptions) {
    this.#store = store;
    this.#codec = new SavedCodec(options);
  }

  /** Whether it takes no more. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Reads every record of the store, which is open; `isNew` says that nothing was ever written to it. */
  async load(isNew: boolean): Promise<Loaded> {
    const records: SavedRecord[] = [];
    const damage = await this.#read(isNew, (record) => records.push(record));
    return { records, damage };
  }

  /**
   * Stores the records as one batch; of several under one key the last counts. One call at a time: the next
   * one begins when this has ended.
   */
  async write(records: readonly SavedRecord[]): Promise<void> {
    if (this.#uncertain !== undefined) {
      if (!this.#isLost) await this.#read(false, () => {});
      const found = this.#ledger.toBytes();
      // Something else is gone meanwhile: to write on would hide that from the next start.
      this.#isLost ||= this.#uncertain.every((one) => Buffer.compare(one, found) !== 0);
      if (this.#isLost)
        throw new Error('the store has lost what it had: it takes no more until the node starts again');
      this.#uncertain = undefined;
    }
    const marks = new Map<Key, number | undefined>();
    const changes: StoreChange[] = this.#corrupt.map((key) => ({ type: 'delete', key }));
    for (const record of records) {
      const { name, key, value } = this.#codec.encode(record);
      const sealed = value === undefined ? undefined : seal(key, value);
      marks.set(name, sealed === undefined ? undefined : markOf(sealed));
      changes.push(sealed === undefined ? { type: 'delete', key } : { type: 'put', key, value: sealed });
    }
    const ledger = this.#ledger.toBytesWith(marks);
    changes.push({ type: 'put', key: LEDGER_KEY, value: seal(LEDGER_KEY, ledger) });
    try {
      await this.#store.write(changes);
    } catch (error) {
      this.#uncertain = [this.#ledger.toBytes(), ledger];
      throw error;
    }
    this.#corrupt = [];
    for (const [name, mark] of marks) this.#ledger.apply(name, mark);
  }

  async #read(isNew: boolean, take: (record: SavedRecord) => void): Promise<Damage | undefined> {
    this.#ledger.clear();
    this.#corrupt = [];
    let written: Uint8Array | undefined;
    for await (const { key, value } of this.#store.load()) {
      const plain = unseal(key, value);
      if (plain === undefined) {
        this.#corrupt.push(key);
      } else if (isLedger(key)) {
        written = plain;
      } else {
        const { name, record } = this.#codec.decode(key, plain);
        this.#ledger.apply(name, markOf(value));
        take(record);
      }
    }
    const missing = isNew && written === undefined ? undefined : this.#ledger.compare(written);
    return damageOf(this.#corrupt, missing, this.#store.damage());
  }
}

function damageOf(
  corrupt: readonly Uint8Array[],
  ledger: string | undefined,
  store: string | undefined,
): Damage | undefined {
  const parts: string[] = [];
  if (corrupt.length > 0) parts.push(`${corrupt.length} of its records are not what was written`);
  // What is corrupt is missing from the ledger too, which says nothing new.
  else if (ledger !== undefined) parts.push(ledger);
  if (store !== undefined) parts.push(store);
  if (parts.length === 0) return undefined;
  const hashes = corrupt.slice(0, HASHES_MAX).map((key) => hash('sha256', key, 'hex').slice(0, HASH_DIGITS));
  const isOlder = store !== undefined || ledger === IS_OLDER;
  return { message: `the store is damaged: ${parts.join('; ')}`, corrupt: corrupt.length, hashes, isOlder };
}

function isLedger(key: Uint8Array): boolean {
  return key.length === 1 && key[0] === LEDGER_KEY[0];
}
