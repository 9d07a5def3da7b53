// A write that is repeated at an owner which does not know how far the memory of the others reached back.
import { expect, test } from 'vitest';
import { World, type WorldNode } from '../../src/sim/world.ts';
import { get, isIdeal, operate, set } from '../support/rings.ts';
import { holdBack, joinAt, K, keyIn, keysIn } from '../support/placed.ts';

const INCREMENT = { type: 'increment', by: 1 } as const;

/** A client's increment is carried out, its answer is lost, and it is asked for again after `meanwhile`. */
function repeated(
  world: World,
  members: WorldNode[],
  meanwhile: (key: string, other: WorldNode) => void,
): void {
  const first = members[0] as WorldNode;
  const [client, other] = [world.add(), world.add()];
  for (const one of [client, other]) world.connect(one, first);
  world.run(1_000);
  const key = keyIn(5, 45);
  expect(get(world, client, key)).toBeUndefined();
  let loses = true;
  const lost = holdBack(world, client, (_, { body }) => loses && body.type === 'operated');
  const command = world.command(
    client,
    { type: 'operate', key, operation: INCREMENT, consistency: 'quorum' },
    60_000,
  );
  expect(world.runUntil(() => lost.held.length > 0, 1_000)).toBe(true);
  world.partition(
    [client],
    world.nodes.filter((node) => node !== client),
  );
  operate(world, other, key, INCREMENT);
  expect(get(world, other, key)).toBe('2');
  meanwhile(key, other);
  world.run(1_500);
  loses = false;
  world.heal();
  world.runUntil(() => client.outcomes.has(command), 60_000);
  const outcome = client.outcomes.get(command);
  // Either it is recognised, or it is said that nobody knows: never is it done twice.
  expect({ ok: outcome?.ok, read: get(world, other, key) }).toMatchObject({ read: '2' });
}

function ring(seed: number, options: object): { world: World; members: WorldNode[] } {
  const world = new World({ seed, k: K, onQuorumLost: 'refuse', ...options });
  const first = joinAt(world, 0);
  const members = [first, ...[100, 150, 200].map((position) => joinAt(world, position, first))];
  expect(world.runUntil(() => isIdeal(world), 30_000)).toBe(true);
  world.run(2_000);
  return { world, members };
}

test.each([
  [1, false],
  [1, true],
  [2, true],
])(
  'seed %i: others have forgotten it, and a member has joined (%s) that owns the key now',
  (seed, joins) => {
    const { world, members } = ring(seed, { limits: { history: 4 } });
    repeated(world, members, (key, other) => {
      for (const one of keysIn(55, 95, 6)) {
        if (one === key) continue;
        set(world, other, one, 'a'); // of the same owner, on the same copies
        set(world, other, one, 'b');
      }
      if (joins) joinAt(world, 50, members[0]);
      expect(world.runUntil(() => isIdeal(world), 10_000)).toBe(true);
    });
  },
  60_000,
);

test.each([1, 2])(
  'seed %i: all members were without power for a moment',
  (seed) => {
    const { world, members } = ring(seed, { disks: {} });
    repeated(world, members, () => {
      for (const node of members) world.crash(node, true);
      world.run(500);
      const first = members[0] as WorldNode;
      for (const node of members) world.restart(node, node.machine.self.salt);
      for (const node of members.slice(1)) world.connect(node, first);
      world.run(50);
      const commands = members.map((node) => world.command(node, { type: 'join' }));
      world.runUntil(() => members.every((node, i) => node.outcomes.has(commands[i]!)), 20_000);
      expect(world.runUntil(() => isIdeal(world), 20_000)).toBe(true);
    });
  },
  60_000,
);
