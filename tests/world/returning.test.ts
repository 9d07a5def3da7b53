// Returning: a member that restarts under its identity goes to where it stood, and its former life makes way.
import { describe, expect, test } from 'vitest';
import { withSalt } from '../../src/core/contact.ts';
import { simulationHash } from '../../src/sim/hash.ts';
import { World, type WorldNode } from '../../src/sim/world.ts';
import { at, isIdeal, joinedRing, positions, succeed } from '../support/rings.ts';

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);

/** Crashes and is back after so many milliseconds, with its former salt. */
function comeBack(world: World, node: WorldNode, by: WorldNode, afterMs: number): void {
  const { salt } = node.machine.self;
  world.crash(node);
  world.run(afterMs);
  world.restart(node, salt);
  world.connect(node, by);
  world.run(20);
}

describe('a member that restarts', () => {
  test.each([0, 300, 5_000])('after %i ms takes its former position, and is one member', (afterMs) => {
    for (const seed of SEEDS) {
      const world = new World({ seed, k: 16 });
      const nodes = joinedRing(world, 8);
      world.run(2_000);
      const node = at(nodes, seed % 8);
      const before = positions(nodes);
      comeBack(world, node, at(nodes, (seed + 1) % 8), afterMs);
      succeed(world.settle(node, { type: 'join' }));
      expect(positions(nodes), `seed ${seed}`).toEqual(before);
      expect(
        world.runUntil(() => isIdeal(world), 20_000),
        `seed ${seed}`,
      ).toBe(true);
    }
  });

  test('finds its position in a ring that is full but for it', () => {
    for (const seed of SEEDS) {
      const world = new World({ seed, k: 2 });
      const nodes = joinedRing(world, 4);
      world.run(2_000);
      const node = at(nodes, seed % 4);
      const before = positions(nodes);
      comeBack(world, node, at(nodes, (seed + 1) % 4), 0);
      succeed(world.settle(node, { type: 'join' }));
      expect(positions(nodes), `seed ${seed}`).toEqual(before);
    }
  });

  test('goes elsewhere where somebody else has taken its position', () => {
    for (const seed of SEEDS) {
      const world = new World({ seed, k: 8 });
      const nodes = joinedRing(world, 3);
      const [first, second] = [at(nodes, 0), at(nodes, 1)];
      // It asks for the salt that leads to another member's position.
      const { self } = second.machine;
      const salts = Array.from({ length: 4_096 }, (_, i) => i);
      const taken = salts.find(
        (salt) => withSalt(self, salt, simulationHash, 8).position === first.machine.self.position,
      );
      world.crash(second);
      world.restart(second, taken);
      world.connect(second, first);
      world.run(20);
      succeed(world.settle(second, { type: 'join' }));
      expect(new Set(positions(nodes)).size, `seed ${seed}`).toBe(3);
    }
  });

  test('begins a ring of its own at its former position where it is alone', () => {
    const world = new World({ seed: 1, k: 16 });
    const [node] = joinedRing(world, 1) as [WorldNode];
    const { position, salt } = node.machine.self;
    world.crash(node);
    world.restart(node, salt);
    succeed(world.settle(node, { type: 'join' }));
    expect(node.machine.self.position).toBe(position);
  });
});
