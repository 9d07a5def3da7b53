// Two owners are deposed one after the other, each with an increment in hand that nobody else has. What the
// first left behind is of an earlier epoch: found, and acknowledged when it is sent again, it would be
// replaced by what the second left behind, were both kept.
import { expect, test } from 'vitest';
import { deposed } from '../mutants/scenes/owners.ts';

/** In those with an even number the owners lose power, in the others they are cut off. */
const SEEDS = Array.from({ length: 12 }, (_, i) => i + 1);

test.each(SEEDS)('an increment that was acknowledged is not lost to one that was not (seed %i)', (seed) => {
  expect(deposed(seed)).toBe(undefined);
});
