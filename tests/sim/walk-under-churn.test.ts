// Iteration of the whole ring while members join and leave: three seeds of 10,000 entries here;
// scripts/walks.mjs runs as many seeds and entries as you like.
import { describe, expect, test } from 'vitest';
import { runWalk } from '../../src/sim/walk-under-churn.ts';

const PAGE_ENTRIES = 100;

describe('a walk over 10,000 entries while members join and leave', () => {
  test.each([1, 2, 3])('gives each key that lived throughout exactly once (seed %i)', (seed) => {
    const result = runWalk({ seed, entries: 10_000, pageEntries: PAGE_ENTRIES, pageMs: 100 });
    expect(result).toMatchObject({ missing: [], twice: [] });
    // The ring did change meanwhile, and no more than a page was ever held.
    expect(result.joins).toBeGreaterThan(3);
    expect(result.leaves).toBeGreaterThan(3);
    expect(result.largestPage).toBeLessThanOrEqual(PAGE_ENTRIES);
  });
});
