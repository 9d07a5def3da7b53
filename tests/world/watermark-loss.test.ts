// Who was told a watermark without holding anything is believed, and who holds everything is not.
import { expect, test } from 'vitest';
import { PROFILES } from '../../src/core/profile.ts';
import { World } from '../../src/sim/world.ts';
import { get, isIdeal, operate, set } from '../support/rings.ts';
import { holdBack, holdsValue, joinAt, K, keysIn } from '../support/placed.ts';

const profile = { ...PROFILES.local, tombstoneMs: 2_000 };
const EXCHANGE = ['summarise', 'digest', 'pull', 'copy', 'fetch', 'pull-past'];

test.each([
  [1, false],
  [1, true],
  [2, true],
  [3, true],
])(
  'seed %i: entries older than a deletion that was collected (%s) survive the loss of two owners',
  (seed, deletes) => {
    const world = new World({ seed, k: K, profile, onQuorumLost: 'refuse' });
    const first = joinAt(world, 0);
    const owner = joinAt(world, 100, first);
    const heir = joinAt(world, 150, first);
    const third = joinAt(world, 200, first);
    expect(world.runUntil(() => isIdeal(world), 30_000)).toBe(true);
    world.run(2_000);
    const [key, deleted] = keysIn(5, 95, 2) as [string, string];
    set(world, first, key, 'kept');
    set(world, first, deleted, 'value');
    if (deletes) operate(world, first, deleted, { type: 'delete', ifVersion: '' });
    world.run(10_000);
    expect([owner, heir, third].every((node) => holdsValue(node, key))).toBe(true);

    // The owner dies; a member joins behind the heir, and is not brought up to date yet.
    world.crash(owner, true);
    const slow = joinAt(world, 152, first);
    expect(heir.machine.servesAt(50)).toBe(false);
    holdBack(
      world,
      slow,
      (_, { direction, body }) => direction === 'request' && EXCHANGE.includes(body.type),
    );
    world.runUntil(() => heir.machine.servesAt(50), 10_000);
    world.run(1_000);
    // Another one joins behind it, and gets everything.
    const fresh = joinAt(world, 155, first);
    world.run(3_000);
    expect(heir.machine.servesAt(50)).toBe(true);
    expect(get(world, first, key)).toBe('kept');
    expect(holdsValue(fresh, key)).toBe(true);
    expect(holdsValue(slow, key)).toBe(false);

    // One member of {heir, slow, fresh} is lost: its entries are on the majority {heir, fresh}.
    world.crash(heir);
    world.runUntil(() => slow.machine.servesAt(50), 20_000);
    world.run(5_000);
    expect({
      read: get(world, first, key),
      held: [slow, fresh, third].filter((node) => holdsValue(node, key)).length > 0,
    }).toEqual({ read: 'kept', held: true });
  },
  60_000,
);
