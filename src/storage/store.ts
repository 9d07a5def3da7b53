// Store: the contract between a member and whatever it writes its records to. It owns no code: DurableStore
// and MemoryStorage meet it, and any other object may that passes the suite `describeStore` of the testing
// entry point. A store knows bytes and order only: what they mean, and whether they are still what was
// written, is archive.ts's to know.

/** A record, as it was put. Keys have at least one byte; values may be empty. */
export interface StoredRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** One change. Neither keys nor values are changed by the caller afterwards. */
export type StoreChange =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'delete'; readonly key: Uint8Array };

/**
 * Keeps records of bytes. The calls of one owner, in this order: `readIdentity`, then `open`, then any of
 * the others, then `close`. After `close` it may be opened again, by the same object. Every method but
 * `readIdentity` rejects with an Error whose message says what is wrong with what, and never throws.
 */
export interface Store {
  /** Where it is, if in a directory: messages name it. */
  readonly directory?: string;

  /**
   * What `writeIdentity` stored last; undefined in a new store. It is called before `open` and answers at
   * once, because a socket has its id from the constructor on. Throws where there is an identity that
   * cannot be read.
   */
  readIdentity(): Uint8Array | undefined;

  /**
   * Takes the store for this owner alone: a second one is rejected while it is open. Makes it where it is
   * new.
   */
  open(): Promise<void>;

  /**
   * All records, in ascending order of their keys' bytes. Rejects where some cannot be reached; a record that
   * has changed by itself is given as it is, and noticed by whoever reads it.
   */
  load(): AsyncIterable<StoredRecord>;

  /**
   * Once `load` has ended: a sentence where the store knows that it is not what it was, because it had to be
   * repaired or acknowledged writes are missing. What it still has was loaded all the same.
   */
  damage(): string | undefined;

  /**
   * Applies all changes in their order, as one: after a crash at any moment all of them are there or none.
   * Resolves when they are as durable as the store promises. Batches take effect in the order of the calls;
   * several may be under way. A batch that rejected may be there or not: its caller loads the store again to
   * know, before it writes on.
   */
  write(changes: readonly StoreChange[]): Promise<void>;

  /** Replaces the identity, as one: after a crash the former one or this one is there. */
  writeIdentity(bytes: Uint8Array): Promise<void>;

  /** What was acknowledged is durable, and the store can be opened by another owner. Idempotent. */
  close(): Promise<void>;
}
