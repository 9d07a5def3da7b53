// The durable store where something is lacking: it says what, calls nothing damaged, and goes on once it is
// there. Two things stand for a full disk, because both need no rights: a limit on the size of files, and a
// link to /dev/full where LevelDB is about to write.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DurableStore } from '../../src/storage/durable-store.ts';
import { failure } from '../../src/storage/failure.ts';

const RECORDS = 20;
const VALUE_BYTES = 10_000;
/** Less than the records have together. */
const LIMIT_BYTES = 100_000;
const FULL = '/dev/full';
/** Where neither is to be had, the disk never fills: there the tests say nothing. */
const CAN_LIMIT = spawnSync('prlimit', ['--version']).status === 0;
const CAN_FILL = existsSync(FULL);

let directory: string;
let store: DurableStore;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chord-full-store-'));
  store = new DurableStore({ directory });
});

afterEach(async () => {
  limitFiles('unlimited');
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Of this process, in bytes. */
function limitFiles(most: number | 'unlimited'): void {
  if (CAN_LIMIT) spawnSync('prlimit', [`--fsize=${most}:`, '--pid', String(process.pid)]);
}

function write(key: number): Promise<void> {
  return store.write([{ type: 'put', key: Uint8Array.of(key), value: new Uint8Array(VALUE_BYTES) }]);
}

async function writeAll(): Promise<void> {
  await store.open();
  for (let key = 1; key <= RECORDS; key++) await write(key);
}

/** LevelDB makes a table of its log when it opens the database again. */
async function writeTable(): Promise<void> {
  await writeAll();
  await store.close();
  await store.open();
  await store.close();
}

/** How many records it reads. */
async function count(): Promise<number> {
  const keys: Uint8Array[] = [];
  for await (const { key } of store.load()) keys.push(key);
  return keys.length;
}

/** What it rejects with. */
function sentenceOf(refused: Promise<unknown>): Promise<string> {
  return refused.then(
    () => 'it was not refused',
    (error: unknown) => String(error),
  );
}

function fill(name: string): void {
  symlinkSync(FULL, join(directory, 'records', name));
}

/** Changes a byte of the one table: `find` says where. */
function damageTable(find: (table: Buffer) => number): void {
  const name = readdirSync(join(directory, 'records')).find((each) => each.endsWith('.ldb')) ?? '';
  const path = join(directory, 'records', name);
  const bytes = readFileSync(path);
  const at = find(bytes);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at);
  // In its place: LevelDB has it open.
  writeFileSync(path, bytes, { flag: 'r+' });
}

describe.runIf(CAN_LIMIT)('a file that may not grow', () => {
  it('fails every write with what to do, and none from then on when it may', async () => {
    await writeAll();
    limitFiles(LIMIT_BYTES);
    const advice = /File too large: raise the limit of file sizes, and the next write tries the store again$/;
    const first = await sentenceOf(write(RECORDS + 1));
    expect(first).toContain(`writing to ${directory} failed`);
    expect(first).toMatch(advice);
    // Whoever writes after a failure reads first, to know what is there.
    const later = await vi.waitFor(async () => {
      const sentence = await sentenceOf(count());
      expect(sentence).not.toContain('writing to');
      return sentence;
    });
    expect(later).toContain(`${directory} cannot be opened`);
    expect(later).toMatch(advice);
    expect(later).not.toMatch(/damaged|move it away/);

    limitFiles('unlimited');
    await vi.waitFor(() => write(RECORDS + 2), { timeout: 10_000 });
    expect(await count()).toBe(RECORDS + 1);
    expect(store.damage()).toBeUndefined();
  });

  it('keeps a damaged table from being mended: the start names it, and works once it may', async () => {
    await writeTable();
    damageTable(() => 100);
    limitFiles(LIMIT_BYTES);
    const sentence = await sentenceOf(store.open());
    expect(sentence).toContain(join(directory, 'records'));
    expect(sentence).toMatch(/file too large.*: raise the limit of file sizes, then try again$/i);
    expect(sentence).not.toContain('move it away');
    limitFiles('unlimited');
    await store.open();
    expect(await count()).toBeGreaterThan(RECORDS / 2);
  });
});

describe.runIf(CAN_FILL)('a disk that is full when the database has to be repaired', () => {
  // What the repair lists the tables in, before it takes the name of a manifest.
  const LIST = '000001.dbtmp';

  it('keeps it from starting, and says so; with room it starts with everything', async () => {
    await writeTable();
    writeFileSync(join(directory, 'records', 'CURRENT'), 'garbage');
    fill(LIST);
    const sentence = await sentenceOf(store.open());
    expect(sentence).toContain(`${directory} cannot be repaired`);
    expect(sentence).toMatch(/No space left on device: make room on the disk, then try again$/);
    expect(sentence).not.toMatch(/damaged|move it away/);
    await store.open();
    expect(await count()).toBe(RECORDS);
  });

  it('is tried again by a store that is open', async () => {
    await writeTable();
    await store.open();
    // How much of its key record 7 shares with the one before it: nothing, as the first of its block.
    const head = Buffer.of(0, 10, 0x90, 0x4e, 1, 7);
    damageTable((table) => table.indexOf(head));
    fill(LIST);
    const sentence = await sentenceOf(count());
    expect(sentence).toContain(`${directory} cannot be repaired`);
    expect(sentence).toMatch(/No space left on device: make room on the disk, and the next write tries/);
    await vi.waitFor(() => write(1), { timeout: 10_000 });
    expect(await count()).toBeGreaterThan(1);
    expect(store.damage()).toContain('has been repaired as far as possible');
  });
});

describe('what is lacking', () => {
  it.each([
    ['ENOSPC', 'No space left on device', 'make room on the disk'],
    ['EDQUOT', 'Disk quota exceeded', 'make room within the quota'],
    ['EFBIG', 'File too large', 'raise the limit of file sizes'],
    ['EROFS', 'Read-only file system', 'make the file system writable'],
    ['EMFILE', 'Too many open files', 'raise the limit of open files'],
  ])('is known by the code of the host and by the words of LevelDB: %s', (code, words, remedy) => {
    const ofHost = Object.assign(new Error('refused'), { code });
    const ofLevel = Object.assign(new Error(`IO error: /data/000005.ldb: ${words}`), {
      code: 'LEVEL_IO_ERROR',
    });
    expect(failure('it failed', ofHost).message).toBe(`it failed: refused: ${remedy}, then try again`);
    expect(failure('it failed', ofLevel).message).toMatch(new RegExp(`${words}: ${remedy}, then try again$`));
  });

  it('is nothing where another error came', () => {
    expect(failure('it failed', new Error('IO error: /data: Input/output error')).message).toBe(
      'it failed: IO error: /data: Input/output error',
    );
  });
});
