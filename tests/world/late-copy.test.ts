// A copy that the former owner sent comes to the next one between what that has given to the others and the
// decision: it is read there, and must not be gone with that owner.
import { expect, test } from 'vitest';
import { World } from '../../src/sim/world.ts';
import { get, isIdeal } from '../support/rings.ts';
import { addAt, holdBack, holdsValue, joinAt, K, keyIn, lose } from '../support/placed.ts';

test.each([1, 2, 3, 4])(
  'seed %i: what was read once is read again',
  (seed) => {
    const world = new World({ seed, k: K, onQuorumLost: 'refuse' });
    const first = joinAt(world, 0);
    const o = joinAt(world, 50, first);
    const y = joinAt(world, 100, first);
    const z = joinAt(world, 150, first);
    joinAt(world, 200, first);
    expect(world.runUntil(() => isIdeal(world), 30_000)).toBe(true);
    world.run(3_000);
    const key = keyIn(5, 45);
    world.run(2_000);
    const oId = o.machine.self.id;
    // x joins behind o, which compares it, and does not hear of its life for a moment.
    const x = addAt(world, 70);
    const xId = x.machine.self.id;
    lose(o, (from, { body }) => from === xId && (body.type === 'summary' || body.type === 'inspected'));
    const copy = holdBack(world, x, (from, { direction, body }) => {
      if (from !== oId || direction !== 'request' || body.type !== 'copy') return false;
      return body.entries.some((entry) => entry.key === key);
    });
    world.connect(x, first);
    world.runUntil(() => x.machine.known().length > 0, 1_000);
    world.command(x, { type: 'join' }, 20_000);
    const isNext = (): boolean => o.machine.neighbourhood.successors[0]?.id === xId;
    expect(world.runUntil(isNext, 5_000)).toBe(true);
    for (const node of [y, z]) {
      lose(node, (from, { body }) => from === oId && body.type === 'replicate' && body.entries.length > 0);
    }
    const operation = {
      type: 'set',
      value: new TextEncoder().encode('new'),
      ttlMs: 0,
      ifAbsent: false,
      ifVersion: '',
    } as const;
    world.command(o, { type: 'operate', key, operation, consistency: 'quorum' }, 500);
    expect(world.runUntil(() => copy.held.length > 0, 500)).toBe(true);
    world.crash(o);
    // x takes over; the copy comes when it has given the others all that it has.
    let accepting = false;
    world.onMessage = (from, _, { body }) => {
      if (from === x && body.type === 'accept' && body.arc.to === 50) accepting = true;
    };
    expect(world.runUntil(() => accepting, 20_000)).toBe(true);
    copy.release();
    world.onMessage = undefined;
    expect(holdsValue(x, key)).toBe(true);
    // Copies from x are lost from now on.
    for (const node of [y, z]) lose(node, (from, { body }) => from === xId && body.type === 'copy');
    expect(world.runUntil(() => x.machine.servesAt(40), 5_000)).toBe(true);
    const shown = get(world, y, key);
    world.crash(x);
    world.run(10_000);
    expect([shown, get(world, y, key)]).toEqual([shown, shown]);
  },
  60_000,
);
