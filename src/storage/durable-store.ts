// DurableStore: the Store contract on a directory, with LevelDB (classic-level) for the records. It owns
// the directory's layout, the sync policy and group commit, and what is done about a database that fails.
// LevelDB drops a damaged end of its log without a word: the number of batches acknowledged is therefore
// also kept in a file beside it. Damage to its tables is level-folder.ts's to mend, damage within records
// archive.ts's to notice.
import { closeSync, constants, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ClassicLevel } from 'classic-level';
import { failure, isDamage, messageOf, remedyFor, TRY_AGAIN, WRITES_TRY_AGAIN } from './failure.ts';
import { codeOf, makeFolder, syncFolder } from './folder.ts';
import { isHeadless, mendTables } from './level-folder.ts';
import type { Store, StoreChange, StoredRecord } from './store.ts';
import { WriteQueue } from './write-queue.ts';

/** When a write counts as done. */
export type SyncPolicy =
  /**
   * On the disk: nothing acknowledged is lost by a crash or a power cut. Each group of writes waits for it.
   */
  | 'always'
  /** With the operating system; on the disk every `syncEveryMs`. A power cut may lose what came since. */
  | 'interval'
  /** With the operating system, which writes when it likes. A power cut may lose the last half minute. */
  | 'never';

export interface DurableStoreOptions {
  /** Made where it does not exist. One store at a time may have it open. */
  readonly directory: string;
  /** Default 'always'. The end of a process, also by SIGKILL, loses nothing under any of them. */
  readonly sync?: SyncPolicy | undefined;
  /** For 'interval'. Milliseconds, default 1,000. */
  readonly syncEveryMs?: number | undefined;
}

type Database = ClassicLevel<Uint8Array, Uint8Array>;

const IDENTITY_FILE = 'node.json';
const COUNT_FILE = 'acknowledged';
const RECORDS_FOLDER = 'records';
const DAMAGED_FOLDER = 'damaged';
/** An empty database, open for as long as the store is: Node itself can lock no files. */
const LOCK_FOLDER = 'lock';

/** Under this key the database counts its batches; records have RECORD_PREFIX before their keys. */
const COUNT_KEY: Uint8Array = Uint8Array.of(0);
const RECORD_PREFIX = 1;
const COUNT_DIGITS = 16;

const SYNC_EVERY_MS = 1_000;
/** A database that failed is opened anew at most this often: on a full disk every try fails. */
const REOPEN_MS = 250;
const PAGE_RECORDS = 1_000;
/** Only the owner may read the directory: it holds the private key and every entry. */
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

export class DurableStore implements Store {
  readonly directory: string;
  readonly #sync: SyncPolicy;
  readonly #syncEveryMs: number;
  readonly #queue: WriteQueue = new WriteQueue((changes) => this.#commit(changes));
  #lock: Database | undefined;
  #db: Database | undefined;
  /** Why the database is closed although the store is open. */
  #failure: Error | undefined;
  #failedAt = 0;
  #isOpen = false;
  /** Batches that the database has, and the file that repeats the number. */
  #count = 0;
  #countFile: number | undefined;
  #damage: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Touches nothing yet. */
  constructor({ directory, sync = 'always', syncEveryMs = SYNC_EVERY_MS }: DurableStoreOptions) {
    this.directory = resolve(directory);
    this.#sync = sync;
    this.#syncEveryMs = syncEveryMs;
  }

  readIdentity(): Uint8Array | undefined {
    try {
      return readFileSync(join(this.directory, IDENTITY_FILE));
    } catch (cause) {
      // Why there is no directory shows when it is made.
      if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return undefined;
      throw failure(`${join(this.directory, IDENTITY_FILE)} cannot be read`, cause);
    }
  }

  async open(): Promise<void> {
    if (this.#isOpen) throw new Error(`${this.directory} is open already`);
    try {
      await makeFolder(this.directory, PRIVATE_FOLDER);
    } catch (cause) {
      throw failure(`the directory ${this.directory} cannot be made`, cause);
    }
    this.#damage = undefined;
    this.#lock = await this.#openLock();
    try {
      await this.#mend();
      await this.#openDatabase();
      this.#openCount();
      this.#isOpen = true;
    } catch (error) {
      await this.#release();
      throw error;
    }
  }

  async *load(): AsyncGenerator<StoredRecord, void, undefined> {
    let range: Range = { gte: Uint8Array.of(RECORD_PREFIX) };
    // Twice at most: a database that cannot be read to its end is repaired, and read from there.
    for (let repaired = false; ; repaired = true) {
      const db = await this.#usable();
      try {
        for await (const record of walk(db, range)) {
          range = { gt: record.key };
          yield { key: record.key.subarray(1), value: record.value };
        }
        return;
      } catch (cause) {
        if (!isDamage(cause)) throw failure(`${this.directory} cannot be read`, cause);
        if (repaired) throw this.#unrepaired(cause);
        this.#db = undefined;
        await db.close();
        await this.#reopen(cause);
      }
    }
  }

  damage(): string | undefined {
    return this.#damage;
  }

  write(changes: readonly StoreChange[]): Promise<void> {
    if (!this.#isOpen) return Promise.reject(new Error(`${this.directory} is not open`));
    return this.#queue.add(changes);
  }

  async writeIdentity(bytes: Uint8Array): Promise<void> {
    if (!this.#isOpen) throw new Error(`${this.directory} is not open`);
    const path = join(this.directory, IDENTITY_FILE);
    try {
      const file = await open(`${path}.new`, 'w', PRIVATE_FILE);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${path}.new`, path);
      await syncFolder(this.directory);
    } catch (cause) {
      throw failure(`${path} cannot be written`, cause);
    }
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#queue.idle();
    try {
      if (this.#sync !== 'always') await this.#flush();
    } finally {
      await this.#release();
    }
  }

  async #release(): Promise<void> {
    await this.#db?.close();
    this.#db = undefined;
    if (this.#countFile !== undefined) closeSync(this.#countFile);
    this.#countFile = undefined;
    await this.#lock?.close();
    this.#lock = undefined;
  }

  async #commit(changes: readonly StoreChange[]): Promise<void> {
    const db = await this.#usable();
    const count = this.#count + 1;
    const operations = changes.map(toOperation);
    operations.push({ type: 'put', key: COUNT_KEY, value: Buffer.from(String(count)) });
    try {
      await db.batch(operations, { sync: this.#sync === 'always' });
    } catch (cause) {
      throw await this.#fail(cause);
    }
    this.#count = count;
    this.#noteCount();
    if (this.#sync === 'interval' && this.#isOpen) {
      this.#timer ??= setTimeout(() => this.#tick(), this.#syncEveryMs).unref();
    }
  }

  #tick(): void {
    this.#timer = undefined;
    // A failure shows at the next write, which finds the database closed.
    this.#flush().catch(() => undefined);
  }

  /** What was written before is on the disk when this is: they share one log. */
  async #flush(): Promise<void> {
    if (this.#db === undefined) return;
    try {
      await this.#db.put(COUNT_KEY, Buffer.from(String(this.#count)), { sync: true });
    } catch (cause) {
      throw await this.#fail(cause);
    }
  }

  /**
   * Nothing may be appended to a log behind a piece that failed: LevelDB would drop it when it reads the log.
   * So the database is closed, and the next that needs it opens it anew.
   */
  async #fail(cause: unknown): Promise<Error> {
    this.#failure = failure(`writing to ${this.directory} failed`, cause, WRITES_TRY_AGAIN);
    this.#failedAt = performance.now();
    const db = this.#db;
    this.#db = undefined;
    await db?.close().catch(() => undefined);
    return this.#failure;
  }

  async #usable(): Promise<Database> {
    if (this.#db !== undefined) return this.#db;
    if (this.#failure === undefined) throw new Error(`${this.directory} is not open`);
    if (performance.now() - this.#failedAt < REOPEN_MS) throw this.#failure;
    return this.#reopen();
  }

  /** `damage` is what showed when the database was read. Where this fails it is tried again later. */
  async #reopen(damage?: unknown): Promise<Database> {
    try {
      if (damage !== undefined) await this.#repair(damage);
      return await this.#openDatabase();
    } catch (error) {
      this.#failure = error as Error;
      this.#failedAt = performance.now();
      throw error;
    }
  }

  async #mend(): Promise<void> {
    const records = join(this.directory, RECORDS_FOLDER);
    try {
      const mended = await mendTables(records, join(this.directory, DAMAGED_FOLDER));
      if (mended !== undefined) this.#damage = `${this.directory}: ${mended}`;
    } catch (cause) {
      throw failure(`the tables in ${records} cannot be checked`, cause);
    }
  }

  async #openLock(): Promise<Database> {
    const path = join(this.directory, LOCK_FOLDER);
    try {
      return await openLevel(path);
    } catch (error) {
      const cause = causeOf(error);
      if (codeOf(cause) !== 'LEVEL_CORRUPTION') throw this.#unopened(cause);
      // There is nothing in it.
      const { ClassicLevel } = await import('classic-level');
      await ClassicLevel.destroy(path);
      return openLevel(path);
    }
  }

  async #openDatabase(): Promise<Database> {
    const path = join(this.directory, RECORDS_FOLDER);
    try {
      // Where only this file is lost, LevelDB would begin anew and remove the rest.
      if (isHeadless(path))
        throw Object.assign(new Error('CURRENT is missing'), { code: 'LEVEL_CORRUPTION' });
      this.#db = await this.#openRecords(path);
    } catch (error) {
      const cause = causeOf(error);
      if (!isDamage(cause)) throw this.#unopened(cause);
      await this.#repair(cause);
      this.#db = await this.#openRecords(path).catch((again: unknown) => {
        throw this.#unrepaired(causeOf(again));
      });
    }
    this.#failure = undefined;
    return this.#db;
  }

  async #openRecords(path: string): Promise<Database> {
    const db = await openLevel(path);
    try {
      const count = await db.get(COUNT_KEY);
      this.#count = count === undefined ? 0 : Number(Buffer.from(count).toString());
      return db;
    } catch (error) {
      await db.close();
      throw error;
    }
  }

  async #repair(cause: unknown): Promise<void> {
    const { ClassicLevel } = await import('classic-level');
    const what = `${this.directory} was damaged (${messageOf(cause)})`;
    this.#damage ??= `${what} and has been repaired as far as possible`;
    try {
      await ClassicLevel.repair(join(this.directory, RECORDS_FOLDER));
    } catch (error) {
      throw this.#unrepaired(error);
    }
  }

  /** Compares the number of batches with the one that was noted, and goes on from the larger. */
  #openCount(): void {
    const path = join(this.directory, COUNT_FILE);
    const noted = Number(existsSync(path) ? readFileSync(path, 'latin1') : 0);
    if (noted > this.#count) {
      const missing = noted - this.#count;
      this.#damage ??= `${this.directory} has lost the last ${missing} of ${noted} batches that it stored`;
      this.#count = noted;
    }
    this.#countFile = openSync(path, constants.O_RDWR | constants.O_CREAT, PRIVATE_FILE);
    this.#noteCount();
  }

  /**
   * Not synced: it may lag behind after a power cut, and is never ahead of what the disk was told before
   * it.
   */
  #noteCount(): void {
    if (this.#countFile === undefined) return;
    try {
      writeSync(this.#countFile, String(this.#count).padStart(COUNT_DIGITS, '0'), 0);
    } catch {
      // It only helps to notice damage; what it counts is stored.
    }
  }

  #unopened(cause: unknown): Error {
    if (codeOf(cause) !== 'LEVEL_LOCKED')
      return failure(`${this.directory} cannot be opened`, cause, this.#tryAgain());
    const advice = 'give each node a directory of its own';
    return new Error(`${this.directory} is in use by another process or socket: ${advice}`, { cause });
  }

  #unrepaired(cause: unknown): Error {
    if (remedyFor(cause) !== undefined)
      return failure(`${this.directory} cannot be repaired`, cause, this.#tryAgain());
    const advice = 'move it away, and the node will start empty and get its entries from the other members';
    const message = `${this.directory} is damaged and could not be repaired (${messageOf(cause)}): ${advice}`;
    return new Error(message, { cause });
  }

  #tryAgain(): string {
    return this.#isOpen ? WRITES_TRY_AGAIN : TRY_AGAIN;
  }
}

type Range = { readonly gte: Uint8Array } | { readonly gt: Uint8Array };

async function* walk(db: Database, range: Range): AsyncGenerator<StoredRecord, void, undefined> {
  const iterator = db.iterator(range);
  try {
    for (;;) {
      const page = await iterator.nextv(PAGE_RECORDS);
      if (page.length === 0) return;
      for (const [key, value] of page) yield { key, value };
    }
  } finally {
    await iterator.close();
  }
}

type Operation = { type: 'put'; key: Uint8Array; value: Uint8Array } | { type: 'del'; key: Uint8Array };

function toOperation(change: StoreChange): Operation {
  const key = Buffer.allocUnsafe(change.key.length + 1);
  key[0] = RECORD_PREFIX;
  key.set(change.key, 1);
  return change.type === 'put' ? { type: 'put', key, value: change.value } : { type: 'del', key };
}

async function openLevel(path: string): Promise<Database> {
  const { ClassicLevel } = await import('classic-level');
  // Tables are checked block by block, which needs them as they are (level-table.ts).
  const form = { keyEncoding: 'view', valueEncoding: 'view', compression: false } as const;
  const db: Database = new ClassicLevel(path, form);
  await db.open();
  return db;
}

/** What LevelDB said: abstract-level wraps it. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}
