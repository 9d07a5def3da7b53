// The bytes that bring copies where they belong, in small; `npm run entry-bytes` does it with 100,000
// entries.
import { describe, expect, test } from 'vitest';
import { joinBytes, returnBytes } from '../../src/sim/entry-bytes.ts';

const ENTRIES = 4_000;
const VALUE_BYTES = 100;
const DIFFERENCES = 10;
/**
 * For each entry that differs: levels of sums, a digest, the entry on its way to each copy, and what members
 * say until they agree again. Ten of these are below 1 % of 100,000 entries, and a seventh of those here.
 */
const DIFFERENCE_BYTES_MAX = 10_000;

describe('a member that joins a filled ring of eight', () => {
  test('takes what it has to, and little more moves', () => {
    const { copies, movedBytes, leastBytes } = joinBytes({
      seed: 1,
      entries: ENTRIES,
      valueBytes: VALUE_BYTES,
      members: 8,
    });
    expect(copies).toBeGreaterThan(ENTRIES / 10);
    expect(movedBytes).toBeLessThanOrEqual(1.2 * leastBytes);
  });
});

describe('one of three members that comes back after ten writes', () => {
  test.each(['restarted', 'cut off', 'went on'] as const)('costs what differs (%s)', (away) => {
    const options = { seed: 1, entries: ENTRIES, valueBytes: VALUE_BYTES };
    const { movedBytes } = returnBytes({ ...options, differences: DIFFERENCES, away });
    expect(movedBytes).toBeLessThanOrEqual(DIFFERENCES * DIFFERENCE_BYTES_MAX);
  });
});
