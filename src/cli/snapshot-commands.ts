// The commands export and import: all entries of a ring into a file, and back into any ring. They own how
// entries are read and written, and how a transfer that broke off goes on; the format is snapshot-file.ts's.
import { createReadStream, createWriteStream, existsSync, open } from 'node:fs';
import { access, constants, readFile, rename, stat, truncate } from 'node:fs/promises';
import { Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { ChordError, type ChordSocket, toBase58 } from '../index.ts';
import { callOptions, withClient } from './connection.ts';
import { CommandFailure } from './failure.ts';
import { addRingFlags, flag, type RingFlags } from './flags.ts';
import { outputFailure, stderrLine, writeBytes, writeJson } from './output.ts';
import { describeBytes, ProgressReport, type Transferred } from './progress-report.ts';
import { encodeEnd, encodeHead, encodeRecord, SnapshotReader } from './snapshot-file.ts';
import { type Restored, restore } from './snapshot-restore.ts';

interface SnapshotFlags extends RingFlags {
  readonly resume?: boolean;
  readonly progress?: boolean;
}

/** What an export that broke off has left in its file. */
interface Remains {
  readonly exported: number;
  readonly bytes: number;
  /** The last key that is whole; undefined where none is. */
  readonly after: Buffer | undefined;
}

/** What an import reads. */
interface Source {
  /** In bytes; undefined for what can be read only once, as a pipe. */
  readonly size: number | undefined;
  readonly open: () => Readable | Promise<Readable>;
}

/** What an import has done, in entries. */
type ImportAccount = Record<Restored, number>;

const BEGIN_ANEW = 'Leave --resume out to begin anew.';

const NOTHING: Remains = { exported: 0, bytes: 0, after: undefined };

/** Enough to hide the round trip, few enough to hold in memory when values are large. */
const AT_ONCE = 64;

export function addSnapshots(program: Command): void {
  const exporting = program.command('export').description('write all entries of the ring to a file');
  exporting.argument('<file>', 'the snapshot; - writes standard output');
  exporting.addOption(flag('--resume', 'go on with FILE.part, which an export that broke off has left'));
  addRingFlags(exporting.addOption(progressFlag()), 'taken from the node').action(runExport);

  const importing = program.command('import').description('store all entries of a snapshot in the ring');
  importing.argument('<file>', 'a file that chord export wrote; - reads standard input');
  importing.addOption(flag('--resume', 'leave out what the ring has in the same or a newer version'));
  addRingFlags(importing.addOption(progressFlag()), 'taken from the node').action(runImport);
}

function progressFlag(): ReturnType<typeof flag> {
  return flag('--progress', 'tell of progress on standard error also where that is no terminal');
}

async function runExport(file: string, flags: SnapshotFlags): Promise<void> {
  if (file === '-' && flags.resume === true) {
    throw new CommandFailure('ERR_USAGE', 'only an export to a file can be resumed', { exitCode: 2 });
  }
  // Before the ring is asked for anything: a walk of all entries must not be in vain.
  if (file !== '-') await checkTarget(file);
  const account = await withClient(flags, async (ring) => {
    const report = await ProgressReport.start('exporting', flags.progress === true);
    try {
      if (file === '-') return await exportToOutput(new Export(ring, flags, report, NOTHING));
      return await exportToFile(file, ring, flags, report);
    } finally {
      report.stop('exported');
    }
  });
  if (flags.json && file !== '-') await writeJson(account);
  else stderrLine(`exported ${account.exported} entries, ${describeBytes(account.bytes)}`);
}

async function exportToOutput(work: Export): Promise<{ exported: number; bytes: number }> {
  for await (const chunk of work.run()) {
    if (await writeBytes(chunk)) continue;
    // What was read so far is no snapshot: whoever keeps it must be told.
    const gone = 'the reader went away before the snapshot was whole';
    throw outputFailure() ?? new CommandFailure('ERR_SNAPSHOT', gone);
  }
  return work.account;
}

/** Whole or not at all: until the end, a snapshot of that name stays as it was. */
async function exportToFile(
  file: string,
  ring: ChordSocket,
  flags: SnapshotFlags,
  report: ProgressReport,
): Promise<{ exported: number; bytes: number }> {
  const part = `${file}.part`;
  const network = ring.protocol.id + toBase58(ring.k);
  const remains = flags.resume === true ? await salvage(part, network) : NOTHING;
  const work = new Export(ring, flags, report, remains);
  try {
    const resumes = remains !== NOTHING;
    await pipeline(work.run(), createWriteStream(part, { flags: resumes ? 'a' : 'w', flush: true }));
  } catch (error) {
    throw withAdvice(error, `Go on with: chord export ${file} --resume`, part);
  }
  await rename(part, file);
  return work.account;
}

/** One export: the bytes behind what is there already. */
class Export {
  readonly #ring: ChordSocket;
  readonly #flags: RingFlags;
  readonly #report: ProgressReport;
  readonly #remains: Remains;
  #exported: number;
  #bytes: number;

  constructor(ring: ChordSocket, flags: RingFlags, report: ProgressReport, remains: Remains) {
    this.#ring = ring;
    this.#flags = flags;
    this.#report = report;
    this.#remains = remains;
    this.#exported = remains.exported;
    this.#bytes = remains.bytes;
  }

  get account(): { exported: number; bytes: number } {
    return { exported: this.#exported, bytes: this.#bytes };
  }

  async *run(): AsyncGenerator<Buffer, void, undefined> {
    const ring = this.#ring;
    if (this.#bytes === 0) yield this.#count(encodeHead(ring.protocol.id + toBase58(ring.k)));
    const { after } = this.#remains;
    for await (const { entries, walked } of ring.scan({ ...callOptions(this.#flags), after })) {
      const records = entries.map((entry) => encodeRecord({ ...entry, expiresAt: entry.expiresAt ?? 0 }));
      this.#exported += records.length;
      if (records.length > 0) yield this.#count(Buffer.concat(records));
      this.#report.update({ entries: this.#exported, bytes: this.#bytes, part: walked });
    }
    yield this.#count(encodeEnd(this.#exported));
  }

  #count(chunk: Buffer): Buffer {
    this.#bytes += chunk.length;
    return chunk;
  }
}

/** Cuts what is not whole off the file, and tells what is left. */
async function salvage(part: string, network: string): Promise<Remains> {
  if (!existsSync(part) || (await isCutInHead(part, network))) return NOTHING;
  const reader = await SnapshotReader.open(createReadStream(part)).catch((cause: unknown) => {
    throw new CommandFailure('ERR_SNAPSHOT', `${part}: ${reasonOf(cause)}`, { cause, advice: BEGIN_ANEW });
  });
  if (reader.network !== network) {
    throw new CommandFailure('ERR_SNAPSHOT', `${part} is of another network or of another k`, {
      advice: BEGIN_ANEW,
    });
  }
  let after: Buffer | undefined;
  try {
    for await (const { key } of reader.records()) after = Buffer.from(key);
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
  }
  await truncate(part, reader.offset);
  return { exported: reader.count, bytes: reader.offset, after };
}

/** Whether a full disk, say, has left only a part of the first line, or nothing. */
async function isCutInHead(part: string, network: string): Promise<boolean> {
  const head = encodeHead(network);
  const { size } = await stat(part);
  return size < head.length && head.subarray(0, size).equals(await readFile(part));
}

async function runImport(file: string, flags: SnapshotFlags): Promise<void> {
  const source = await sourceOf(file);
  const { size } = source;
  const asLines = flags.progress === true;
  // A file is read twice, so that a damaged one stores nothing; what comes only once is checked as it comes.
  if (size !== undefined) {
    await check(await source.open(), size, await ProgressReport.start('checking', asLines));
  }
  const account: ImportAccount = { stored: 0, skipped: 0, expired: 0 };
  await withClient(flags, async (ring) => {
    const report = await ProgressReport.start('importing', asLines);
    try {
      await store(ring, await source.open(), size, { flags, report, account });
    } catch (error) {
      const command = `chord import ${file} --resume`;
      throw withAdvice(error, `${account.stored} entries were stored. Go on with: ${command}`, file);
    } finally {
      report.stop('imported');
    }
  });
  if (flags.json) await writeJson(account);
  else {
    stderrLine(`stored ${account.stored} entries, left out ${account.skipped}, expired ${account.expired}`);
  }
}

async function check(chunks: AsyncIterable<Uint8Array>, size: number, report: ProgressReport): Promise<void> {
  try {
    const reader = await SnapshotReader.open(chunks);
    for await (const _ of reader.records()) report.update(progressOf(reader, size));
    report.update(wholeOf(reader, size));
  } finally {
    report.stop('checked');
  }
}

async function store(
  ring: ChordSocket,
  chunks: AsyncIterable<Uint8Array>,
  size: number | undefined,
  { flags, report, account }: { flags: SnapshotFlags; report: ProgressReport; account: ImportAccount },
): Promise<void> {
  const reader = await SnapshotReader.open(chunks);
  const options = { ...callOptions(flags), resume: flags.resume === true };
  for await (const records of batches(reader.records())) {
    const outcomes = await Promise.all(records.map((record) => restore(ring, record, options)));
    for (const outcome of outcomes) account[outcome] += 1;
    report.update(progressOf(reader, size));
  }
  report.update(wholeOf(reader, size));
}

function progressOf({ count, offset }: SnapshotReader, size: number | undefined): Transferred {
  return { entries: count, bytes: offset, part: size === undefined ? undefined : Math.min(1, offset / size) };
}

function wholeOf({ count, offset }: SnapshotReader, size: number | undefined): Transferred {
  return { entries: count, bytes: size ?? offset, part: size === undefined ? undefined : 1 };
}

/** Refuses what the finished snapshot could not be put in the place of. */
async function checkTarget(file: string): Promise<void> {
  try {
    await access(`${dirname(file)}/`, constants.W_OK);
  } catch (cause) {
    throw unusable('written', reasonOf(cause), cause);
  }
  const found = await stat(file).catch(() => undefined);
  if (/(^|\/)$/.test(file) || found?.isDirectory() === true) throw notOneFile('written', file);
  // Taking the place of a device or a pipe is not what writing to it means.
  if (found?.isFile() === false) throw unusable('written', `${JSON.stringify(file)} is no regular file`);
}

async function sourceOf(file: string): Promise<Source> {
  if (file === '-') return { size: undefined, open: () => process.stdin };
  const found = await access(file, constants.R_OK)
    .then(() => stat(file))
    .catch((cause: unknown) => {
      throw unusable('read', reasonOf(cause), cause);
    });
  if (found.isDirectory()) throw notOneFile('read', file);
  if (found.isFIFO()) return { size: undefined, open: () => openPipe(file) };
  return { size: found.isFile() ? found.size : undefined, open: () => createReadStream(file) };
}

/** A pipe with a name. Read as a file, it would keep the process until its writer writes or ends. */
async function openPipe(file: string): Promise<Readable> {
  return new Socket({ fd: await promisify(open)(file, 'r'), readable: true, writable: false });
}

function notOneFile(verb: string, file: string): CommandFailure {
  return unusable(verb, `${JSON.stringify(file)} names a directory, and a snapshot is one file`);
}

function unusable(verb: string, reason: string, cause?: unknown): CommandFailure {
  return new CommandFailure('ERR_SNAPSHOT', `the snapshot cannot be ${verb}: ${reason}`, { cause });
}

/** The failure of the ring, or of the system about the file, with what to do about the half that is done. */
function withAdvice(error: unknown, advice: string, file: string): unknown {
  if (error instanceof ChordError) {
    return new CommandFailure(error.code, error.message, { cause: error, advice });
  }
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  return new CommandFailure('ERR_SNAPSHOT', `${file}: ${error.message}`, { cause: error });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
