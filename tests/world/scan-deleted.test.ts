// A scan that shows a key no more, because of a deletion that no majority holds yet.
import { expect, test } from 'vitest';
import type { ScanResult } from '../../src/core/command.ts';
import { World } from '../../src/sim/world.ts';
import { get, isIdeal, set, succeed } from '../support/rings.ts';
import { joinAt, K, keyIn, lose } from '../support/placed.ts';

test.each(['get', 'scan'] as const)(
  'what a %s has shown to be deleted is deleted after the owner has died',
  (how) => {
    const world = new World({ seed: 1, k: K, onQuorumLost: 'refuse' });
    const first = joinAt(world, 0);
    const owner = joinAt(world, 100, first);
    const others = [joinAt(world, 150, first), joinAt(world, 200, first)];
    expect(world.runUntil(() => isIdeal(world), 30_000)).toBe(true);
    world.run(2_000);
    const key = keyIn(5, 95);
    set(world, first, key, 'old');
    world.run(2_000);
    for (const node of others) {
      let once = true;
      lose(node, (_, { body }) => {
        const lost = once && body.type === 'replicate' && body.entries.length > 0;
        if (lost) once = false;
        return lost;
      });
    }
    world.command(first, {
      type: 'operate',
      key,
      consistency: 'quorum',
      operation: { type: 'delete', ifVersion: '' },
    });
    world.run(20);
    let isThere: boolean;
    if (how === 'get') isThere = get(world, others[1]!, key) !== undefined;
    else {
      const cursor = { position: 1, afterKey: undefined };
      const scan = { type: 'scan', cursor, prefix: '', withValues: true } as const;
      const page = succeed(world.settle(others[1]!, scan)) as ScanResult;
      isThere = page.entries.some((entry) => entry.key === key);
    }
    expect(isThere).toBe(false);
    world.crash(owner);
    world.partition([first], [...others]);
    world.run(5_000);
    expect(get(world, others[1]!, key)).toBe(undefined);
  },
);
