// A member that came back is told to forget what was deleted, in the name of an epoch that is over.
import { expect, test } from 'vitest';
import { PROFILES } from '../../src/core/profile.ts';
import { World } from '../../src/sim/world.ts';
import { get, isIdeal, operate, set } from '../support/rings.ts';
import { comeBack, holdBack, holdsValue, joinAt, K, keyIn, keysIn } from '../support/placed.ts';

const profile = { ...PROFILES.local, tombstoneMs: 2_000 };

test.each(Array.from({ length: 12 }, (_, i) => i + 1))(
  'seed %i: it has forgotten it once it is counted as a copy',
  (seed) => {
    const world = new World({
      seed,
      k: K,
      profile,
      disks: {},
      onQuorumLost: 'refuse',
      limits: { history: 1 },
      network: { delayMs: 0.5 + (seed % 4) },
    });
    const first = joinAt(world, 0);
    const owner = joinAt(world, 100, first);
    const away = joinAt(world, 150, first);
    joinAt(world, 200, first);
    const calm = (): void => {
      expect(world.runUntil(() => isIdeal(world), 30_000)).toBe(true);
      world.run(5_000);
    };
    calm();
    const key = keyIn(5, 95);
    for (const one of keysIn(5, 95, 20)) set(world, first, one, 'old');
    world.run(500);
    expect(holdsValue(away, key)).toBe(true);
    world.crash(away);
    calm();
    operate(world, first, key, { type: 'delete', ifVersion: '' });
    world.run(10_000);
    // What the deletion replaced is forgotten by all: others were replaced since.
    for (const text of ['a', 'b']) set(world, first, keyIn(205, 250), text);
    // The comparison takes longer than the decision by which it becomes one of the set again.
    const slow = holdBack(
      world,
      owner,
      (from, { body }) => from === away.machine.self.id && body.type === 'digest-is',
    );
    comeBack(world, away, first);
    world.runUntil(() => slow.held.length > 0, 1_000);
    world.run(100);
    slow.release();
    calm();
    expect(owner.machine.describe()?.underReplicated).toEqual([]);
    const held = holdsValue(away, key);
    world.crash(owner);
    calm();
    expect({ held, read: get(world, first, key) }).toEqual({ held: false, read: undefined });
  },
  60_000,
);
