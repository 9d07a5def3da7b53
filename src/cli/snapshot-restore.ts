// Restoring: how one record of a snapshot gets into a ring, and when it is left out. The file that it is of,
// and how many at a time, are snapshot-commands.ts's.
import type { ChordSocket } from '../index.ts';
import { codeOf } from './failure.ts';
import type { SnapshotRecord } from './snapshot-file.ts';

/** What has become of a record. */
export type Restored = 'stored' | 'skipped' | 'expired';

export interface RestoreOptions {
  /** Leaves out what the ring has in the same or a newer version; otherwise the record takes its place. */
  readonly resume: boolean;
  readonly timeoutMs: number | undefined;
}

/** Rejects as `getEntry` and `set` do. */
export async function restore(
  ring: Pick<ChordSocket, 'getEntry' | 'set'>,
  { key, value, version, expiresAt }: SnapshotRecord,
  { resume, timeoutMs }: RestoreOptions,
): Promise<Restored> {
  const ttlMs = expiresAt === 0 ? undefined : expiresAt - Date.now();
  if (ttlMs !== undefined && ttlMs <= 0) return 'expired';
  if (!resume) {
    await ring.set(key, value, { timeoutMs, ttlMs });
    return 'stored';
  }
  for (;;) {
    const found = await ring.getEntry(key, { timeoutMs });
    if (found !== undefined && found.version >= version) return 'skipped';
    // What others write from here on is newer, and stays.
    const condition = found === undefined ? { ifAbsent: true } : { ifVersion: found.version };
    try {
      await ring.set(key, value, { timeoutMs, ttlMs, ...condition });
      return 'stored';
    } catch (error) {
      if (codeOf(error) !== 'ERR_CONFLICT') throw error;
    }
  }
}
