// A lookup whose owner is dead while its heir has not taken over: whom it asks meanwhile, and how long an
// arc stands still whose owner and majority die at once. How many lookups succeed in large rings is
// experiment E2, and while members come and go E7.
import { expect, test } from 'vitest';
import { PROFILES, type Profile } from '../../src/core/profile.ts';
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

test('a joiner does not wait for an owner that dies while it is read, only for its majority', () => {
  const { requestMinMs, requestMaxMs, evictAfterMs } = PROFILES.wan;
  const profile: Profile = { ...GROWING, requestMinMs, requestMaxMs, evictAfterMs };
  const world = new ExperimentWorld({ seed: 1, k: 32, profile, delayMs: 50, connections: true });
  expect(grow(world, 16).ideal).toBe(true);
  const before = new Truth(world.members());
  const joiner = world.add();
  const contact = before.nodes[0];
  if (contact === undefined) throw new Error('the ring is empty');
  world.connect(joiner, contact);
  let diedAt = 0;
  world.watch = {
    sent: (from, to, { body }) => {
      if (from !== joiner || body.type !== 'summarise' || diedAt > 0) return;
      diedAt = world.now;
      // The copies are with the owner and the two behind it.
      const third = before.nodes[(before.nodes.indexOf(to) + 2) % before.nodes.length];
      for (const node of [to, third]) if (node !== undefined) world.crash(node);
    },
  };
  world.command(joiner, { type: 'join' }, 120_000);
  const served = world.runUntil(() => joiner.machine.serving, 120_000);
  expect([diedAt > 0, served]).toEqual([true, true]);
  expect(world.now - diedAt).toBeLessThan(evictAfterMs + requestMinMs);
});
