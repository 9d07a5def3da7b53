// Homes: the member through which a client routes, when the one that it had is gone.
import { expect, test } from 'vitest';
import { World } from '../../src/sim/world.ts';
import { get, joinedRing, set } from '../support/rings.ts';

test.each([1, 2, 3, 4, 5])(
  'a client finds the one living home among those that died without a word (seed %i)',
  (seed) => {
    const world = new World({ seed, k: 16 });
    const members = joinedRing(world, 4);
    const client = world.add();
    for (const member of members) world.connect(client, member);
    world.run(1_000);
    for (const member of members.slice(0, 3)) world.crash(member, true);
    world.run(10_000);
    set(world, client, 'a', '1');
    expect(get(world, client, 'a')).toBe('1');
  },
);
