// The durable store against what happens to files: flipped bytes, lost files, lost ends, two owners.
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Loaded } from '../../src/storage/archive.ts';
import { DurableStore } from '../../src/storage/durable-store.ts';
import { archiveOver, entryOf, registersOf, textsOf } from './saved-records.ts';

const ENTRIES = Array.from({ length: 200 }, (_, i) => entryOf(`key-${i}`, `value ${i} ${'x'.repeat(80)}`));

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chord-store-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A directory with entries, written in batches of ten; closed in order, or left as a killed process does. */
async function written(name: string, end: 'closed' | 'killed'): Promise<string> {
  const directory = join(folder, name);
  const store = new DurableStore({ directory });
  await store.open();
  const archive = archiveOver(store);
  await archive.load(true);
  await archive.write([registersOf(1, 2, 3)]);
  for (let i = 0; i < ENTRIES.length; i += 10) await archive.write(ENTRIES.slice(i, i + 10));
  if (end === 'closed') {
    await store.close();
    return directory;
  }
  const copy = join(folder, `${name}-copy`);
  cpSync(directory, copy, { recursive: true });
  await store.close();
  return copy;
}

/** What the next start of a node finds, and a start after that. */
async function startsAgain(directory: string): Promise<{ first: Loaded; second: Loaded }> {
  const start = async (): Promise<Loaded> => {
    const store = new DurableStore({ directory });
    await store.open();
    try {
      const archive = archiveOver(store);
      const loaded = await archive.load(false);
      await archive.write([]);
      return loaded;
    } finally {
      await store.close();
    }
  };
  return { first: await start(), second: await start() };
}

function files(directory: string, pattern: RegExp): string[] {
  const records = join(directory, 'records');
  return readdirSync(records)
    .filter((name) => pattern.test(name))
    .map((name) => join(records, name));
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 0x10;
  writeFileSync(path, bytes);
}

/** Nothing is wrong, or damage was noticed; whatever came back is as it was written. */
function expectHonest({ records, damage }: Loaded, what: string): void {
  const texts = new Set(textsOf(ENTRIES));
  for (const text of textsOf(records)) expect(texts.has(text), `${what}: ${text}`).toBe(true);
  if (records.length < ENTRIES.length + 1) expect(damage, `${what}: lost in silence`).toBeDefined();
}

describe('files as they were left', () => {
  it.each(['closed', 'killed'] as const)('by a process that was %s have every entry', async (end) => {
    const { first, second } = await startsAgain(await written('a', end));
    expect(first.damage).toBeUndefined();
    expect(textsOf(first.records)).toEqual(textsOf(ENTRIES));
    expect(second).toEqual(first);
  });

  it('keep their secrets from other users', async () => {
    const directory = join(folder, 'a');
    const store = new DurableStore({ directory });
    await store.open();
    await store.writeIdentity(Uint8Array.of(1));
    await store.close();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, 'node.json')).mode & 0o777).toBe(0o600);
  });
});

describe('a flipped byte', () => {
  it('anywhere in the log of a killed process is noticed', async () => {
    const original = await written('a', 'killed');
    const [log] = files(original, /\.log$/);
    const { size } = statSync(log!);
    for (let at = 3; at < size; at += Math.ceil(size / 25)) {
      const directory = join(folder, `flip-${at}`);
      cpSync(original, directory, { recursive: true });
      flip(files(directory, /\.log$/)[0]!, at);
      const { first, second } = await startsAgain(directory);
      expectHonest(first, `byte ${at}`);
      expect(first.damage, `byte ${at}`).toBeDefined();
      expect(second.damage, `byte ${at}, second start`).toBeUndefined();
    }
  }, 60_000);

  it('in a block of a table costs the records of that block only', async () => {
    const directory = await written('a', 'closed');
    await startsAgain(directory);
    flip(files(directory, /\.ldb$/)[0]!, 100);
    const { first, second } = await startsAgain(directory);
    expect(first.damage?.message).toContain('blocks of its tables that are left out: 1');
    expect(first.records.length).toBeGreaterThan(ENTRIES.length / 2);
    expect(first.records.length).toBeLessThan(ENTRIES.length);
    expect(second.records).toEqual(first.records);
    expect(second.damage).toBeUndefined();
  });

  it('anywhere in a table is noticed, or changes nothing', async () => {
    const original = await written('a', 'closed');
    await startsAgain(original);
    const [table] = files(original, /\.ldb$/);
    const { size } = statSync(table!);
    // Every part of it: blocks, filter, index and footer.
    const places = Array.from({ length: 12 }, (_, i) => Math.floor((i * size) / 12));
    for (const at of [...places, ...Array.from({ length: 24 }, (_, i) => size - 1 - 7 * i)]) {
      const directory = join(folder, `flip-${at}`);
      cpSync(original, directory, { recursive: true });
      flip(files(directory, /\.ldb$/)[0]!, at);
      const { first } = await startsAgain(directory);
      expectHonest(first, `byte ${at}`);
    }
  }, 120_000);
});

describe('a file', () => {
  it('that is cut off in the last batch costs what was not acknowledged, and is no damage', async () => {
    const original = await written('a', 'killed');
    const [log] = files(original, /\.log$/);
    truncateSync(log!, statSync(log!).size - 5);
    // As a power cut leaves it: the batch that was on its way was never counted.
    const counted = Number(readFileSync(join(original, 'acknowledged'), 'latin1'));
    writeFileSync(join(original, 'acknowledged'), String(counted - 1).padStart(16, '0'));
    const { first } = await startsAgain(original);
    expect(first.damage).toBeUndefined();
    expect(textsOf(first.records)).toEqual(textsOf(ENTRIES.slice(0, -10)));
  });

  it('that is cut off in acknowledged batches is damage', async () => {
    const original = await written('a', 'killed');
    const [log] = files(original, /\.log$/);
    truncateSync(log!, Math.floor(statSync(log!).size / 2));
    const { first, second } = await startsAgain(original);
    expectHonest(first, 'half a log');
    expect(first.damage?.message).toContain('has lost the last');
    expect(second.damage).toBeUndefined();
  });

  it.each<[string, RegExp]>([
    ['CURRENT', /^CURRENT$/],
    ['the manifest', /^MANIFEST-/],
    ['every table', /\.ldb$/],
    ['the log', /\.log$/],
  ])('that is missing is noticed, and what is left comes back: %s', async (_name, pattern) => {
    const directory = await written('a', 'closed');
    await startsAgain(directory);
    for (const path of files(directory, pattern)) rmSync(path);
    const { first, second } = await startsAgain(directory);
    expectHonest(first, String(pattern));
    expect(second.damage).toBeUndefined();
  });

  it('that is garbage where CURRENT was is repaired, and the entries are there', async () => {
    const directory = await written('a', 'closed');
    writeFileSync(files(directory, /^CURRENT$/)[0]!, 'garbage');
    const { first } = await startsAgain(directory);
    expect(first.damage?.message).toContain('repaired');
    expect(textsOf(first.records)).toEqual(textsOf(ENTRIES));
  });

  it('that is missing with all others is noticed', async () => {
    const directory = await written('a', 'closed');
    rmSync(join(directory, 'records'), { recursive: true });
    const { first, second } = await startsAgain(directory);
    expect(first.records).toEqual([]);
    expect(first.damage?.message).toContain('lost');
    expect(second.damage).toBeUndefined();
  });
});

describe('opening', () => {
  it('is refused where another socket has the directory', async () => {
    const directory = join(folder, 'a');
    const first = new DurableStore({ directory });
    await first.open();
    const second = new DurableStore({ directory });
    await expect(second.open()).rejects.toThrow(/in use by another process or socket/);
    await first.close();
    await second.open();
    await second.close();
  });

  it('names the directory that cannot be made', async () => {
    writeFileSync(join(folder, 'file'), '');
    const store = new DurableStore({ directory: join(folder, 'file', 'data') });
    await expect(store.open()).rejects.toThrow(join(folder, 'file', 'data'));
  });
});
