// The bound: in an ideal ring no lookup takes more than k requests, from members and clients, in full and
// sparse rings.
import { describe, expect, test } from 'vitest';
import type { ExplainResult } from '../../src/core/command.ts';
import type { WorldNode } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import { at, isIdeal, joinTogether, succeed } from '../support/rings.ts';

/** Members that join at the same time while a ring is grown. */
const BATCH = 16;

describe('requests a lookup', () => {
  for (const k of [1, 2, 3, 4, 5, 6, 7, 8]) {
    test(`at most ${k} in the full ring of k = ${k}`, () => measure(k, 2 ** k));
  }
  for (const k of [16, 32]) {
    test(`at most ${k} in a sparse ring of k = ${k}`, () => measure(k, 100));
  }
});

function measure(k: number, n: number): void {
  const world = new World({ seed: k * 1_000 + n, k });
  const nodes = grow(world, n);
  const client = world.add();
  world.connect(client, at(nodes, n >> 1));
  expect(
    world.runUntil(() => isIdeal(world, true), 60_000),
    'the ring becomes ideal',
  ).toBe(true);
  world.run(500);
  const askers = [...nodes.filter((_, i) => i % Math.ceil(n / 24) === 0), client];
  let most = 0;
  for (const asker of askers) {
    // Every asker begins cold: what it learns on the way is part of what ships, and may only save requests.
    for (let i = 0; i < 40; i++) {
      const key = `key ${world.random.below(1e9)}`;
      const { cost, hops } = succeed(world.settle(asker, { type: 'explain', key })) as ExplainResult;
      const trace = hops.map((hop) => `${hop.peer.position} ${hop.outcome}`).join(', ');
      expect(cost.requests, `from ${asker.machine.self.position}: ${trace}`).toBeLessThanOrEqual(k);
      most = Math.max(most, cost.requests);
    }
  }
  expect(most).toBeGreaterThan(0);
}

function grow(world: World, n: number): WorldNode[] {
  const nodes = [world.add()];
  succeed(world.settle(at(nodes, 0), { type: 'join' }));
  while (nodes.length < n) {
    const batch = Array.from({ length: Math.min(BATCH, n - nodes.length) }, () => world.add());
    for (const node of batch) world.connect(node, at(nodes, world.random.below(nodes.length)));
    world.run(10);
    for (const outcome of joinTogether(world, batch)) succeed(outcome);
    nodes.push(...batch);
  }
  return nodes;
}
