// The watermark of an arc is lost, and what was deleted comes back with a member of the lineage.
import { expect, test } from 'vitest';
import { PROFILES } from '../../src/core/profile.ts';
import { World, type WorldNode } from '../../src/sim/world.ts';
import { get, isIdeal, operate, set } from '../support/rings.ts';
import { comeBack, holdsValue, joinAt, K, keyIn } from '../support/placed.ts';

const profile = { ...PROFILES.local, tombstoneMs: 2_000 };
const SEEDS = [1, 2, 3];
const settle = (world: World): void => {
  expect(world.runUntil(() => isIdeal(world), 30_000)).toBe(true);
  world.run(5_000);
};

const CASES = SEEDS.flatMap((seed): [number, boolean][] => [
  [seed, false],
  [seed, true],
]);

/** The key is written, then deleted while one that holds it is away, and the deletion is collected. */
function collect(world: World, key: string, nodes: Record<'first' | 'owner' | 'away', WorldNode>): void {
  const { first, owner, away } = nodes;
  set(world, first, key, 'old');
  world.run(500);
  expect(holdsValue(away, key)).toBe(true);
  world.crash(away);
  settle(world);
  operate(world, first, key, { type: 'delete', ifVersion: '' });
  world.run(10_000);
  expect([...owner.machine.held()].some(({ entry }) => entry.key === key)).toBe(false);
}

// A: after the set was replaced by its owner (round 0), the owner dies.
test.each(CASES)(
  'seed %i: a deletion that was collected stays although the owner dies (%s) after its copies were replaced',
  (seed, dies) => {
    const world = new World({ seed, k: K, profile, disks: {}, onQuorumLost: 'refuse' });
    const first = joinAt(world, 0);
    const owner = joinAt(world, 100, first);
    const away = joinAt(world, 150, first);
    joinAt(world, 200, first);
    settle(world);
    const key = keyIn(10, 95);
    collect(world, key, { first, owner, away });
    joinAt(world, 110, first);
    settle(world);
    joinAt(world, 120, first);
    settle(world);
    if (dies) world.crash(owner);
    settle(world);
    expect(get(world, first, key)).toBeUndefined();
    comeBack(world, away, first);
    settle(world);
    expect(get(world, first, key)).toBeUndefined();
  },
  60_000,
);

// B: two arcs of one owner become one.
test.each(CASES)(
  'seed %i: a deletion that was collected stays although the arc before leaves (%s) and is joined to it',
  (seed, leaves) => {
    const world = new World({ seed, k: K, profile, disks: {}, onQuorumLost: 'refuse' });
    const first = joinAt(world, 0);
    const before = joinAt(world, 50, first);
    const owner = joinAt(world, 100, first);
    const away = joinAt(world, 150, first);
    joinAt(world, 200, first);
    settle(world);
    const key = keyIn(60, 95);
    collect(world, key, { first, owner, away });
    if (leaves) world.settle(before, { type: 'leave' });
    settle(world);
    expect(get(world, first, key)).toBeUndefined();
    comeBack(world, away, first);
    settle(world);
    expect(get(world, first, key)).toBeUndefined();
  },
  60_000,
);
