// Merging: rings that were started apart, or torn apart, become one, with the entries of both.
import { describe, expect, test } from 'vitest';
import type { MemberDescription } from '../../src/core/message.ts';
import { servedTwice } from '../../src/node/ring-view.ts';
import type { WorldNode } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import { at, get, isIdeal, joinedRing, set, succeed } from '../support/rings.ts';

const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1);
const KEYS = 20;
/** Stabilisation periods (150 ms on the local profile) within which two rings that were connected are one. */
const PERIODS_MAX = 40;
const PERIOD_MS = 150;

describe('two rings of four that meet', () => {
  test('become one ring of eight with the entries of both', () => {
    for (const seed of SEEDS) {
      const { world, all } = twoRings(seed, 32);
      expect(
        world.runUntil(() => whole(world, 8), PERIODS_MAX * PERIOD_MS),
        `seed ${seed}`,
      ).toBe(true);
      world.run(3_000);
      expectBoth(world, all, seed);
    }
  });

  test('of k = 2, both full, become one of four and four clients, with the entries of both', () => {
    for (const seed of SEEDS) {
      const { world, all } = twoRings(seed, 2);
      expect(
        world.runUntil(() => whole(world, 4), PERIODS_MAX * PERIOD_MS),
        `seed ${seed}`,
      ).toBe(true);
      world.run(3_000);
      const clients = all.filter((node) => !node.machine.member);
      expect(clients).toHaveLength(4);
      for (const client of clients) {
        const event = client.events.find((candidate) => candidate.type === 'error');
        expect(event, `seed ${seed}`).toMatchObject({ failure: { code: 'ERR_RING_FULL' } });
      }
      expectBoth(world, all, seed);
    }
  });
});

describe('three nodes that have begun a ring each', () => {
  test('answer for the same keys at first; once no two do, all see what is written from then on', () => {
    for (const seed of SEEDS) {
      const world = new World({ seed, k: 32 });
      const nodes = Array.from({ length: 3 }, () => world.add());
      for (const node of nodes) succeed(world.settle(node, { type: 'join' }));
      for (const node of nodes.slice(1)) world.connect(node, at(nodes, 0));
      const walk = (): MemberDescription[] => nodes.flatMap((node) => node.machine.describe() ?? []);
      const isMerged = (): boolean => whole(world, 3) && servedTwice(walk()) === undefined;
      expect(servedTwice(walk()), `seed ${seed}`).toBeDefined();
      expect(world.runUntil(isMerged, PERIODS_MAX * PERIOD_MS), `seed ${seed}`).toBe(true);
      write(world, nodes, 'then');
      for (const node of nodes) expectKeys(world, [node], 'then', seed);
    }
  });
});

describe('a ring that is cut in two', () => {
  test('goes on on both sides, and is one ring again after the cut has healed', () => {
    for (const seed of SEEDS) {
      const world = new World({ seed, k: 32 });
      const nodes = joinedRing(world, 8);
      const [left, right] = [nodes.slice(0, 3), nodes.slice(3)];
      world.partition(left, right);
      world.run(10_000);
      write(world, left, 'left');
      write(world, right, 'right');
      world.heal();
      expect(
        world.runUntil(() => whole(world, 8), PERIODS_MAX * PERIOD_MS),
        `seed ${seed}`,
      ).toBe(true);
      world.run(3_000);
      for (const side of ['left', 'right']) expectKeys(world, nodes, side, seed);
    }
  });
});

function twoRings(seed: number, k: number): { world: World; all: WorldNode[] } {
  const world = new World({ seed, k });
  const [a, b] = [joinedRing(world, 4), joinedRing(world, 4)];
  write(world, a, 'a');
  write(world, b, 'b');
  world.connect(at(a, seed % 4), at(b, (seed + 1) % 4));
  return { world, all: [...a, ...b] };
}

function whole(world: World, members: number): boolean {
  return world.members().length === members && isIdeal(world);
}

function write(world: World, through: readonly WorldNode[], prefix: string): void {
  for (let i = 0; i < KEYS; i++)
    set(world, at(through, i % through.length), `${prefix} ${i}`, `${prefix}${i}`);
}

function expectBoth(world: World, all: readonly WorldNode[], seed: number): void {
  for (const prefix of ['a', 'b']) expectKeys(world, all, prefix, seed);
}

function expectKeys(world: World, all: readonly WorldNode[], prefix: string, seed: number): void {
  for (let i = 0; i < KEYS; i++) {
    const reader = at(all, (i * 5) % all.length);
    expect(get(world, reader, `${prefix} ${i}`), `seed ${seed}, from ${reader.name}`).toBe(`${prefix}${i}`);
  }
}
