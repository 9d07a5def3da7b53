// What is left behind. By an owner that is cut off with a write in hand: its successors never heard of it, so
// when the write is sent again it has to be carried out, although the former owner remembers it. And with a
// member that has left: a copy that was on its way to it does not stay there.
import { expect, test } from 'vitest';
import type { ExplainResult } from '../../src/core/command.ts';
import { World } from '../../src/sim/world.ts';
import { at, get, isIdeal, joinedRing, operate, set, succeed } from '../support/rings.ts';

const INCREMENT = { type: 'increment', by: 1 } as const;

test.each([1, 2, 3, 4, 5])(
  'a write that only a lost owner knew of is carried out when it is sent again (seed %i)',
  (seed) => {
    const world = new World({ seed, k: 32, onQuorumLost: 'refuse' });
    const members = joinedRing(world, 5);
    expect(world.runUntil(() => isIdeal(world, true), 60_000)).toBe(true);
    const [first, second] = [world.add(), world.add()];
    for (const client of [first, second]) world.connect(client, at(members, 0));
    world.run(1_000);
    operate(world, first, 'n', { type: 'delete', ifVersion: '' });
    const explained = succeed(world.settle(first, { type: 'explain', key: 'n' })) as ExplainResult;
    const owner = members.find(({ machine }) => machine.self.id === explained.owner.id);
    const others = [...members, second].filter((node) => node !== owner);
    expect(owner).toBeDefined();
    if (owner === undefined) return;
    world.partition([owner], others);
    const command = world.command(
      first,
      { type: 'operate', key: 'n', operation: INCREMENT, consistency: 'quorum' },
      60_000,
    );
    // It has the write in hand, and nobody hears of it any more.
    world.run(10);
    world.partition([owner], [first]);
    world.run(100);
    // Those that stay do without it; meanwhile nobody answers the first client.
    world.partition([first], members);
    world.run(8_000);
    expect(first.outcomes.has(command)).toBe(false);
    operate(world, second, 'n', INCREMENT);
    // The lost owner hears of the others before it is asked again: it would say that they are away.
    world.heal();
    world.partition([first], members);
    expect(world.runUntil(() => isIdeal(world), 20_000)).toBe(true);
    world.heal();
    world.runUntil(() => first.outcomes.has(command), 60_000);
    expect(first.outcomes.get(command)).toMatchObject({ ok: true });
    expect(get(world, second, 'n')).toBe('2');
  },
  60_000,
);

test('a copy that reaches a member after it has left goes on to its owner, and is forgotten there', () => {
  const world = new World({ seed: 1, k: 32 });
  const members = joinedRing(world, 6);
  const [sender, leaver] = [at(members, 0), at(members, 5)];
  const { result } = set(world, sender, 'n', 'value');
  expect(world.runUntil(() => isIdeal(world), 60_000)).toBe(true);
  succeed(world.settle(leaver, { type: 'leave' }));
  // Long after what it held has gone, and after it has found a home as a client.
  world.run(10_000);
  expect(leaver.machine.health()).toMatchObject({ member: false, storeBytes: 0 });
  const version = result.type === 'stored' ? result.version : '';
  const value = new TextEncoder().encode('value');
  const entry = { key: 'n', value, version, expiresAt: 0, operation: '', previous: '' };
  const base = { lineage: 'lineage', epoch: 1 };
  const body = { type: 'copy', arc: { from: 0, to: 0 }, base, entries: [entry], past: false } as const;
  leaver.machine.handleMessage(world.now, sender.machine.self.id, {
    direction: 'request',
    number: 1e9,
    body,
  });
  expect(leaver.machine.health().storeBytes).toBeGreaterThan(0);
  expect(world.runUntil(() => leaver.machine.health().storeBytes === 0, 60_000)).toBe(true);
  expect(get(world, leaver, 'n')).toBe('value');
});
