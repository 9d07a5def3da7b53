// Homes: the member through which a client routes, when the one that it had is gone.
import { expect, test } from 'vitest';
import { World } from '../../src/sim/world.ts';
import { at, get, joinedRing, set } from '../support/rings.ts';

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

test('a client that is connected to another one finds the home of that at once', () => {
  const world = new World({ seed: 1, k: 16 });
  const home = at(joinedRing(world, 1), 0);
  const [client, second] = [world.add(), world.add()];
  world.connect(client, home);
  world.run(1_000);
  world.connect(second, client);
  // A few round trips, and far less than stabilisation, at which it would ask again.
  world.run(50);
  expect(second.machine.seeksHome).toBe(false);
  set(world, second, 'a', '1');
  expect(get(world, client, 'a')).toBe('1');
});

test('a client that walks the ring waits for a home that stands still, as long as it may', () => {
  const world = new World({ seed: 1, k: 16 });
  const home = at(joinedRing(world, 1), 0);
  const client = world.add();
  world.connect(client, home);
  world.run(1_000);
  world.pause(home);
  const early = world.command(client, { type: 'ring' }, 600);
  const walk = world.command(client, { type: 'ring' }, 5_000);
  world.run(700);
  expect(client.outcomes.get(early)).toMatchObject({ ok: false, failure: { code: 'ERR_TIMEOUT' } });
  expect(client.outcomes.has(walk)).toBe(false);
  world.resume(home);
  world.run(500);
  expect(client.outcomes.get(walk)).toMatchObject({ ok: true, value: [{ self: home.machine.self }] });
});
