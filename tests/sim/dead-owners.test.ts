// A lookup whose owner is dead while its heir has not taken over: whom it asks meanwhile. It owns one ring
// whose maintenance stands still; how many such lookups succeed in large rings is experiment E2.
import { expect, test } from 'vitest';
import type { Profile } from '../../src/core/profile.ts';
import { ExperimentWorld } from '../../src/sim/experiments/experiment-world.ts';
import { grow, GROWING, Truth } from '../../src/sim/experiments/growth.ts';
import { Lookups } from '../../src/sim/experiments/lookups.ts';

const MEMBERS = 64;
const DEAD = 5;
const NEVER_MS = 1e12;

test('a lookup waits for the heir of a dead owner, and does not ask its way back round the ring', () => {
  const profile: Profile = { ...GROWING, requestMinMs: 500, requestMaxMs: 500, evictAfterMs: 1_000 };
  const world = new ExperimentWorld({ seed: 1, k: 32, profile, delayMs: 1 });
  expect(grow(world, MEMBERS).ideal).toBe(true);
  Object.assign(profile, { stabiliseMs: NEVER_MS, fingerMs: NEVER_MS, fingerIdleMs: NEVER_MS });
  const before = new Truth(world.members());
  const dead = before.nodes.slice(10, 10 + DEAD);
  for (const node of dead) world.crash(node);
  const asked: number[] = [];
  let answers = 0;
  const lookups = new Lookups(world, {
    ended: ({ finds, position }, result) => {
      const owner = before.owner(position);
      if (owner === undefined || !dead.includes(owner)) return;
      answers += result === undefined ? 0 : 1;
      asked.push(finds.length);
    },
  });
  lookups.run(new Truth(world.members()).nodes, 600, 8);
  expect(asked.length).toBeGreaterThan(10);
  expect(answers).toBe(asked.length);
  expect(Math.max(...asked)).toBeLessThan(20);
});
