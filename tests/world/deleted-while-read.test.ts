// The owner of an arc reads a holder that was left behind, and that has not heard of a deletion. As long as
// it reads, the deletion is not forgotten: otherwise what was deleted would come back with what it reads.
import { expect, test } from 'vitest';
import { PROFILES } from '../../src/core/profile.ts';
import { World, type WorldNode } from '../../src/sim/world.ts';
import { get, isIdeal, operate, reach, set } from '../support/rings.ts';
import { comeBack, forcedEpochs, holdsEntry, holdsValue } from '../support/placed.ts';
import { joinAt, K, keyIn, lose } from '../support/placed.ts';

const profile = { ...PROFILES.local, tombstoneMs: 2_000 };

test.each([1, 2, 3, 4])(
  'seed %i: a deletion is kept while a former holder is read, and forgotten afterwards',
  (seed) => {
    const world = new World({ seed, k: K, disks: {}, onQuorumLost: 'heal', profile });
    const first = joinAt(world, 0);
    const [x, y, z] = [100, 130, 150, 200].map((position) => joinAt(world, position, first)) as [
      WorldNode,
      WorldNode,
      WorldNode,
    ];
    whole(world);
    const key = keyIn(5, 95);
    set(world, first, key, 'value');
    world.run(500);
    // An epoch is forced, after which all are back and compared: the lineage came after another one.
    for (const node of [y, z]) world.crash(node);
    world.run(20_000);
    for (const node of [y, z]) comeBack(world, node, first);
    whole(world);
    const before = forcedEpochs(world);
    expect(before).toBeGreaterThan(0);
    // Another one takes the place of z, which keeps what it has.
    world.crash(z);
    whole(world);
    joinAt(world, 140, first);
    whole(world);
    operate(world, first, key, { type: 'delete', ifVersion: '' });
    world.run(100);
    expect([holdsEntry(x, key), holdsValue(x, key)]).toEqual([true, false]);

    // z comes back, offers what it holds, and is read; its answers are late.
    const zId = z.machine.self.id;
    let [isAsked, isLate] = [false, true];
    lose(x, (from, { direction, body }) => {
      const isRead = from === zId && direction === 'reply' && ['digest-is', 'pulled'].includes(body.type);
      isAsked ||= isRead;
      return isRead && isLate;
    });
    comeBack(world, z, first);
    expect(holdsValue(z, key)).toBe(true);
    reach(world, () => isAsked, 10_000);
    world.run(10_000);
    const wasKept = holdsEntry(x, key);
    isLate = false;
    world.run(20_000);
    expect(forcedEpochs(world)).toBe(before);
    const read = get(world, first, key);
    expect({ wasKept, read }).toEqual({ wasKept: true, read: undefined });
    expect(holdsEntry(x, key)).toBe(false);
  },
);

function whole(world: World): void {
  reach(world, () => isIdeal(world), 30_000);
  world.run(8_000);
  expect(world.members().flatMap(({ machine }) => machine.describe()?.underReplicated ?? [])).toEqual([]);
}
