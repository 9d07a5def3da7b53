// A healthy ring under load, into which a member comes: how many writes fail with ERR_TIMEOUT?
import { expect, test } from 'vitest';
import { World } from '../../src/sim/world.ts';
import { countUp, isIdeal, reach } from '../support/rings.ts';
import { addAt, joinAt, K, keysIn } from '../support/placed.ts';

test.each([
  ['into the arc of the keys', 42, 45, 50],
  ['elsewhere in the arc', 20, 25, 50],
])(
  'a join %s',
  (_, at, from, to) => {
    const failures: Record<string, number> = {};
    let done = 0;
    for (const seed of [1, 2, 3]) {
      // Ten writes a second to each of four keys; what is replaced is remembered for 25 s.
      const world = new World({ seed, k: K, limits: { history: 1_000 } });
      const first = joinAt(world, 0);
      for (const position of [50, 100, 150, 200]) joinAt(world, position, first);
      const client = world.add();
      world.connect(client, first);
      reach(world, () => isIdeal(world), 30_000);
      world.run(1_000);
      const keys = at === 42 ? keysIn(5, 42, 4) : keysIn(from, to, 4);
      const commands: number[] = [];
      const write = (ms: number): void => void commands.push(...countUp(world, client, keys, ms));
      write(60_000);
      const x = addAt(world, at);
      world.connect(x, first);
      world.runUntil(() => x.machine.known().length > 0, 1_000);
      world.command(x, { type: 'join' }, 30_000);
      write(5_000);
      world.run(15_000);
      for (const command of commands) {
        const outcome = client.outcomes.get(command);

        if (outcome?.ok === false) failures[outcome.failure.code] = 1 + (failures[outcome.failure.code] ?? 0);
        else done += 1;
      }
    }
    expect(failures).toEqual({});
  },
  240_000,
);
