// Persistence: a node's memory beyond its process. It owns the order of opening a store, what damage to it
// means for the node's vote, and the `save` effects: written in their order, those of one turn together,
// and answered when the store has them. The bytes are in src/storage; what has to be saved is the machine's
// to say.
import type { SavedRecord } from '../core/saved.ts';
import { Archive, type Damage } from '../storage/archive.ts';
import type { Store } from '../storage/store.ts';
import type { Address } from './address.ts';
import type { DebugLog } from './debug-log.ts';
import { ChordError } from './errors.ts';
import { Identity, idOf, sha256 } from './identity.ts';
import { decodeNodeRecord, encodeNodeRecord, type NodeRecord, type RingTerms } from './node-record.ts';

export interface PersistenceOptions {
  readonly store: Store;
  readonly terms: RingTerms;
  readonly log: DebugLog;
  /** Bytes that may wait to be written; more are refused. */
  readonly queueBytes: number;
  /** Told of damage, and once when writes begin to fail. */
  readonly fault: (error: ChordError) => void;
}

/** Who waits for records to be saved: the driver. */
export interface SaveListener {
  handleSaved(token: number): void;
  handleSaveFailed(token: number, message: string): void;
}

/** What a node begins with. */
export interface Restored {
  readonly records: readonly SavedRecord[];
  /** Not the birth that the socket was made with where the store has lost promises since. */
  readonly birth: number;
  readonly members: readonly Address[];
}

interface Waiting {
  readonly token: number;
  readonly records: readonly SavedRecord[];
  readonly bytes: number;
}

/** What is written together at most, so that nobody waits long for others' large values. */
const GROUP_BYTES = 4 * 1_048_576;
/** Beside its value a record takes about this much. */
const RECORD_BYTES = 200;
/** Who is known changes all the time, and is worth one write a second. */
const NOTE_MS = 1_000;
/** Enough to find the ring again after half of it has moved. */
const MEMBERS_MAX = 32;

export class Persistence {
  readonly identity: Identity;
  /** One more than the last time. */
  readonly incarnation: number;
  readonly birth: number;
  /** Of the last position. */
  readonly salt: number | undefined;
  readonly #options: PersistenceOptions;
  readonly #archive: Archive;
  /** As it was when the socket was made; undefined in a new store. */
  #found: NodeRecord | undefined;
  /** Why it could not be read, which the first call that needs the store rejects with. */
  readonly #unreadable: ChordError | undefined;
  #record: NodeRecord;
  #isNoted = true;
  #noteTimer: NodeJS.Timeout | undefined;
  #noting: Promise<void> = Promise.resolve();
  #opened = false;
  #listener: SaveListener | undefined;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  /** Why writes fail now. */
  #failure: string | undefined;

  /** Reads who the node is, and nothing else. Never throws: what is wrong with the store shows in `open`. */
  constructor(options: PersistenceOptions) {
    const { store, terms } = options;
    this.#options = options;
    this.#archive = new Archive(store, { k: terms.k, hash: sha256, idOf });
    try {
      this.#found = readRecord(store, terms);
    } catch (cause) {
      this.#unreadable = storeError('the store cannot be used', cause);
    }
    const found = this.#found;
    this.#record = found === undefined ? newRecord() : { ...found, incarnation: found.incarnation + 1 };
    this.identity = this.#record.identity;
    this.incarnation = this.#record.incarnation;
    this.birth = this.#record.birth;
    this.salt = this.#record.salt;
  }

  /**
   * Takes the store, reads it and writes the new incarnation down. Rejects with ERR_STORE, after which it may
   * be tried again.
   */
  async open(listener: SaveListener): Promise<Restored> {
    if (this.#unreadable !== undefined) throw this.#unreadable;
    const { store } = this.#options;
    try {
      await store.open();
    } catch (cause) {
      throw storeError('the store cannot be used', cause);
    }
    try {
      const { records, isDamaged } = await this.#load();
      await this.#writeRecord();
      // Only now: what shows that something is lost must not be gone before the vote is.
      if (isDamaged) {
        // What was written is this node's own, where the rest fails and this is tried again.
        this.#found = this.#record;
        await this.#archive.write([]);
      }
      this.#opened = true;
      this.#listener = listener;
      const { birth, members } = this.#record;
      return { records, birth, members };
    } catch (cause) {
      await store.close().catch(() => undefined);
      throw cause instanceof ChordError ? cause : storeError('the store cannot be used', cause);
    }
  }

  /** Has the records written, and the listener told. */
  save(token: number, records: readonly SavedRecord[]): void {
    const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0);
    if (!this.#opened) return this.#refuse(token, 'the store is not open');
    if (this.#waiting.length > 0 && this.#waitingBytes + bytes > this.#options.queueBytes) {
      return this.#refuse(token, `more than ${this.#options.queueBytes} bytes wait to be stored`);
    }
    this.#waiting.push({ token, records, bytes });
    this.#waitingBytes += bytes;
    this.#writing ??= this.#writeAll();
  }

  /** Where the node stands, and whom it knows, for its next start. */
  note(salt: number, members: readonly Address[]): void {
    // A node that has left knows nobody, and would not find back.
    const known = members.length === 0 ? this.#record.members : members.slice(0, MEMBERS_MAX);
    this.#record = { ...this.#record, salt, members: known };
    this.#isNoted = false;
    this.#noteTimer ??= setTimeout(() => {
      this.#noteTimer = undefined;
      this.#writeNotes();
    }, NOTE_MS).unref();
  }

  /** Writes what waits, and lets the store go. */
  async close(): Promise<void> {
    if (!this.#opened) return;
    clearTimeout(this.#noteTimer);
    await this.#writing;
    if (!this.#isNoted) await this.#writeRecord().catch((error: unknown) => this.#warn(error));
    this.#opened = false;
    try {
      await this.#options.store.close();
    } catch (cause) {
      this.#options.fault(storeError('the store did not close', cause));
    }
  }

  async #load(): Promise<{ readonly records: readonly SavedRecord[]; readonly isDamaged: boolean }> {
    const { store, terms } = this.#options;
    const isNew = this.#found === undefined;
    const now = readRecord(store, terms);
    if (now?.identity.id !== this.#found?.identity.id || now?.incarnation !== this.#found?.incarnation) {
      throw new ChordError('ERR_STORE', 'another node has used the store meanwhile: make a new socket');
    }
    const { records, damage } = await this.#archive.load(isNew);
    if (damage !== undefined) this.#reportDamage(damage, records);
    // So that the next start can tell a store that was emptied from a new one.
    if (isNew) await this.#archive.write([]);
    const isDamaged = damage !== undefined && !isNew;
    if (!isNew || records.length === 0) return { records, isDamaged };
    // Entries without a node: they are copies like others, but the promises were another node's.
    const message = `the store has records and no node of k = ${terms.k}: this one starts as a new node`;
    this.#options.fault(new ChordError('ERR_STORE', message));
    return { records: records.filter(({ type }) => type === 'entry'), isDamaged };
  }

  /**
   * A node that has lost anything it had acknowledged may not vote as the one that acknowledged it, or a
   * majority could be without it. Where it was the only voter, nobody else could know more.
   */
  #reportDamage({ message, corrupt, hashes, isOlder }: Damage, records: readonly SavedRecord[]): void {
    const { identity, incarnation, members } = this.#record;
    // What says so may be from before others came: then it is believed by who never knew any.
    const isAlone = isSoleVoter(identity.id, records) && (!isOlder || members.length === 0);
    if (!isAlone) this.#record = { ...this.#record, birth: incarnation };
    const keys = hashes.length === 0 ? '' : ` (hashes of their keys: ${hashes.join(', ')})`;
    const sentence = `${message}${keys}; what is missing comes back from other copies, where there are any`;
    this.#options.log.write('error', message, { corrupt, hashes });
    this.#options.fault(new ChordError('ERR_STORE', sentence));
  }

  #writeNotes(): void {
    if (this.#isNoted || !this.#opened) return;
    this.#writeRecord().catch((error: unknown) => this.#warn(error));
  }

  /** Not needed to go on: it only makes the next start slower. */
  #warn(error: unknown): void {
    this.#options.log.write('warn', 'position and neighbours could not be written down', { error });
  }

  /** One after the other, each with what is known when its turn comes. */
  #writeRecord(): Promise<void> {
    const write = async (): Promise<void> => {
      const record = this.#record;
      await this.#options.store.writeIdentity(encodeNodeRecord(record, this.#options.terms));
      if (record === this.#record) this.#isNoted = true;
    };
    this.#noting = this.#noting.then(write, write);
    return this.#noting;
  }

  #refuse(token: number, message: string): void {
    // Never from within `save`: the machine is being polled.
    queueMicrotask(() => this.#listener?.handleSaveFailed(token, message));
  }

  async #writeAll(): Promise<void> {
    // Everything that this turn wants saved goes together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#take();
      try {
        await this.#archive.write(group.flatMap(({ records }) => records));
        this.#noteSuccess();
        for (const { token } of group) this.#listener?.handleSaved(token);
      } catch (error) {
        const message = this.#noteFailure(error);
        for (const { token } of group) this.#listener?.handleSaveFailed(token, message);
      }
    }
    this.#writing = undefined;
  }

  #take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#waiting) {
      if (count > 0 && bytes + waiting.bytes > GROUP_BYTES) break;
      bytes += waiting.bytes;
      count += 1;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  #noteSuccess(): void {
    if (this.#failure !== undefined) this.#options.log.write('info', 'the store takes writes again');
    this.#failure = undefined;
  }

  #noteFailure(cause: unknown): string {
    const error = storeError('the store takes no writes', cause);
    const isNews = this.#failure === undefined || (this.#archive.isLost && this.#failure !== error.message);
    if (isNews) this.#options.fault(error);
    this.#failure = error.message;
    return error.message;
  }
}

function newRecord(): NodeRecord {
  return { identity: Identity.create(), birth: 1, incarnation: 1, salt: undefined, members: [] };
}

function isSoleVoter(id: string, records: readonly SavedRecord[]): boolean {
  const registers = records.flatMap((record) => (record.type === 'registers' ? record.registers : []));
  return (
    registers.length > 0 &&
    registers.every(({ register: { configuration, accepted } }) =>
      [...configuration.members, ...(accepted?.configuration.members ?? [])].every(
        ({ contact }) => contact.id === id,
      ),
    )
  );
}

function sizeOf(record: SavedRecord): number {
  if (record.type === 'registers') return RECORD_BYTES * record.registers.length;
  if (record.type === 'forgotten') return RECORD_BYTES;
  return RECORD_BYTES + record.entry.key.length + (record.entry.value?.length ?? 0);
}

function readRecord(store: Store, terms: RingTerms): NodeRecord | undefined {
  const bytes = store.readIdentity();
  return bytes === undefined ? undefined : decodeNodeRecord(bytes, terms, store.directory);
}

function storeError(what: string, cause: unknown): ChordError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new ChordError('ERR_STORE', `${what}: ${message}`, { cause });
}
