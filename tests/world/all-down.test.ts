// All down: members with disks that were all stopped, of which some come back later than others, or never.
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/core/effect.ts';
import { copiesProblem } from '../../src/sim/checks/copies-agree.ts';
import type { WorldNode } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import { get, isIdeal, joinedRing, set, succeed } from '../support/rings.ts';

const SEEDS = Array.from({ length: 8 }, (_, i) => i + 1);
const K = 32;
/** Less than restoredMs of the profile, and more. */
const SHORT_MS = 5_000;
const LONG_MS = 15_000;
const TOGETHER_MS = 60_000;

describe("members with disks, when all were down, with 'heal'", () => {
  /** Two members are down; the first comes back, and stands alone. */
  function halfBack(seed: number): { world: World; back: WorldNode; away: WorldNode } {
    const world = new World({ seed, k: K, replicas: 2, disks: {} });
    const [back, away] = joinedRing(world, 2) as [WorldNode, WorldNode];
    set(world, back, 'key', 'old');
    world.run(2_000);
    world.crash(back);
    world.crash(away);
    world.restart(back, back.machine.self.salt);
    world.run(20);
    world.command(back, { type: 'join' });
    return { world, back, away };
  }

  test('wait for a majority that may be about to start too', () => {
    for (const seed of SEEDS) {
      const { world, back, away } = halfBack(seed);
      world.run(SHORT_MS);
      expect(answer(world, back), `seed ${seed}`).toBe('ERR_QUORUM');
      const refused = asked(world, back);
      expect(refused).toMatchObject({
        failure: { message: expect.stringMatching(/ is away: sim:2$/) as string },
      });
      world.restart(away, away.machine.self.salt);
      world.connect(away, back);
      world.run(20);
      succeed(world.settle(away, { type: 'join' }));
      expect(answer(world, back), `seed ${seed}`).toBe('old');
      for (const node of [back, away]) expect(isDegraded(node), `seed ${seed}`).toBe(false);
    }
  });

  test('go on without one that stays away, say so, and take up what comes back later still', () => {
    for (const seed of SEEDS) {
      const { world, back, away } = halfBack(seed);
      world.run(LONG_MS);
      expect(answer(world, back), `seed ${seed}`).toBe('old');
      expect(isDegraded(back), `seed ${seed}`).toBe(true);
      set(world, back, 'key', 'new');
      world.restart(away, away.machine.self.salt);
      world.connect(away, back);
      world.run(20);
      succeed(world.settle(away, { type: 'join' }));
      const isOne = (): boolean => isIdeal(world) && copiesProblem(world, K, 2) === undefined;
      expect(world.runUntil(isOne, TOGETHER_MS), `seed ${seed}`).toBe(true);
      for (const node of [back, away]) expect(get(world, node, 'key'), `seed ${seed}`).toBe('new');
    }
  });
});

/** The value, or the code of what stands in the way. */
function asked(world: World, node: WorldNode): Outcome {
  const operation = { type: 'get' } as const;
  return world.settle(node, { type: 'operate', key: 'key', operation, consistency: 'quorum' }, 2_000);
}

function answer(world: World, node: WorldNode): string | undefined {
  const outcome = asked(world, node);
  return outcome.ok ? get(world, node, 'key') : outcome.failure.code;
}

function isDegraded(node: WorldNode): boolean {
  return node.events.some(({ type }) => type === 'degraded');
}
