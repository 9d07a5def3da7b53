// An owner whose disk takes nothing does not count itself for the next set: it may come back without what
// that set is to hold, and be a majority of it together with one that was not compared yet.
import { expect, test } from 'vitest';
import { World } from '../../src/sim/world.ts';
import { isIdeal, set } from '../support/rings.ts';
import { addAt, joinAt, K, keyIn, lose } from '../support/placed.ts';

const READS = ['summarise', 'copy'];

test.each([1, 2, 3, 4])(
  'seed %i: no set is decided that counts on what its owner has not written down',
  (seed) => {
    const world = new World({ seed, k: K, onQuorumLost: 'refuse', disks: {} });
    const first = joinAt(world, 0);
    for (const position of [100, 150]) joinAt(world, position, first);
    joinAt(world, 200, first);
    joinAt(world, 230, first);
    expect(world.runUntil(() => isIdeal(world), 30_000)).toBe(true);
    world.run(3_000);
    const key = keyIn(5, 45);
    set(world, first, key, 'acknowledged');
    world.run(2_000);
    // x joins, and its disk is full; the two behind it hold what is its own now, on their disks.
    const x = addAt(world, 50);
    x.disk!.write = (now) => now + 1;
    x.disk!.finish = () => false;
    world.connect(x, first);
    world.runUntil(() => x.machine.known().length > 0, 1_000);
    world.command(x, { type: 'join' }, 20_000);
    expect(world.runUntil(() => x.machine.servesAt(40), 20_000)).toBe(true);
    world.run(3_000);
    // w joins between x and s, and what it is sent to hold is lost for a moment.
    const w = addAt(world, 70);
    lose(
      w,
      (from, { body }) => (from === x.machine.self.id && READS.includes(body.type)) || body.type === 'pulled',
    );
    let decided = false;
    world.onMessage = (from, to, { body }) => {
      if (from !== x || to !== w || body.type !== 'install') return;
      if (body.configuration.members[0]?.contact.id === x.machine.self.id) decided = true;
    };
    world.connect(w, first);
    world.runUntil(() => w.machine.known().length > 0, 1_000);
    world.command(w, { type: 'join' }, 20_000);
    // It would be decided by s and a, with x for the majority of the next set.
    expect(world.runUntil(() => decided, 5_000)).toBe(false);
  },
);
