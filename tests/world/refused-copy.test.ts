// A copy refuses a write while it is compared, because it has promised the epoch to a joiner that dies.
import { expect, test } from 'vitest';
import type { OperateResult } from '../../src/core/command.ts';
import { World } from '../../src/sim/world.ts';
import { isIdeal, set, succeed } from '../support/rings.ts';
import { addAt, holdBack, holdsValue, joinAt, K, keyIn } from '../support/placed.ts';

test.each([1, 2, 6, 8])(
  'seed %i: it is not counted as complete without the write',
  (seed) => {
    const world = new World({ seed, k: K, onQuorumLost: 'refuse' });
    const first = joinAt(world, 0);
    const owner = joinAt(world, 100, first);
    const third = joinAt(world, 200, first);
    expect(world.runUntil(() => isIdeal(world), 30_000)).toBe(true);
    world.run(2_000);
    const [early, late] = [keyIn(52, 70), keyIn(80, 99)];
    set(world, first, late, 'x');
    world.run(1_000);

    // A copy joins; the answer that ends its comparison with the owner takes its time.
    const copy = addAt(world, 110);
    const slow = holdBack(
      world,
      owner,
      (from, { body }) => from === copy.machine.self.id && body.type === 'copied',
    );
    world.connect(copy, first);
    world.runUntil(() => copy.machine.known().length > 0, 1_000);
    succeed(world.settle(copy, { type: 'join' }));
    expect(world.runUntil(() => slow.held.length > 0, 1_000)).toBe(true);

    // A joiner asks for the part before 50, is heard by the copy alone, and dies.
    const joiner = addAt(world, 50);
    for (const node of [owner, third, first])
      holdBack(world, node, (from, { body }) => from === joiner.machine.self.id && body.type === 'prepare');
    let promised = false;
    const silent = holdBack(world, joiner, (from, { body }) => {
      promised ||= from === copy.machine.self.id && body.type === 'voted';
      return promised;
    });
    world.connect(joiner, first);
    world.runUntil(() => joiner.machine.known().length > 0, 1_000);
    world.command(joiner, { type: 'join' });
    world.runUntil(() => promised, 1_000);
    expect({ promised, slow: slow.held.length, silent: silent.held.length > 0 }).toMatchObject({
      promised: true,
      slow: 1,
    });
    world.crash(joiner);

    // A write is acknowledged by the owner and the third; then the answer comes.
    const number = world.command(owner, {
      type: 'operate',
      key: early,
      consistency: 'quorum',
      operation: {
        type: 'set',
        value: new TextEncoder().encode('w'),
        ttlMs: 0,
        ifAbsent: false,
        ifVersion: '',
      },
    });
    world.runUntil(() => owner.outcomes.has(number), 5_000);
    expect((succeed(owner.outcomes.get(number)!) as OperateResult).result.type).toBe('stored');
    slow.release();
    expect(world.runUntil(() => isIdeal(world), 30_000)).toBe(true);
    world.run(10_000);
    const { underReplicated, served } = owner.machine.describe()!;
    expect({ underReplicated, holds: holdsValue(copy, early), served: served.length }).toEqual({
      underReplicated: [],
      holds: true,
      served: served.length,
    });
  },
  60_000,
);
