// A scan shows what no majority holds, and what is gone with its owner.
import { expect, test } from 'vitest';
import type { ScanResult } from '../../src/core/command.ts';
import { World } from '../../src/sim/world.ts';
import { get, isIdeal, set, succeed } from '../support/rings.ts';
import { holdBack, joinAt, K, keyIn } from '../support/placed.ts';

test.each(['get', 'scan'] as const)('what a %s has shown is there after the owner has died', (how) => {
  const world = new World({ seed: 1, k: K, onQuorumLost: 'refuse' });
  const first = joinAt(world, 0);
  const owner = joinAt(world, 100, first);
  const others = [joinAt(world, 150, first), joinAt(world, 200, first)];
  expect(world.runUntil(() => isIdeal(world), 30_000)).toBe(true);
  world.run(2_000);
  const key = keyIn(5, 95);
  set(world, first, key, 'old');
  world.run(2_000);
  // The write is lost on its way to both copies, once.
  for (const node of others) {
    let once = true;
    holdBack(world, node, (_, { body }) => {
      const lost = once && body.type === 'replicate' && body.entries.length > 0;
      if (lost) once = false;
      return lost;
    });
  }
  world.command(first, {
    type: 'operate',
    key,
    consistency: 'quorum',
    operation: {
      type: 'set',
      value: new TextEncoder().encode('new'),
      ttlMs: 0,
      ifAbsent: false,
      ifVersion: '',
    },
  });
  world.run(20);
  let shown: string | undefined;
  if (how === 'get') shown = get(world, others[1]!, key);
  else {
    const cursor = { position: 0, afterKey: undefined };
    const page = succeed(
      world.settle(others[1]!, {
        type: 'scan',
        cursor: { ...cursor, position: 1 },
        prefix: '',
        withValues: true,
      }),
    ) as ScanResult;
    shown = page.entries
      .filter((entry) => entry.key === key)
      .map(({ value }) => new TextDecoder().decode(value))[0];
  }
  world.crash(owner);
  world.partition([first], [...others]);
  world.run(5_000);
  expect([shown, get(world, others[1]!, key)]).toEqual([shown, shown]);
});
