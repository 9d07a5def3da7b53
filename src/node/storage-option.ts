// StorageOption: the option `storage`, from what users write to a Store. It owns the three forms and their
// complaints; nothing is opened here.
import { DurableStore, type SyncPolicy } from '../storage/durable-store.ts';
import type { Store } from '../storage/store.ts';
import { parseNamed } from './call-options.ts';

/** A directory and how it is written to. */
export interface DirectoryOptions {
  /** Made where it does not exist; one node at a time may use it. */
  readonly directory: string;
  /**
   * When a write counts as done: 'always', the default, on the disk; 'interval' with the operating system,
   * and on the disk every `syncEveryMs`; 'never' with the operating system. The end of a process loses
   * nothing under any of them; a power cut loses what is not on the disk yet.
   */
  readonly sync?: SyncPolicy | undefined;
  /** Milliseconds, for 'interval': 10 to 60,000; default 1,000. */
  readonly syncEveryMs?: number | undefined;
}

/** A directory, a directory with options, or an object that meets the Store contract. */
export type Storage = string | DirectoryOptions | Store;

const METHODS: readonly (keyof Store)[] = [
  'readIdentity',
  'open',
  'load',
  'damage',
  'write',
  'writeIdentity',
  'close',
];
const SYNC_POLICIES: readonly SyncPolicy[] = ['always', 'interval', 'never'];
/** Oftener is 'always' with less certainty; more rarely is 'never'. */
const SYNC_EVERY_LEAST_MS = 10;
const SYNC_EVERY_MOST_MS = 60_000;

/** undefined = memory. Throws TypeError or RangeError for misuse. */
export function parseStorage(value: unknown): Store | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return new DurableStore({ directory: parseDirectory(value) });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const got = value === null ? 'null' : typeof value;
    throw new TypeError(`storage must be a directory, {directory, sync} or a Store, got ${got}`);
  }
  if ('directory' in value && !('open' in value)) return parseDirectoryOptions(value);
  const methods = value as Readonly<Record<string, unknown>>;
  const missing = METHODS.filter((name) => typeof methods[name] !== 'function');
  if (missing.length === 0) return value as Store;
  throw new TypeError(`storage must have the methods of a Store; missing: ${missing.join(', ')}`);
}

function parseDirectoryOptions(value: object): Store {
  const named = parseNamed(value, ['directory', 'sync', 'syncEveryMs'], 'storage');
  const { directory, sync = 'always', syncEveryMs } = named;
  if (!SYNC_POLICIES.includes(sync as SyncPolicy)) {
    const got = typeof sync === 'string' ? `'${sync}'` : typeof sync;
    throw new TypeError(`storage.sync must be 'always', 'interval' or 'never', got ${got}`);
  }
  return new DurableStore({
    directory: parseDirectory(directory),
    sync: sync as SyncPolicy,
    syncEveryMs: parseSyncEvery(syncEveryMs, sync as SyncPolicy),
  });
}

function parseDirectory(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new TypeError(`storage: the directory must be a path, got ${value === '' ? "''" : typeof value}`);
}

function parseSyncEvery(value: unknown, sync: SyncPolicy): number | undefined {
  if (value === undefined) return undefined;
  if (sync !== 'interval') throw new TypeError("storage.syncEveryMs needs sync: 'interval'");
  if (typeof value !== 'number') {
    throw new TypeError(`storage.syncEveryMs must be a number, got ${typeof value}`);
  }
  if (!(value >= SYNC_EVERY_LEAST_MS && value <= SYNC_EVERY_MOST_MS)) {
    const range = `from ${SYNC_EVERY_LEAST_MS} to ${SYNC_EVERY_MOST_MS}`;
    throw new RangeError(`storage.syncEveryMs must be ${range}, got ${value}`);
  }
  return value;
}
