// The owner stays, and its clock is set forward by less than a minute. What was replaced is forgotten: nobody
// knows then whether a write that is repeated was done.
import { expect, test } from 'vitest';
import { World } from '../../src/sim/world.ts';
import { get, isIdeal, operate, set } from '../support/rings.ts';
import { joinAt, K, keysIn, lose } from '../support/placed.ts';

const ADD = { type: 'increment', by: 1 } as const;

test.each([0, 20_000])(
  'the clock is set forward by %i ms: an increment that is repeated is not done twice',
  (step) => {
    const world = new World({ seed: 1, k: K, onQuorumLost: 'refuse', limits: { history: 8 } });
    const first = joinAt(world, 0);
    const x = joinAt(world, 50, first);
    joinAt(world, 100, first);
    joinAt(world, 150, first);
    const client = world.add();
    world.connect(client, first);
    expect(world.runUntil(() => isIdeal(world), 30_000)).toBe(true);
    world.run(3_000);
    const [key, other] = keysIn(5, 45, 2) as [string, string];
    set(world, first, key, '0');
    get(world, client, key);
    let answered = 0;
    lose(client, (_, { body }) => body.type === 'operated' && (answered += 1) === 1);
    const operation = { type: 'operate', key, operation: ADD, consistency: 'quorum' } as const;
    const command = world.command(client, operation, 60_000);
    expect(world.runUntil(() => answered > 0, 1_000)).toBe(true);
    operate(world, first, key, ADD);
    for (let i = 0; i < 20; i++) set(world, first, other, String(i));
    world.setClock(x, step);
    world.runUntil(() => client.outcomes.has(command), 60_000);
    expect(get(world, first, key)).toBe('2');
  },
);
