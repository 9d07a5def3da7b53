// A member joins in the part of the arc where the keys are not: they stay with their owner, which has
// written all of them itself. Requests are lost meanwhile, so that writes are sent again.
import { expect, test } from 'vitest';
import { World } from '../../src/sim/world.ts';
import { countUp, isIdeal, reach } from '../support/rings.ts';
import { addAt, joinAt, K, keysIn, lose } from '../support/placed.ts';

test('the owner that has written all goes on knowing since when', () => {
  const failures: Record<string, number> = {};
  let [done, lost] = [0, 0];
  for (const seed of [1, 2, 3]) {
    const world = new World({ seed, k: K, limits: { history: 1_000 } });
    const first = joinAt(world, 0);
    const [owner] = [50, 100, 150, 200].map((position) => joinAt(world, position, first));
    const client = world.add();
    world.connect(client, first);
    reach(world, () => isIdeal(world), 30_000);
    world.run(1_000);
    const keys = keysIn(25, 50, 4);
    const commands: number[] = [];
    const write = (ms: number): void => void commands.push(...countUp(world, client, keys, ms));
    write(60_000);
    const x = addAt(world, 20);
    let until = -1;
    lose(owner!, (_, { body }) => {
      if (body.type !== 'operate' || world.now > until) return false;
      lost += 1;
      return true;
    });
    world.connect(x, first);
    world.runUntil(() => x.machine.known().length > 0, 1_000);
    world.command(x, { type: 'join' }, 30_000);
    reach(world, () => x.machine.serving, 10_000);
    until = world.now + 400;
    write(5_000);
    world.run(15_000);
    for (const command of commands) {
      const outcome = client.outcomes.get(command);
      if (outcome?.ok === false) failures[outcome.failure.code] = 1 + (failures[outcome.failure.code] ?? 0);
      else done += 1;
    }
  }
  expect(failures).toEqual({});
}, 240_000);
