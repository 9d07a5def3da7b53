// A member that holds what nobody else does is told of the new lineage before it is read, and is left out of
// the next set: it is read before it is let go, although what it offers is of the owner's lineage.
import { expect, test } from 'vitest';
import type { Message } from '../../src/core/message.ts';
import type { WorldNode } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import { get, isIdeal, reach, set } from '../support/rings.ts';
import { addAt, joinAt, K, keyIn, lose } from '../support/placed.ts';

const READS = ['summarise', 'digest', 'pull', 'fetch', 'pull-past'];

test.each([2, 3, 4, 5, 6])(
  'seed %i: what was acknowledged, and is on a disk that comes back, is read',
  (seed) => {
    const world = new World({ seed, k: K, disks: {}, onQuorumLost: 'heal' });
    const first = joinAt(world, 0);
    const [x, y, z] = [50, 100, 150].map((position) => joinAt(world, position, first)) as [
      WorldNode,
      WorldNode,
      WorldNode,
    ];
    joinAt(world, 200, first);
    calm();
    const key = keyIn(5, 45);
    set(world, first, key, 'old');
    calm();
    // y misses the write, which x and z have: both are gone, and y goes on.
    let misses = true;
    const owner = x.machine.self.id;
    lose(
      y,
      (from, { body }) => misses && from === owner && body.type === 'replicate' && body.entries.length > 0,
    );
    set(world, first, key, 'new');
    for (const node of [x, z]) world.crash(node);
    misses = false;
    calm();
    expect(get(world, first, key)).toBe('old');
    expect(y.events.some(({ type }) => type === 'degraded')).toBe(true);

    // z is back with its disk. It is told of y's next set, and cannot be read yet.
    let [isNamed, isRead] = [false, false];
    world.restart(z, z.machine.self.salt);
    const [yId, zId] = [y.machine.self.id, z.machine.self.id];
    const isOfY = (from: string, { direction }: Message): boolean => from === yId && direction === 'request';
    lose(z, (from, message) => {
      if (!isOfY(from, message)) return false;
      const { body } = message;
      if (body.type === 'install' && body.arc.to !== 150)
        isNamed ||= body.configuration.members.some(({ contact }) => contact.id === zId);
      return !isRead && READS.includes(body.type);
    });
    join(z);
    reach(world, () => isNamed, 20_000);
    world.run(5);
    // It is cut off from y, and two members join between them.
    world.partition([y], [z]);
    for (const position of [112, 125]) {
      const node = addAt(world, position);
      join(node);
      reach(world, () => node.machine.member, 20_000);
    }
    world.run(5_000);
    world.heal();
    isRead = true;
    calm();
    world.run(20_000);
    expect(get(world, first, key)).toBe('new');

    function calm(): void {
      reach(world, () => isIdeal(world), 30_000);
      world.run(3_000);
    }

    function join(node: WorldNode): void {
      world.connect(node, first);
      world.runUntil(() => node.machine.known().length > 0, 1_000);
      world.command(node, { type: 'join' }, 60_000);
    }
  },
);
