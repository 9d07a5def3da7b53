// A member is told to forget what is not its own, and the answer comes when it has become the owner's heir.
import { expect, test } from 'vitest';
import type { OperateResult } from '../../src/core/command.ts';
import { memberPosition } from '../../src/core/position.ts';
import { simulationHash } from '../../src/sim/hash.ts';
import { World } from '../../src/sim/world.ts';
import { get, isIdeal, operate, succeed } from '../support/rings.ts';
import { holdBack, holdsValue, joinAt, K, keyIn } from '../support/placed.ts';

test.each([
  [1, false],
  [1, true],
  [2, true],
  [3, true],
])(
  'seed %i: a release that comes (late: %s) while the arc is taken over leaves its entries',
  (seed, late) => {
    const world = new World({ seed, k: K, disks: {}, onQuorumLost: 'refuse' });
    const first = joinAt(world, 0);
    joinAt(world, 100, first);
    const node = joinAt(world, 120, first);
    joinAt(world, 150, first);
    joinAt(world, 200, first);
    expect(world.runUntil(() => isIdeal(world), 30_000)).toBe(true);
    const key = keyIn(5, 45);
    const add = { type: 'increment', by: 1 } as const;
    operate(world, first, key, { ...add, by: 10 });
    world.run(2_000);
    expect(holdsValue(node, key)).toBe(true);
    world.crash(node);
    expect(world.runUntil(() => isIdeal(world), 30_000)).toBe(true);
    world.run(3_000);

    // It comes back to another place, with its disk: as a client it offers what it holds.
    const name = new TextEncoder().encode(node.name);
    let salt = 0;
    while (memberPosition(simulationHash, name, salt, K) !== 50) salt += 1;
    world.restart(node, salt);
    const back = holdBack(
      world,
      node,
      (_, { body }) => late && body.type === 'offered' && body.outcome === 'release' && holdsArc(body.arc),
    );
    world.connect(node, first);
    if (late) expect(world.runUntil(() => back.held.length > 0, 2_000)).toBe(true);
    world.runUntil(() => node.machine.known().length > 0, 1_000);

    world.run(300);
    // Before the answer comes it joins, where it is the owner of the key.
    let command = 0;
    world.onMessage = (from, _, { body }) => {
      if (from !== node || body.type !== 'accept') return;
      world.onMessage = undefined;
      back.release();
    };
    // The first who asks when it serves.
    world.onInput = () => {
      if (!node.machine.servesAt(40)) return;
      world.onInput = undefined;
      world.after(0, () => {
        command = world.command(node, { type: 'operate', key, operation: add, consistency: 'quorum' });
      });
    };
    succeed(world.settle(node, { type: 'join' }));
    expect(node.machine.self.position).toBe(50);
    world.runUntil(() => node.outcomes.has(command), 20_000);
    const outcome = node.outcomes.get(command);
    expect(outcome).toBeDefined();
    const { result } = succeed(outcome!) as OperateResult;
    world.run(5_000);
    expect([
      new TextDecoder().decode((result as { value: Uint8Array }).value),
      get(world, first, key),
    ]).toEqual(['11', '11']);

    function holdsArc({ from, to }: { from: number; to: number }): boolean {
      return from < 40 && to >= 50;
    }
  },
  60_000,
);
