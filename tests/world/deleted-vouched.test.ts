// Two neighbours are away while an entry is deleted and the deletion forgotten. They come back together: what
// one of them still holds does not speak for the other, as long as somebody is read who knows better.
import { expect, test } from 'vitest';
import { PROFILES } from '../../src/core/profile.ts';
import { World, type WorldNode } from '../../src/sim/world.ts';
import { get, isIdeal, operate, reach, set } from '../support/rings.ts';
import { beginJoin, forcedEpochs, holdsEntry, joinAt, K, keysIn, lose, names } from '../support/placed.ts';

const profile = { ...PROFILES.local, tombstoneMs: 2_000 };
const POSITION = 40;
/** What a copy is compared by. */
const COMPARES = ['summarise', 'digest', 'pull'];

test.each([1, 2, 3, 4, 5])('seed %i: what was deleted does not come back with the two', (seed) => {
  const world = new World({ seed, k: K, profile, disks: {}, onQuorumLost: 'refuse' });
  const first = joinAt(world, 10);
  const [owner, heir, voter, other] = [48, 60, 110, 150, 200].map((at) => joinAt(world, at, first)) as [
    WorldNode,
    WorldNode,
    WorldNode,
    WorldNode,
  ];
  calm(world);
  const [key, kept] = keysIn(11, POSITION, 2) as [string, string];
  for (const one of [key, kept]) set(world, first, one, 'value');
  world.run(2_000);
  expect([owner, heir, voter].every((node) => holdsEntry(node, key))).toBe(true);
  // One after the other: a majority of each set is there.
  for (const node of [owner, voter]) {
    world.crash(node);
    calm(world);
  }
  operate(world, first, key, { type: 'delete', ifVersion: '' });
  world.run(10_000);
  expect(holdsEntry(heir, key)).toBe(false);

  // One is named in the set again, and is not compared before the other one takes the arc over.
  const heirId = heir.machine.self.id;
  world.restart(voter, voter.machine.self.salt);
  let isNamed = false;
  lose(voter, (from, message) => {
    if (from !== heirId || message.direction !== 'request') return false;
    isNamed ||= names(message, voter, POSITION);
    return COMPARES.includes(message.body.type);
  });
  beginJoin(world, voter, first);
  reach(world, () => isNamed, 20_000);
  world.run(5);
  world.restart(owner, owner.machine.self.salt);
  const { id } = owner.machine.self;
  // The votes that come are those of the heir and of the one that was away.
  lose(other, (from, { body }) => from === id && body.type === 'prepare');
  beginJoin(world, owner, first);
  reach(world, () => owner.machine.servesAt(POSITION), 20_000);
  expect(get(world, first, key)).toBe(undefined);
  calm(world);
  expect([key, kept].map((one) => get(world, first, one))).toEqual([undefined, 'value']);
  expect(forcedEpochs(world)).toBe(0);
});

function calm(world: World): void {
  reach(world, () => isIdeal(world), 60_000);
  world.run(5_000);
}
