// Two owners are cut off, or lose power, one after the other, each with an increment in hand that nobody else
// has. What the first left behind is of an earlier epoch: found, and acknowledged when it is sent again, it
// would be replaced by what the second left behind, were both kept.
import { expect, test } from 'vitest';
import type { ExplainResult } from '../../src/core/command.ts';
import { World, type WorldNode } from '../../src/sim/world.ts';
import { at, get, isIdeal, joinedRing, operate, reach, succeed } from '../support/rings.ts';

const HANGS_MS = 300_000;

const SEEDS = [1, 2, 3, 4, 5, 6];
const CASES = [
  ...SEEDS.map((seed) => ['cut off', seed] as const),
  ...SEEDS.map((seed) => ['down', seed] as const),
];

test.each(CASES)(
  'an increment that was acknowledged is not lost to one of a later owner that was not (%s, seed %i)',
  (how, seed) => {
    const world = new World({
      seed,
      k: 32,
      onQuorumLost: 'refuse',
      ...(how === 'down' ? { disks: {} } : {}),
    });
    const members = joinedRing(world, 6);
    reach(world, () => isIdeal(world, true), 60_000);
    const [first, second, third] = [world.add(), world.add(), world.add()];
    for (const client of [first, second, third]) world.connect(client, at(members, 0));
    world.run(1_000);
    operate(world, third, 'n', { type: 'delete', ifVersion: '' });
    const ownerOf = (): WorldNode => {
      const explained = succeed(world.settle(third, { type: 'explain', key: 'n' })) as ExplainResult;
      return members.find(({ machine }) => machine.self.id === explained.owner.id) as WorldNode;
    };
    /** The owner has an increment of the client in hand when both are cut off, from each other too. */
    const leaveBehind = (client: WorldNode, by: number): { owner: WorldNode; command: number } => {
      const owner = ownerOf();
      const nodes = [...members, first, second, third];
      world.partition(
        [owner],
        nodes.filter((node) => node !== owner && node !== client),
      );
      const operation = { type: 'increment', by } as const;
      const request = { type: 'operate', key: 'n', operation, consistency: 'quorum' } as const;
      const command = world.command(client, request, HANGS_MS);
      world.run(how === 'down' ? 100 : 10);
      if (how === 'down') world.crash(owner, true);
      world.partition([client], nodes);
      world.run(8_000);
      return { owner, command };
    };
    const comesBack = (node: WorldNode): void => {
      if (how === 'cut off') return;
      world.restart(node, node.machine.self.salt);
      world.connect(node, world.members().find((other) => other !== node) as WorldNode);
      world.runUntil(() => node.machine.known().length > 0, 1_000);
      world.command(node, { type: 'join' }, 60_000);
    };
    const one = leaveBehind(first, 1);
    const two = leaveBehind(second, 10);
    expect(two.owner).not.toBe(one.owner);
    // The first owner comes back, and its client is told what became of the increment.
    world.heal();
    world.partition(
      [two.owner, second],
      [...members, first, third].filter((node) => node !== two.owner),
    );
    comesBack(one.owner);
    reach(world, () => first.outcomes.has(one.command), HANGS_MS);
    world.heal();
    comesBack(two.owner);
    reach(world, () => second.outcomes.has(two.command), HANGS_MS);
    world.run(10_000);
    // Of one whose answer is that nobody knows, either may be.
    const ones = first.outcomes.get(one.command)?.ok === true ? [1] : [0, 1];
    const tens = second.outcomes.get(two.command)?.ok === true ? [10] : [0, 10];
    const sums = ones.flatMap((a) => tens.map((b) => String(a + b)));
    expect(sums).toContain(get(world, third, 'n'));
  },
  120_000,
);
