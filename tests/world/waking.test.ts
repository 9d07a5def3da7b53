// Waking: what an owner is asked while its process stands still, and finds when it goes on.
import { expect, test } from 'vitest';
import type { ExplainResult } from '../../src/core/command.ts';
import { World } from '../../src/sim/world.ts';
import { at, get, joinedRing, operate, succeed } from '../support/rings.ts';

const SET = { type: 'set', ttlMs: 0, ifAbsent: true, ifVersion: '' } as const;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'a write that was answered elsewhere is not carried out when the owner wakes (seed %i)',
  (seed) => {
    const world = new World({ seed, k: 32 });
    const members = joinedRing(world, 5);
    const [first, second] = [world.add(), world.add()];
    for (const client of [first, second]) world.connect(client, at(members, 0));
    world.run(2_000);
    const explained = succeed(world.settle(first, { type: 'explain', key: 'n' })) as ExplainResult;
    const owner = members.find(({ machine }) => machine.self.id === explained.owner.id);
    if (owner === undefined) throw new Error('nobody owns the key');
    world.pause(owner);
    // Meanwhile another one has come to own the key; the first client does not know.
    operate(world, second, 'n', { ...SET, value: text('in time') });
    const operation = { ...SET, value: text('too late') };
    const command = { type: 'operate', key: 'n', operation, consistency: 'quorum' } as const;
    const number = world.command(first, command, 60_000);
    expect(world.runUntil(() => first.outcomes.has(number), 60_000)).toBe(true);
    expect(first.outcomes.get(number)).toMatchObject({ ok: true, value: { result: { type: 'conflict' } } });
    operate(world, second, 'n', { type: 'delete', ifVersion: '' });
    world.resume(owner);
    world.run(10_000);
    expect(get(world, second, 'n')).toBeUndefined();
  },
);
