// Clocks that jump while their nodes run: whoever is off goes by the time of the others and says so; nobody
// else does.
import { describe, expect, test } from 'vitest';
import { fromKey } from '../../src/core/bytes.ts';
import { versionTime } from '../../src/core/entry.ts';
import { keyPosition } from '../../src/core/position.ts';
import { simulationHash } from '../../src/sim/hash.ts';
import type { World, WorldNode } from '../../src/sim/world.ts';
import { World as SimulatedWorld } from '../../src/sim/world.ts';
import { at, get, joinedRing, operate, set } from '../support/rings.ts';

const K = 32;
const HOUR_MS = 3_600_000;
const SKEW_MAX_MS = 60_000;
const EPOCH_MS = 1_700_000_000_000;
/** A round trip and its time-out: after that it is known who is right. */
const JUDGED_MS = 1_500;

function ringOf(members: number): { world: World; nodes: WorldNode[] } {
  const world = new SimulatedWorld({ seed: 7, k: K });
  const nodes = joinedRing(world, members);
  world.run(2_000);
  return { world, nodes };
}

/** How far the version of a write is from the world's time, when the node itself owns the key. */
function aheadMs(world: World, node: WorldNode): number {
  for (let i = 0; ; i++) {
    const key = `key ${i}`;
    const now = world.now;
    if (!owns(node, key)) continue;
    const { result } = set(world, node, key, 'value');
    if (result.type !== 'stored') throw new Error(result.type);
    return versionTime(result.version) - EPOCH_MS - now;
  }
}

function owns(node: WorldNode, key: string): boolean {
  return node.machine.servesAt(keyPosition(simulationHash, fromKey(key), K));
}

function reports(node: WorldNode): string[] {
  return node.events.flatMap((event) =>
    event.type === 'error' && event.failure.code === 'ERR_CLOCK_SKEW' ? [event.failure.message] : [],
  );
}

describe('a member whose clock jumps', () => {
  test.each([HOUR_MS, -HOUR_MS])('by %i ms goes by the time of the others, and says so once', (jumpMs) => {
    const { world, nodes } = ringOf(5);
    const node = at(nodes, 2);
    world.setClock(node, jumpMs);
    // Not even at once: nobody knows yet who is right.
    expect(Math.abs(aheadMs(world, node))).toBeLessThan(SKEW_MAX_MS);
    world.run(60_000);
    expect(Math.abs(aheadMs(world, node))).toBeLessThan(SKEW_MAX_MS);
    expect(reports(node)).toHaveLength(1);
    expect(reports(node)[0]).toContain(`3600.0 s ${jumpMs > 0 ? 'ahead of' : 'behind'} the median`);
    for (const other of nodes) if (other !== node) expect(reports(other)).toEqual([]);
  });

  test('goes by its own time again once that is right, and reports the next jump anew', () => {
    const { world, nodes } = ringOf(5);
    const node = at(nodes, 0);
    world.setClock(node, HOUR_MS);
    world.run(JUDGED_MS);
    world.setClock(node, 20_000);
    world.run(JUDGED_MS);
    expect(aheadMs(world, node)).toBeGreaterThan(19_000);
    world.setClock(node, -HOUR_MS);
    world.run(JUDGED_MS);
    expect(reports(node)).toHaveLength(2);
  });

  test('keeps entries alive for as long as they were to live', () => {
    const { world, nodes } = ringOf(5);
    const value = new TextEncoder().encode('value');
    const brief = { type: 'set', value, ttlMs: 30_000, ifAbsent: false, ifVersion: '' } as const;
    operate(world, at(nodes, 0), 'brief', brief);
    const node = nodes.find((one) => owns(one, 'brief'));
    if (node === undefined) throw new Error('nobody owns it');
    world.setClock(node, HOUR_MS);
    world.run(10_000);
    expect(get(world, node, 'brief')).toBe('value');
    world.run(30_000);
    expect(get(world, node, 'brief')).toBeUndefined();
  });

  test('by less than is allowed goes by it', () => {
    const { world, nodes } = ringOf(5);
    const node = at(nodes, 1);
    world.setClock(node, 50_000);
    expect(aheadMs(world, node)).toBeGreaterThan(49_000);
    expect(reports(node)).toEqual([]);
  });
});

describe('clocks that all say the same', () => {
  test('are believed, as after a machine with all of them has slept', () => {
    const { world, nodes } = ringOf(4);
    for (const node of nodes) world.setClock(node, HOUR_MS);
    world.run(JUDGED_MS);
    expect(aheadMs(world, at(nodes, 0))).toBeGreaterThan(HOUR_MS - 1_000);
    for (const node of nodes) expect(reports(node)).toEqual([]);
  });
});

describe('a clock that drifts away little by little', () => {
  test('is noticed within a hundred stabilisations', () => {
    const { world, nodes } = ringOf(4);
    const node = at(nodes, 3);
    for (let skewMs = 0; skewMs < 200_000; skewMs += 10_000) {
      world.setClock(node, skewMs);
      world.run(5_000);
    }
    expect(Math.abs(aheadMs(world, node))).toBeLessThan(SKEW_MAX_MS + 10_000);
    expect(reports(node)).toHaveLength(1);
  });
});

describe('of two members', () => {
  test('nobody can say which is wrong, so each goes by its own clock', () => {
    const { world, nodes } = ringOf(2);
    world.setClock(at(nodes, 0), HOUR_MS);
    world.run(JUDGED_MS);
    expect(aheadMs(world, at(nodes, 0))).toBeGreaterThan(HOUR_MS - 1_000);
    for (const node of nodes) expect(reports(node)).toEqual([]);
  });
});
