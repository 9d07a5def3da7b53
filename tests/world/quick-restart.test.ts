// A verdict on a former life must not drop the present one: a member restarts at once, while its neighbour
// still waits for the word of a witness that could not reach the former life.
import { expect, test } from 'vitest';
import { World } from '../../src/sim/world.ts';
import { isIdeal, reach } from '../support/rings.ts';
import { joinAt, K } from '../support/placed.ts';

test.each([1, 2, 3, 4, 5, 6])('seed %i', (seed) => {
  const world = new World({ seed, k: K, disks: {} });
  const first = joinAt(world, 0);
  const nodes = [50, 100, 150, 200].map((position) => joinAt(world, position, first));
  reach(world, () => isIdeal(world), 30_000);
  world.run(3_000);
  const [a, x] = [nodes[0]!, nodes[1]!];
  // The witnesses' words are late by 250 ms, as where they are busy.
  const handle = a.machine.handleMessage.bind(a.machine);
  a.machine.handleMessage = (now, from, message) => {
    if (message.body.type !== 'checked') return handle(now, from, message);
    world.after(300, () => handle(world.now, from, message));
  };
  world.crash(x);
  world.run(20);
  world.restart(x, x.machine.self.salt);
  world.connect(x, first);
  reach(world, () => x.machine.known().length > 0, 1_000);
  world.command(x, { type: 'join' });
  reach(world, () => x.machine.member, 5_000);
  const heads: string[] = [];
  for (let i = 0; i < 400; i++) {
    world.run(5);
    const head = a.machine.neighbourhood.successors[0]?.position;
    const text = `${head}`;
    if (heads.at(-1) !== text) {
      heads.push(text);
    }
  }
  expect(heads.length).toBeLessThan(3);
});
