// Survival: members crash, stand still, wake, leave and come back; nothing that was acknowledged is lost or
// read stale.
import { describe, expect, test } from 'vitest';
import type { WorldNode } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import { at, get, isIdeal, joinedRing, set, succeed } from '../support/rings.ts';

const SEEDS = Array.from({ length: 25 }, (_, i) => i + 1);
const KEYS = 40;

describe('acknowledged entries', () => {
  test('are all readable through every survivor within 5 s of a crash', () => {
    for (const seed of SEEDS) {
      const { world, nodes } = filledRing(seed);
      world.crash(at(nodes, seed % 8));
      const before = world.now;
      expectAll(world, world.running(), 'v', `seed ${seed}`);
      expect(world.now - before, `seed ${seed}`).toBeLessThan(5_000);
    }
  });

  test('survive crashes one after another, with time to mend in between', () => {
    for (const seed of SEEDS) {
      const { world, nodes } = filledRing(seed);
      for (const node of nodes.slice(0, 5)) {
        world.crash(node);
        expect(
          world.runUntil(() => isMended(world), 30_000),
          `seed ${seed}`,
        ).toBe(true);
      }
      expectAll(world, world.running(), 'v', `seed ${seed}`);
    }
  });

  test('go over to the others before a leave is done, and nobody keeps what is not its own', () => {
    for (const seed of SEEDS) {
      const { world, nodes } = filledRing(seed);
      const leaver = at(nodes, seed % 8);
      succeed(world.settle(leaver, { type: 'leave' }));
      expect(leaver.machine.health().entries, `seed ${seed}`).toBe(0);
      // It may go now: nothing depends on it.
      world.crash(leaver);
      expectAll(world, world.running(), 'v', `seed ${seed}`);
      world.run(5_000);
      const copies = world.running().reduce((sum, node) => sum + node.machine.health().entries, 0);
      expect(copies, `seed ${seed}`).toBe(3 * KEYS);
    }
  });

  test('follow a member that comes back without memory under the same identity', () => {
    for (const seed of SEEDS) {
      const { world, nodes } = filledRing(seed);
      const victim = at(nodes, seed % 8);
      world.crash(victim);
      world.run(seed * 40);
      world.restart(victim);
      world.connect(victim, at(nodes, (seed + 1) % 8));
      world.run(20);
      succeed(world.settle(victim, { type: 'join' }));
      expectAll(world, nodes, 'v', `seed ${seed}`);
      expect(
        world.runUntil(() => isMended(world), 30_000),
        `seed ${seed}`,
      ).toBe(true);
      expect(world.members()).toHaveLength(8);
    }
  });

  test('stay after all members were replaced one by one by empty ones', () => {
    for (const seed of SEEDS.slice(0, 5)) {
      const { world, nodes } = filledRing(seed);
      for (const old of nodes) {
        const fresh = world.add();
        world.connect(fresh, at(world.members(), 0));
        world.run(20);
        succeed(world.settle(fresh, { type: 'join' }));
        succeed(world.settle(old, { type: 'leave' }));
        world.crash(old);
      }
      expectAll(world, world.running(), 'v', `seed ${seed}`);
    }
  });
});

describe('a member that stands still', () => {
  test('is routed round, and taken back when it wakes, and reads nothing stale', () => {
    for (const seed of SEEDS) {
      const { world, nodes } = filledRing(seed);
      const sleeper = at(nodes, seed % 8);
      const others = nodes.filter((node) => node !== sleeper);
      world.pause(sleeper);
      expectAll(world, others, 'v', `seed ${seed}, asleep`);
      write(world, others, 'w');
      world.resume(sleeper);
      expectAll(world, [sleeper, ...others], 'w', `seed ${seed}, awake`);
      expect(
        world.runUntil(() => isMended(world), 30_000),
        `seed ${seed}`,
      ).toBe(true);
      expect(world.members()).toHaveLength(8);
    }
  });

  test('makes a get of what only it holds fail with a reason, in time', () => {
    const world = new World({ seed: 3, k: 32 });
    const nodes = joinedRing(world, 2);
    const [first, second] = [at(nodes, 0), at(nodes, 1)];
    const client = world.add();
    world.connect(client, first);
    world.run(500);
    set(world, client, 'key', 'value');
    world.pause(first);
    world.pause(second);
    const before = world.now;
    const command = {
      type: 'operate',
      key: 'key',
      operation: { type: 'get' },
      consistency: 'quorum',
    } as const;
    const outcome = world.settle(client, command, 2_000);
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'ERR_TIMEOUT' } });
    expect(world.now - before).toBeLessThanOrEqual(2_001);
  });
});

describe('leaving', () => {
  test('all at once ends at once: nobody waits for anybody who has left', () => {
    for (const seed of SEEDS) {
      const { world, nodes } = filledRing(seed);
      const before = world.now;
      const commands = nodes.map((node) => world.command(node, { type: 'leave' }));
      world.runUntil(() => nodes.every((node, i) => node.outcomes.has(at(commands, i))), 20_000);
      for (const [i, node] of nodes.entries())
        expect(node.outcomes.get(at(commands, i))).toMatchObject({ ok: true });
      expect(world.now - before, `seed ${seed}`).toBeLessThan(3_000);
    }
  });

  test('is one hand-over for all commands, of which each has its own time', () => {
    for (const seed of SEEDS) {
      const { world, nodes } = filledRing(seed);
      const leaver = at(nodes, seed % 8);
      const commands = [30_000, 1, 20_000].map((ms) => world.command(leaver, { type: 'leave' }, ms));
      const outcome = (i: number): unknown => leaver.outcomes.get(at(commands, i));
      world.runUntil(() => outcome(1) !== undefined, 1_000);
      expect(outcome(1)).toMatchObject({ ok: false, failure: { code: 'ERR_TIMEOUT' } });
      world.runUntil(() => outcome(2) !== undefined, 20_000);
      expect(outcome(2), `seed ${seed}`).toMatchObject({ ok: true });
      expect(outcome(0), `seed ${seed}`).toMatchObject({ ok: true });
      expect(leaver.machine.health().entries, `seed ${seed}`).toBe(0);
    }
  });

  test('is ended by a later command where the first was given up', () => {
    for (const seed of SEEDS) {
      const { world, nodes } = filledRing(seed);
      const leaver = at(nodes, seed % 8);
      leaver.machine.cancel(world.now, world.command(leaver, { type: 'leave' }));
      succeed(world.settle(leaver, { type: 'leave' }));
      expect(leaver.machine.health().entries, `seed ${seed}`).toBe(0);
    }
  });

  test('the last member keeps its entries and is done at once', () => {
    const world = new World({ seed: 1, k: 8 });
    const node = at(joinedRing(world, 1), 0);
    set(world, node, 'key', 'value');
    succeed(world.settle(node, { type: 'leave' }));
    expect(node.machine.health().entries).toBe(1);
    succeed(world.settle(node, { type: 'join' }));
    expect(get(world, node, 'key')).toBe('value');
  });
});

function filledRing(seed: number): { world: World; nodes: WorldNode[] } {
  const world = new World({ seed, k: 32 });
  const nodes = joinedRing(world, 8);
  write(world, nodes, 'v');
  expect(
    world.runUntil(() => isMended(world), 10_000),
    `seed ${seed}`,
  ).toBe(true);
  return { world, nodes };
}

/** An ideal ring in which every arc has all its copies. */
function isMended(world: World): boolean {
  return isIdeal(world) && world.members().every((node) => node.machine.health().underReplicated === 0);
}

function write(world: World, through: readonly WorldNode[], prefix: string): void {
  for (let i = 0; i < KEYS; i++) set(world, at(through, i % through.length), `key ${i}`, `${prefix}${i}`);
}

function expectAll(world: World, through: readonly WorldNode[], prefix: string, message: string): void {
  for (let i = 0; i < KEYS; i++) {
    const reader = at(through, i % through.length);
    expect(get(world, reader, `key ${i}`), `${message}: key ${i} from ${reader.name}`).toBe(`${prefix}${i}`);
  }
}
