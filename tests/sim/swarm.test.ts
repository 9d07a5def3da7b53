// Swarm runs: every commit tries the shipped machine in 50 worlds drawn from their seeds, five simulated
// minutes each. `npx chord sim --seeds N` does the same with as many as you like.
import { describe, expect, test } from 'vitest';
import { CALM_PERIODS_MAX, runSwarm } from '../../src/sim/swarm.ts';
import { drawSwarmOptions } from '../../src/sim/swarm-options.ts';

const SEEDS = 50;
const MINUTES = 5;
/** Seeds of one test, so that a failure names its neighbourhood and the two workers share the work. */
const BATCH = 25;
const MAX_MS = 240_000;

describe(`${SEEDS} seeds of ${MINUTES} simulated minutes`, () => {
  for (let first = 1; first <= SEEDS; first += BATCH) {
    test(`hold every property: seeds ${first} to ${first + BATCH - 1}`, { timeout: MAX_MS }, () => {
      for (let seed = first; seed < first + BATCH; seed++) {
        // Where many epochs are forced at once, an arc may stay unserved (docs/TESTING.md, E6): there the
        // ring alone is judged. One fault at a time must cost nothing at all.
        const judged = drawSwarmOptions(seed).gentle ? 'all' : 'ring';
        const { violation, calmPeriods } = runSwarm(seed, MINUTES, { judged });
        expect(violation, `repeat with: npx chord sim --seed ${seed} --minutes ${MINUTES}`).toBeUndefined();
        expect(calmPeriods).toBeLessThanOrEqual(CALM_PERIODS_MAX);
      }
    });
  }
});

describe('a seed', () => {
  test('gives the same trace hash on every run, and another seed another', () => {
    const [once, again, other] = [runSwarm(7, 1), runSwarm(7, 1), runSwarm(8, 1)];
    expect(again.hash).toBe(once.hash);
    expect(again.events).toBe(once.events);
    expect(other.hash).not.toBe(once.hash);
  });
});
