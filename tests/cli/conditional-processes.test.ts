// Conditional operations and increments on separate processes, while three of five members are killed and
// started again in turn: what eight programs saw is linearizable, and every increment counts once. The long
// form is `npm run conditions`.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { conditionsUnderLosses } from '../support/conditions-under-losses.ts';
import { ProcessRing } from '../support/process-ring.ts';
import { buildProject } from '../support/processes.ts';

const ring = new ProcessRing();

beforeAll(() => buildProject(), 120_000);

afterEach(() => ring.close());

describe('eight programs at five processes, three of which are killed and started again in turn', () => {
  it('see a linearizable history, in which each increment counts once', async () => {
    const { findings, undecided, shareKnown, operations, total } = await conditionsUnderLosses(ring, 1, 3);
    expect(findings).toEqual([]);
    expect(undecided).toBe(0);
    expect(operations).toBeGreaterThan(1_000);
    expect(shareKnown).toBeGreaterThanOrEqual(0.8);
    expect(total.acknowledged).toBeGreaterThan(100);
    expect(total.value).toBeGreaterThanOrEqual(total.acknowledged);
    expect(total.value).toBeLessThanOrEqual(total.acknowledged + total.unknown);
  }, 150_000);
});
