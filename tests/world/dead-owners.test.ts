// Dead owners: a lookup meets the dead and finds the heir, long before the next turn of stabilisation would
// have told anybody; and it does not ask the dead again and again.
import { describe, expect, test } from 'vitest';
import type { ExplainResult } from '../../src/core/command.ts';
import { PROFILES } from '../../src/core/profile.ts';
import { ExperimentWorld } from '../../src/sim/experiments/experiment-world.ts';
import { byPosition, grow, GROWING } from '../../src/sim/experiments/growth.ts';
import type { ExperimentNode } from '../../src/sim/experiments/experiment-world.ts';
import { at } from '../support/rings.ts';

const MEMBERS = 40;
const NEVER_MS = 1e12;

/** A ring in which nothing happens by itself any more. */
function stillRing(seed: number): { world: ExperimentWorld; nodes: ExperimentNode[] } {
  const profile = { ...GROWING, requestMinMs: 500, requestMaxMs: 500, evictAfterMs: 1_000 };
  const limits = { successors: 8, learnedArcs: 0 };
  const world = new ExperimentWorld({ seed, k: 32, profile, limits, delayMs: 1 });
  expect(grow(world, MEMBERS)).toMatchObject({ failed: 0, ideal: true });
  Object.assign(profile, {
    stabiliseMs: NEVER_MS,
    fingerMs: NEVER_MS,
    fingerIdleMs: NEVER_MS,
    sweepMs: NEVER_MS,
  });
  while (world.quietMs < 1e9) world.run(world.quietMs + 1);
  return { world, nodes: byPosition(world.members()) };
}

/** Looks up a key of the first of `dead`, from far away; the requests that went to dead members. */
function lookUp(
  seed: number,
  dead: number,
): { owner: string | undefined; heir: string; silent: number; ms: number } {
  const { world, nodes } = stillRing(seed);
  const first = 20;
  const owner = at(nodes, first).machine.self;
  const asker = at(nodes, 2);
  const { key } = keyOf(world, at(nodes, first - 1).machine.self.position, owner.position);
  for (let i = 0; i < dead; i++) world.crash(at(nodes, first + i));
  let silent = 0;
  let result: ExplainResult | undefined;
  world.watch = {
    sent: (from, to, { direction, body }) => {
      const asks = direction === 'request' && (body.type === 'find' || body.type === 'locate');
      if (from === asker && !to.alive && asks) silent += 1;
    },
    settled: (_node, _command, outcome) => {
      if (outcome.ok) result = outcome.value as ExplainResult;
    },
  };
  const start = world.now;
  world.command(asker, { type: 'explain', key }, PROFILES.wan.timeoutMs);
  world.runUntil(() => result !== undefined, PROFILES.wan.timeoutMs);
  const heir = at(nodes, first + dead).machine.self.id;
  return { owner: result?.owner.id, heir, silent, ms: world.now - start };
}

function keyOf(world: ExperimentWorld, from: number, to: number): { key: string } {
  for (let i = 0; ; i++) {
    const position = world.positionOf(`key ${i}`);
    if (position > from && position <= to) return { key: `key ${i}` };
  }
}

describe('a lookup whose owner is dead', () => {
  test('ends at the heir without waiting for stabilisation, and asks the dead a few times only', () => {
    for (const seed of [1, 2, 3]) {
      const { owner, heir, silent, ms } = lookUp(seed, 1);
      expect(owner, `seed ${seed}`).toBe(heir);
      expect(silent, `seed ${seed}`).toBeLessThanOrEqual(2);
      // Found silent, suspected for 1 s, and the heir told: a few request times.
      expect(ms, `seed ${seed}`).toBeLessThan(6_000);
    }
  });

  test('goes on behind several that died in a row', () => {
    for (const seed of [1, 2, 3]) {
      const { owner, heir, silent, ms } = lookUp(seed, 4);
      expect(owner, `seed ${seed}`).toBe(heir);
      expect(silent, `seed ${seed}`).toBeLessThanOrEqual(10);
      expect(ms, `seed ${seed}`).toBeLessThan(12_000);
    }
  });
});

describe('the last free positions', () => {
  test('of a full ring with short lists are found by every joiner', () => {
    for (const k of [3, 6, 8]) {
      const profile = { ...GROWING };
      const limits = { successors: 2, learnedArcs: 0 };
      const world = new ExperimentWorld({ seed: k, k, profile, limits, delayMs: 1 });
      expect(grow(world, 2 ** k, { ideal: false })).toMatchObject({ failed: 0 });
      expect(world.members()).toHaveLength(2 ** k);
    }
  });
});
