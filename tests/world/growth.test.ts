// Growth: members join a ring with few positions, one after another and all at once, until it is full and
// beyond.
import { describe, expect, test } from 'vitest';
import type { WorldNode } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import {
  at,
  get,
  isIdeal,
  joinedRing,
  joinTogether,
  operate,
  positions,
  set,
  succeed,
} from '../support/rings.ts';

const TRIALS = 1_000;

describe('a ring of k = 2', () => {
  test(`four members join every time, on four positions (${TRIALS} trials)`, () => {
    for (let seed = 1; seed <= TRIALS; seed++) {
      const world = new World({ seed, k: 2 });
      const nodes = seed % 2 === 0 ? joinedRing(world, 4) : joinedOneByOne(world, 4);
      expect(new Set(positions(nodes)).size, `seed ${seed}`).toBe(4);
      expect(
        nodes.every((node) => node.machine.member),
        `seed ${seed}`,
      ).toBe(true);
    }
  });

  test('the fifth is told that the ring is full within 2 s, and goes on as a client', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const world = new World({ seed, k: 2 });
      const nodes = joinedRing(world, 4);
      const fifth = world.add();
      world.connect(fifth, at(nodes, seed % 4));
      world.run(20);
      const before = world.now;
      expect(world.settle(fifth, { type: 'join' })).toMatchObject({ failure: { code: 'ERR_RING_FULL' } });
      expect(world.now - before, `seed ${seed}`).toBeLessThan(2_000);
      set(world, fifth, 'key', `value ${seed}`);
      expect(get(world, at(nodes, 0), 'key')).toBe(`value ${seed}`);
      expect(get(world, fifth, 'key')).toBe(`value ${seed}`);
    }
  });

  test('no get takes more than two requests, from any member or a client', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const world = new World({ seed, k: 2 });
      const nodes = joinedRing(world, 4);
      const client = world.add();
      world.connect(client, at(nodes, seed % 4));
      world.runUntil(() => isIdeal(world, true), 10_000);
      world.run(500);
      for (let i = 0; i < 8; i++) set(world, at(nodes, i % 4), `key ${i}`, 'x');
      for (const node of [...nodes, client]) {
        for (let i = 0; i < 8; i++) {
          const { cost, hops } = operate(world, node, `key ${i}`, { type: 'get' });
          const trace = hops.map((hop) => `${hop.peer.position} ${hop.outcome}`).join(', ');
          expect(cost.requests, `seed ${seed}: ${trace}`).toBeLessThanOrEqual(2);
        }
      }
    }
  });

  test('nodes that are only connected to each other and join at the same moment end as one ring', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const world = new World({ seed, k: 2 });
      const nodes = Array.from({ length: 4 }, () => world.add());
      for (let i = 1; i < 4; i++) world.connect(at(nodes, i), at(nodes, seed % 2 === 0 ? i - 1 : 0));
      world.run(10);
      for (const outcome of joinTogether(world, nodes)) succeed(outcome);
      const settled = (): boolean => world.members().length === 4 && isIdeal(world);
      expect(world.runUntil(settled, 10_000), `seed ${seed}: ${positions(nodes).join(' ')}`).toBe(true);
    }
  });
});

function joinedOneByOne(world: World, n: number): WorldNode[] {
  const nodes = Array.from({ length: n }, () => world.add());
  for (const [i, node] of nodes.entries()) {
    if (i > 0) world.connect(node, at(nodes, world.random.below(i)));
    world.run(10);
    succeed(world.settle(node, { type: 'join' }));
  }
  return nodes;
}
