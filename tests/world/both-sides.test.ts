// Both sides of a partition, written on: with 'heal' both go on, say that they are degraded, and the newest
// version of each key is everywhere afterwards; with 'refuse' whoever lacks a majority says so, and what all
// saw is linearizable.
import { describe, expect, test } from 'vitest';
import { PROFILES } from '../../src/core/profile.ts';
import { Random } from '../../src/core/random.ts';
import { copies, copiesProblem } from '../../src/sim/checks/copies-agree.ts';
import { linearizable } from '../../src/sim/checks/linearizable.ts';
import { Clients } from '../../src/sim/clients.ts';
import { History } from '../../src/sim/history.ts';
import { Workload } from '../../src/sim/workload.ts';
import type { WorldNode } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import { at, isIdeal, joinedRing, operate, set } from '../support/rings.ts';

const SEEDS = Array.from({ length: 8 }, (_, i) => i + 1);
const K = 32;
const REPLICAS = 3;
const KEYS = 30;
/** Long enough that every arc is served again, or will not be, on each side. */
const APART_MS = 10_000;
const TOGETHER_MS = 60_000;

describe("a ring that is cut in two, with 'heal'", () => {
  test('goes on on both sides, and every copy is the newest once it is one again', () => {
    for (const seed of SEEDS) {
      const world = new World({ seed, k: K, replicas: REPLICAS });
      const nodes = joinedRing(world, 8);
      for (const key of keys()) set(world, at(nodes, 0), key, 'before');
      // With fewer than three on a side the others may keep every majority.
      const cut = 3 + (seed % 3);
      const sides = [nodes.slice(0, cut), nodes.slice(cut)];
      world.partition(at(sides, 0), at(sides, 1));
      world.run(APART_MS);
      for (const side of sides) expect(side.some(isDegraded), `seed ${seed}`).toBe(true);
      const newest = writeOnBoth(world, sides);
      world.heal();
      const isWhole = (): boolean =>
        isIdeal(world) &&
        world.members().length === nodes.length &&
        copiesProblem(world, K, REPLICAS) === undefined;
      expect(world.runUntil(isWhole, TOGETHER_MS), `seed ${seed}: ${copiesProblem(world, K, REPLICAS)}`).toBe(
        true,
      );
      expectNewest(world, newest, seed);
    }
  });
});

interface Written {
  readonly version: string;
  /** Undefined: deleted. */
  readonly value: string | undefined;
}

/** Each side writes or deletes every key, some first on the one and some first on the other. */
function writeOnBoth(world: World, sides: readonly WorldNode[][]): Map<string, Written> {
  const newest = new Map<string, Written>();
  for (const [i, key] of keys().entries()) {
    const order = i % 2 === 0 ? [0, 1] : [1, 0];
    for (const side of order) {
      const node = at(at(sides, side), i % at(sides, side).length);
      const deletes = i % 5 === 0 && side === order[1];
      const value = `side ${side} ${i}`;
      const { result } = deletes
        ? operate(world, node, key, { type: 'delete', ifVersion: '' })
        : set(world, node, key, value);
      if (!('version' in result)) throw new Error(`${result.type} of "${key}"`);
      const written = { version: result.version, value: deletes ? undefined : value };
      if (written.version > (newest.get(key)?.version ?? '')) newest.set(key, written);
      world.run(5);
    }
  }
  return newest;
}

function expectNewest(world: World, newest: ReadonlyMap<string, Written>, seed: number): void {
  const held = copies(world);
  for (const [key, { version, value }] of newest) {
    const entries = held.get(key)?.map(({ entry }) => entry) ?? [];
    expect(entries, `seed ${seed} "${key}"`).toHaveLength(REPLICAS);
    for (const entry of entries) {
      const text = entry.value === undefined ? undefined : new TextDecoder().decode(entry.value);
      expect([entry.version, text], `seed ${seed} "${key}"`).toEqual([version, value]);
    }
  }
}

describe("a ring that is cut in two, with 'refuse'", () => {
  test('answers ERR_QUORUM where one of three members is alone, and goes on with the two', () => {
    for (const seed of SEEDS) {
      const world = new World({ seed, k: K, replicas: REPLICAS, onQuorumLost: 'refuse' });
      const nodes = joinedRing(world, 3);
      for (const key of keys()) set(world, at(nodes, 0), key, 'before');
      const [alone, ...both] = nodes as [WorldNode, ...WorldNode[]];
      world.partition([alone], both);
      world.run(APART_MS);
      for (const key of keys()) {
        expect(failureOf(world, alone, key), `seed ${seed} "${key}"`).toBe('ERR_QUORUM');
        set(world, at(both, 0), key, 'after');
      }
      world.heal();
      expect(
        world.runUntil(() => isIdeal(world) && isComplete(world), TOGETHER_MS),
        `seed ${seed}`,
      ).toBe(true);
      for (const key of keys()) {
        const { result } = operate(world, alone, key, { type: 'get' });
        expect(result, `seed ${seed} "${key}"`).toMatchObject({ type: 'value', value: bytes('after') });
      }
      expect(nodes.some(isDegraded)).toBe(false);
    }
  });

  test('shows its programs a linearizable history, on whichever side they are', () => {
    for (const seed of SEEDS.slice(0, 4)) {
      const world = new World({ seed, k: K, replicas: REPLICAS, onQuorumLost: 'refuse' });
      const nodes = joinedRing(world, 8);
      const history = new History();
      const clients = new Clients(world, new Random(seed), new Workload(new Random(seed + 1)), history, 6);
      const cut = 2 + (seed % 5);
      clients.start();
      for (let i = 0; i < 3; i++) {
        clients.burst();
        world.run(2_000);
        world.partition(nodes.slice(0, cut), nodes.slice(cut));
        clients.burst();
        world.run(8_000);
        world.heal();
        world.runUntil(() => isIdeal(world), TOGETHER_MS);
      }
      clients.stop();
      world.run(6_000);
      for (const read of clients.readAll())
        expect(read.failure, `seed ${seed} "${read.key}"`).toBeUndefined();
      const { finding, undecided } = linearizable(history);
      expect({ finding, undecided }, `seed ${seed}`).toEqual({ finding: undefined, undecided: 0 });
      expect(history.operations.length).toBeGreaterThan(500);
      expect(nodes.some(isDegraded)).toBe(false);
    }
  });
});

describe('the survivor of two members', () => {
  // A process that was killed is missed at once; one without power, when its first answer is due.
  const { evictAfterMs, requestMinMs, stabiliseMs } = PROFILES.local;
  test.each([
    ['was killed', false, evictAfterMs + requestMinMs],
    ['lost power', true, evictAfterMs + requestMinMs * 3 + stabiliseMs],
  ])("goes on with 'heal' evictAfterMs after it missed the other, which %s", (_how, silently, withinMs) => {
    for (const seed of SEEDS) {
      const world = new World({ seed, k: K });
      const [survivor, other] = joinedRing(world, 2) as [WorldNode, WorldNode];
      for (const key of keys()) set(world, survivor, key, 'before');
      world.run(1_000);
      const died = world.now;
      world.crash(other, silently);
      expect(world.runUntil(() => isDegraded(survivor) && survivor.machine.serving, 60_000)).toBe(true);
      expect(world.now - died, `seed ${seed}`).toBeLessThanOrEqual(withinMs);
      for (const key of keys()) set(world, survivor, key, 'after');
    }
  });
});

function keys(): string[] {
  return Array.from({ length: KEYS }, (_, i) => `key ${i}`);
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function isDegraded(node: WorldNode): boolean {
  return node.events.some(({ type }) => type === 'degraded');
}

function isComplete(world: World): boolean {
  return copiesProblem(world, K, REPLICAS) === undefined;
}

function failureOf(world: World, node: WorldNode, key: string): string | undefined {
  const operation = { type: 'set', value: bytes('alone'), ttlMs: 0, ifAbsent: false, ifVersion: '' } as const;
  const outcome = world.settle(node, { type: 'operate', key, operation, consistency: 'quorum' }, 2_000);
  return outcome.ok ? undefined : outcome.failure.code;
}
