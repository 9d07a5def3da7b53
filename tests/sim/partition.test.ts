// Partitions of every shape heal: 300 seeds here; scripts/partitions.mjs runs as many as you like.
import { describe, expect, test } from 'vitest';
import { HEALING_PERIODS_MAX, runPartition } from '../../src/sim/partition.ts';

const SEEDS = 300;

describe('a ring that was cut', () => {
  test(`is ideal again within ${HEALING_PERIODS_MAX} periods of the heal (${SEEDS} seeds)`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { periods, problem } = runPartition(seed);
      expect(problem, `seed ${seed}`).toBeUndefined();
      expect(periods, `seed ${seed}`).toBeLessThanOrEqual(HEALING_PERIODS_MAX);
    }
  });
});
