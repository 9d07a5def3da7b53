// The commands export and import: all entries of a ring into a file, and back into any ring. They own how
// entries are read and written; the format is snapshot-file.ts's.
import { createReadStream, createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { ChordSocket } from '../index.ts';
import { callOptions, withClient } from './connection.ts';
import { addRingFlags, flag, type RingFlags } from './flags.ts';
import { stderrLine, writeBytes, writeJson } from './output.ts';
import { withSpinner } from './progress.ts';
import { decodeSnapshot, encodeSnapshot, type SnapshotRecord } from './snapshot-file.ts';

interface ImportFlags extends RingFlags {
  readonly resume?: boolean;
}

/** Enough to hide the round trip, few enough to hold in memory when values are large. */
const AT_ONCE = 32;

export function addSnapshots(program: Command): void {
  const exporting = program.command('export').description('write all entries of the ring to a file');
  exporting.argument('<file>', 'the snapshot; - writes standard output');
  addRingFlags(exporting, 'taken from the node').action(runExport);

  const importing = program.command('import').description('store all entries of a snapshot in the ring');
  importing.argument('<file>', 'a file that chord export wrote; - reads standard input');
  importing.addOption(flag('--resume', 'leave out what the ring has in the same or a newer version'));
  addRingFlags(importing, 'taken from the node').action(runImport);
}

async function runExport(file: string, flags: RingFlags): Promise<void> {
  const account = { exported: 0 };
  await withClient(flags, (ring) =>
    withSpinner('exporting', async () => {
      const bytes = encodeSnapshot(counted(recordsOf(ring, flags), account));
      if (file !== '-') {
        // Whole or not at all: a break leaves an older snapshot of that name as it was.
        await pipeline(bytes, createWriteStream(`${file}.part`));
        return rename(`${file}.part`, file);
      }
      for await (const chunk of bytes) if (!(await writeBytes(chunk))) return undefined;
      return undefined;
    }),
  );
  if (flags.json && file !== '-') await writeJson(account);
  else stderrLine(`exported ${account.exported} entries`);
}

async function* counted(
  records: AsyncIterable<SnapshotRecord>,
  account: { exported: number },
): AsyncGenerator<SnapshotRecord> {
  for await (const record of records) {
    yield record;
    account.exported += 1;
  }
}

/** A key that is gone before it is read is left out. */
async function* recordsOf(ring: ChordSocket, flags: RingFlags): AsyncGenerator<SnapshotRecord> {
  const options = callOptions(flags);
  for await (const keys of batches(ring.keys(options))) {
    for (const entry of await Promise.all(keys.map((key) => ring.getEntry(key, options)))) {
      if (entry !== undefined) yield { ...entry, expiresAt: entry.expiresAt ?? 0 };
    }
  }
}

async function runImport(file: string, flags: ImportFlags): Promise<void> {
  // A file is read twice, so that a damaged one stores nothing; standard input is checked as it comes.
  if (file !== '-') for await (const _ of decodeSnapshot(createReadStream(file))) continue;
  const account = { stored: 0, skipped: 0, expired: 0 };
  await withClient(flags, (ring) =>
    withSpinner('importing', async () => {
      const source = file === '-' ? process.stdin : createReadStream(file);
      for await (const records of batches(decodeSnapshot(source))) {
        const outcomes = await Promise.all(records.map((record) => restore(ring, record, flags)));
        for (const outcome of outcomes) account[outcome] += 1;
      }
    }),
  );
  if (flags.json) await writeJson(account);
  else {
    stderrLine(`stored ${account.stored} entries, left out ${account.skipped}, expired ${account.expired}`);
  }
}

async function restore(
  ring: ChordSocket,
  { key, value, version, expiresAt }: SnapshotRecord,
  flags: ImportFlags,
): Promise<'stored' | 'skipped' | 'expired'> {
  const options = callOptions(flags);
  const ttlMs = expiresAt === 0 ? undefined : expiresAt - Date.now();
  if (ttlMs !== undefined && ttlMs <= 0) return 'expired';
  if (flags.resume === true) {
    const found = await ring.getEntry(key, options);
    if (found !== undefined && found.version >= version) return 'skipped';
  }
  await ring.set(key, value, { ...options, ttlMs });
  return 'stored';
}

async function* batches<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item[], void, undefined> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < AT_ONCE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
