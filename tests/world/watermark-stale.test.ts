// Who comes back with what was deleted is told the watermark before it is compared, and is believed then.
import { expect, test } from 'vitest';
import { PROFILES } from '../../src/core/profile.ts';
import { World } from '../../src/sim/world.ts';
import { get, isIdeal, operate, set } from '../support/rings.ts';
import { comeBack, holdBack, holdsValue, joinAt, K, keyIn } from '../support/placed.ts';

const profile = { ...PROFILES.local, tombstoneMs: 2_000 };
const EXCHANGE = ['summarise', 'digest', 'pull', 'copy', 'fetch', 'pull-past', 'void', 'collect'];

test.each([1, 2, 3])(
  'seed %i: a deletion that was collected stays',
  (seed) => {
    const world = new World({ seed, k: K, profile, disks: {}, onQuorumLost: 'refuse' });
    const first = joinAt(world, 0);
    const owner = joinAt(world, 100, first);
    const heir = joinAt(world, 150, first);
    const away = joinAt(world, 152, first);
    joinAt(world, 200, first);
    const calm = (): void => {
      expect(world.runUntil(() => isIdeal(world), 30_000)).toBe(true);
      world.run(5_000);
    };
    calm();
    const key = keyIn(5, 95);
    set(world, first, key, 'old');
    world.run(500);
    expect(holdsValue(away, key)).toBe(true);
    world.crash(away);
    calm();
    operate(world, first, key, { type: 'delete', ifVersion: '' });
    world.run(10_000);
    expect(
      world
        .members()
        .flatMap(({ machine }) => [...machine.held()])
        .some(({ entry }) => entry.key === key),
    ).toBe(false);

    // The owner dies, and the other is back before anybody has noticed; what compares it is slow.
    world.crash(owner, true);
    comeBack(world, away, first);
    expect(heir.machine.servesAt(50)).toBe(false);
    expect(holdsValue(away, key)).toBe(true);
    holdBack(
      world,
      away,
      (_, { direction, body }) => direction === 'request' && EXCHANGE.includes(body.type),
    );
    world.runUntil(() => heir.machine.servesAt(50), 10_000);
    world.run(1_000);
    expect(get(world, first, key)).toBeUndefined();
    world.crash(heir);
    world.runUntil(() => world.members().some(({ machine }) => machine.servesAt(50)), 20_000);
    world.run(5_000);
    expect(get(world, first, key)).toBeUndefined();
  },
  60_000,
);
