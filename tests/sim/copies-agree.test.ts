// CopiesAgree judges who serves as well: what goes on by itself may hold nothing, and answers all the same.
import { expect, test } from 'vitest';
import { fromKey } from '../../src/core/bytes.ts';
import { distance, keyPosition, ringSize } from '../../src/core/position.ts';
import { copiesProblem } from '../../src/sim/checks/copies-agree.ts';
import { simulationHash } from '../../src/sim/hash.ts';
import { World } from '../../src/sim/world.ts';
import { set, succeed } from '../support/rings.ts';

const K = 16;

test('an entry whose position another member serves as well is not at rest', () => {
  const world = new World({ seed: 1, k: K, replicas: 1 });
  const [first, second] = [world.add(), world.add()];
  // Two rings of one: each serves everything.
  for (const node of [first, second]) succeed(world.settle(node, { type: 'join' }));
  const offset = (key: string, { machine }: typeof first): number =>
    distance(keyPosition(simulationHash, fromKey(key), K), machine.self.position, ringSize(K));
  const keys = Array.from({ length: 32 }, (_, i) => `key ${i}`);
  const key = keys.find((one) => offset(one, first) < offset(one, second)) ?? '';
  set(world, first, key, 'x');
  expect(copiesProblem(world, K, 1)).toMatch(
    new RegExp(`^"${key}" at \\d+ is still served by ${second.name}$`),
  );
  world.crash(second);
  expect(copiesProblem(world, K, 1)).toBeUndefined();
});
