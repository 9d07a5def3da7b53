// A member comes back with its disk at once, and stays one of the sets that it was in. Much later an arc
// comes to it whose holders are all gone for ever: it is served again, empty, and sooner than after a start.
import { expect, test } from 'vitest';
import { World } from '../../src/sim/world.ts';
import { get, isIdeal, set } from '../support/rings.ts';
import { comeBack, joinAt, K, keyIn } from '../support/placed.ts';

test.each([1, 2, 3])(
  'seed %i: what was read from the disk is confirmed by the others',
  (seed) => {
    const world = new World({ seed, k: K, disks: {}, onQuorumLost: 'heal' });
    const first = joinAt(world, 0);
    const nodes = [30, 60, 90, 120, 150, 180, 210].map((p) => joinAt(world, p, first));
    const [a, b, c, r] = nodes;
    expect(world.runUntil(() => isIdeal(world), 30_000)).toBe(true);
    world.run(3_000);
    const key = keyIn(1, 29);
    set(world, first, key, 'x');
    world.run(2_000);
    world.crash(r!, true);
    world.run(100);
    comeBack(world, r!, first);
    expect(world.runUntil(() => isIdeal(world), 30_000)).toBe(true);
    world.run(120_000);
    // All that hold (0, 30] are gone for good.
    for (const node of [a!, b!, c!]) world.crash(node);
    const crashedAt = world.now;
    const done = world.runUntil(() => isIdeal(world), 120_000);
    expect(done).toBe(true);
    // r has been in the ring for two minutes: restoredMs (10 s) is for those that have just come back.
    expect(world.now - crashedAt).toBeLessThan(8_000);
    expect(get(world, first, key)).toBe(undefined);
  },
  60_000,
);
