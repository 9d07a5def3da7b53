// 'heal': both sides of a partition went on, and one has shown a write of which the other never heard. When
// they meet, an owner of the other side takes that for left behind, and tells its holder to forget it: in the
// holder's own lineage it is in force, and it is the newest version.
import { expect, test } from 'vitest';
import { World } from '../../src/sim/world.ts';
import { beginSet, comeBack, isWrite, joinAt, K, keyIn, lose, setSync, textOf } from '../support/placed.ts';
import { get, isIdeal, reach, set } from '../support/rings.ts';

/** Longer than each side takes to go on by itself, and the two to become one again. */
const CALM_MS = 30_000;

test.each([2, 6, 7, 11, 13])('seed %i: what one side has shown is not forgotten for the other', (seed) => {
  const world = new World({ seed, k: K, disks: {}, onQuorumLost: 'heal' });
  const first = joinAt(world, 0);
  const owner = joinAt(world, 100, first);
  const holder = joinAt(world, 150, first);
  const deaf = joinAt(world, 200, first);
  const client = world.add();
  world.connect(client, first);
  reach(world, () => isIdeal(world), 30_000);
  world.run(3_000);
  const key = keyIn(5, 95);
  set(world, first, key, 'old');
  world.run(1_000);

  let isDeaf = true;
  lose(deaf, (_, message) => isDeaf && isWrite(message));
  let voided = 0;
  lose(holder, (_, { body }) => {
    if (body.type === 'void') voided += body.items.length;
    return false;
  });
  setSync(owner, 1e9);
  beginSet(world, client, { key, text: 'new', ms: 300 });
  reach(world, () => textOf(holder, key) === 'new', 1_000);
  world.partition([client], [first, owner, holder, deaf]);
  world.partition([holder], [first, owner, deaf]);
  world.crash(owner, true);
  setSync(owner, 1);
  comeBack(world, owner, first);
  world.run(CALM_MS);
  isDeaf = false;
  expect(get(world, holder, key)).toBe('new');
  expect(get(world, first, key)).toBe('old');
  world.heal();
  world.run(CALM_MS);
  expect(voided).toBeGreaterThan(0);
  expect(get(world, first, key)).toBe('new');
});
