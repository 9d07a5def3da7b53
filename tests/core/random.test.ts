// Chance that can be repeated: one seed gives one sequence, and the numbers are spread as they should be.
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';

const SEED = 7;
const DRAWS = 100_000;

function draw(seed: number, count: number): number[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => random.float());
}

describe('Random', () => {
  it('repeats its sequence for a seed, and has another one for another seed', () => {
    expect(draw(SEED, 100)).toEqual(draw(SEED, 100));
    expect(draw(SEED, 100)).not.toEqual(draw(SEED + 1, 100));
  });

  it('tells seeds apart by their high bits too', () => {
    expect(draw(SEED, 10)).not.toEqual(draw(SEED + 2 ** 32, 10));
  });

  it('gives numbers in [0, 1), evenly', () => {
    const buckets = Array.from({ length: 10 }, () => 0);
    const drawn = draw(SEED, DRAWS);
    expect(drawn.filter((number) => number < 0 || number >= 1)).toEqual([]);
    for (const number of drawn) {
      const bucket = Math.floor(number * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    // Nine standard deviations of a bucket's count, sqrt(100000 * 0.1 * 0.9), are about 850.
    for (const count of buckets) expect(Math.abs(count - DRAWS / 10)).toBeLessThan(850);
  });

  it.each([1, 2, 3, 10, 2 ** 32, 2 ** 32 + 1, 2 ** 48, 2 ** 53])(
    'gives integers below %i from both halves',
    (limit) => {
      const random = new Random(SEED);
      const drawn = Array.from({ length: 10_000 }, () => random.below(limit));
      expect(drawn.filter((n) => !Number.isSafeInteger(n) || n < 0 || n >= limit)).toEqual([]);
      const low = drawn.filter((n) => n < limit / 2).length / drawn.length;
      const expected = Math.min(1, Math.ceil(limit / 2) / limit);
      expect(Math.abs(low - expected)).toBeLessThan(0.05);
    },
  );

  it('uses all bits of a position of the largest ring', () => {
    const random = new Random(SEED);
    let seen = 0n;
    for (let i = 0; i < 200; i++) seen |= BigInt(random.below(2 ** 48));
    expect(seen).toBe(2n ** 48n - 1n);
  });

  it('keeps what it draws around a mean within the part asked for, on either side', () => {
    const random = new Random(SEED);
    const drawn = Array.from({ length: 1_000 }, () => random.around(100, 0.5));
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(150);
    expect(Math.min(...drawn)).toBeLessThan(60);
    expect(Math.max(...drawn)).toBeGreaterThan(140);
  });

  it('picks every item of a list, and undefined of none', () => {
    const random = new Random(SEED);
    const picked = new Set(Array.from({ length: 100 }, () => random.pick(['a', 'b', 'c'])));
    expect(picked).toEqual(new Set(['a', 'b', 'c']));
    expect(random.pick([])).toBeUndefined();
  });
});
