// Swarm runs: every commit tries the shipped machine in 200 worlds drawn from their seeds, five simulated
// minutes each. `npx chord sim --seeds N` does the same with as many as you like.
import { describe, expect, test } from 'vitest';
import { CALM_PERIODS_MAX, runSwarm } from '../../src/sim/swarm.ts';

const SEEDS = 200;
const MINUTES = 5;
/** Seeds of one test, so that a failure names its neighbourhood and the two workers share the work. */
const BATCH = 25;
const MAX_MS = 240_000;

describe(`${SEEDS} seeds of ${MINUTES} simulated minutes`, () => {
  for (let first = 1; first <= SEEDS; first += BATCH) {
    test(`hold every property: seeds ${first} to ${first + BATCH - 1}`, { timeout: MAX_MS }, () => {
      for (let seed = first; seed < first + BATCH; seed++) {
        const { violation, calmPeriods } = runSwarm(seed, MINUTES);
        expect(violation, `repeat with: npx chord sim --seed ${seed} --minutes ${MINUTES}`).toBeUndefined();
        expect(calmPeriods).toBeLessThanOrEqual(CALM_PERIODS_MAX);
      }
    });
  }
});

describe('worlds in which a property did not hold once', () => {
  test.each([
    [416, 'a member that had held nothing never looked whether it should keep what it holds'],
    [446, 'two members that knew each other stayed alone, asking only the dead'],
    [573, 'a client went to and fro between two homes that had died without a word'],
    [908, 'lineages that an owner held side by side never met'],
    [1_076, 'a key with thousands of replaced values was compared position by position'],
    [3_866, 'copies came late to a member that had left, and stayed'],
    [7_337, 'a copy was forgotten by a release that came late, after its owner had counted on it'],
    [707, 'an arc that was known from disks only waited for ever for members that were gone'],
    [
      2_051,
      'of two parts that a former holder offered, one was read again for ever, as the other had used that up',
    ],
    [482, 'a write was done twice by an owner that had forced an epoch, and whose clock was far ahead'],
    [1_804, 'an arc was taken over from what had been overtaken while it was asked who is there'],
    [6_519, 'a former owner went on acknowledging after it had been read, and was let go'],
    [338, 'a set was changed to one of two members of which one had just died'],
    [10_815, 'a copy that knew more than its owner of what is over never followed it'],
    [5_686, 'a copy of what was over for long was news again and again, and ended every takeover'],
    [6_349, 'those that were left behind pushed each other out of the history of whoever read them'],
  ])('seed %i: %s', { timeout: MAX_MS }, (seed) => {
    expect(runSwarm(seed, MINUTES).violation).toBeUndefined();
  });
});

describe('a seed', () => {
  test('gives the same trace hash on every run, and another seed another', () => {
    const [once, again, other] = [runSwarm(7, 1), runSwarm(7, 1), runSwarm(8, 1)];
    expect(again.hash).toBe(once.hash);
    expect(again.events).toBe(once.events);
    expect(other.hash).not.toBe(once.hash);
  });
});
