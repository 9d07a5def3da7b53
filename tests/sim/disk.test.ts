// The simulated disk: what it may lose and what not, tried with many seeds.
import { describe, expect, test } from 'vitest';
import { Random } from '../../src/core/random.ts';
import type { SavedRecord } from '../../src/core/saved.ts';
import { SimDisk } from '../../src/sim/disk.ts';

const SEEDS = 200;

function entry(key: string, version = '1'): SavedRecord {
  const value = new Uint8Array(0);
  return {
    type: 'entry',
    position: 0,
    entry: { key, value, version, expiresAt: 0, operation: '', previous: '' },
  };
}

function keysOf(disk: SimDisk): string[] {
  return disk.load().records.flatMap((record) => (record.type === 'entry' ? [record.entry.key] : []));
}

describe('a simulated disk', () => {
  test('does one batch after the other, each in its time', () => {
    const disk = new SimDisk(new Random(1), { syncMs: 5 });
    const times = [disk.write(0, [entry('a')]), disk.write(0, [entry('b')]), disk.write(100, [entry('c')])];
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[2]).toBeGreaterThan(100);
  });

  test('writes together what comes while it is busy, so that no queue grows', () => {
    const disk = new SimDisk(new Random(1), { syncMs: 5 });
    const first = disk.write(0, [entry('a')]);
    const [second, third] = [disk.write(0.01, [entry('b')]), disk.write(0.02, [entry('c')])];
    expect([second > first, third]).toEqual([true, second]);
    // What comes while those are written is not among them.
    expect(disk.write((first + second) / 2, [entry('d')])).toBeGreaterThan(second);
  });

  test('keeps what was done through every crash, and of the rest a first part, batches whole', () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const disk = new SimDisk(new Random(seed));
      disk.write(0, [entry('a')]);
      disk.write(0, [entry('b'), entry('c')]);
      disk.write(0, [entry('d')]);
      expect(disk.finish()).toBe(true);
      disk.crash();
      seen.add(keysOf(disk).join(''));
    }
    expect([...seen].toSorted()).toEqual(['a', 'abc', 'abcd']);
  });

  test('replaces a record by a newer one of its key, and forgets it', () => {
    const disk = new SimDisk(new Random(1));
    for (const record of [entry('a', '1'), entry('a', '2')]) disk.write(0, [record]);
    disk.finish();
    disk.finish();
    expect(disk.load().records).toEqual([entry('a', '2')]);
    disk.write(0, [{ type: 'forgotten', position: 0, key: 'a' }]);
    disk.finish();
    expect(disk.load().records).toEqual([]);
  });

  test('says that a batch failed while it is full; it may be there all the same', () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const disk = new SimDisk(new Random(seed), { full: true });
      disk.write(0, [entry('a')]);
      expect(disk.finish()).toBe(false);
      seen.add(keysOf(disk).join(''));
    }
    expect([...seen].toSorted()).toEqual(['', 'a']);
  });

  test('leaves damaged records out, and says how many', () => {
    const disk = new SimDisk(new Random(1), { corruption: 0.5 });
    for (let i = 0; i < 20; i++) disk.write(0, [entry(`key ${i}`)]);
    for (let i = 0; i < 20; i++) disk.finish();
    const { records, damaged } = disk.load();
    expect(damaged).toBeGreaterThan(0);
    expect(records.length + damaged).toBe(20);
  });
});
