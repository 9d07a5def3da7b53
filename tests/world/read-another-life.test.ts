// A voter that has promised loses its memory while it is read. What its next life holds (nothing) is
// taken for all that it held.
import { expect, test } from 'vitest';
import { fromKey } from '../../src/core/bytes.ts';
import { keyPosition } from '../../src/core/position.ts';
import { simulationHash } from '../../src/sim/hash.ts';
import { World, type WorldNode } from '../../src/sim/world.ts';
import { get, isIdeal, joinedRing, set } from '../support/rings.ts';
import { fromOwnerOn, lose } from '../support/placed.ts';

const POSITION = keyPosition(simulationHash, fromKey('n'), 32);

test('what a voter held that promised is read in the life in which it did', () => {
  const world = new World({ seed: 1, k: 32, replicas: 5, onQuorumLost: 'refuse' });
  const nodes = joinedRing(world, 8);
  expect(world.runUntil(() => isIdeal(world), 60_000)).toBe(true);
  world.run(3_000);
  const [p, b, c, d, e, f] = fromOwnerOn(world, nodes, 'n');
  // The write is acknowledged by p, c and d: three of five.
  for (const node of [b, e]) {
    lose(node, (_, { body }) => body.type === 'replicate' && body.entries.some(({ key }) => key === 'n'));
  }
  set(world, f, 'n', 'value');
  world.crash(p);
  // d is slow to promise, not to accept; c is read.
  const isAsked = forgetsWhenRead(world, { reader: b, slow: d, read: c }, () => {
    world.connect(c, d);
  });
  expect(world.runUntil(isAsked, 20_000)).toBe(true);
  expect(world.runUntil(() => b.machine.servesAt(POSITION), 20_000)).toBe(true);
  expect(nodes.some(({ events }) => events.some(({ type }) => type === 'degraded'))).toBe(false);
  // Of five that held the arc one died, and one lost its memory; d has the write still.
  expect(get(world, f, 'n')).toBe('value');
});

test('the same with three copies, of which one loses its memory and nobody dies', () => {
  const world = new World({ seed: 1, k: 32, replicas: 3, onQuorumLost: 'refuse' });
  const nodes = joinedRing(world, 8);
  expect(world.runUntil(() => isIdeal(world), 60_000)).toBe(true);
  world.run(3_000);
  const [p, b, c, d, e] = fromOwnerOn(world, nodes, 'n');
  // The write is acknowledged by p and c: two of three.
  lose(b, (_, { body }) => body.type === 'replicate' && body.entries.some(({ key }) => key === 'n'));
  set(world, e, 'n', 'value');
  world.partition(
    [p],
    nodes.filter((node) => node !== p),
  );
  // p comes back while b reads c: it has not promised, but accepts.
  const isAsked = forgetsWhenRead(world, { reader: b, slow: p, read: c }, () => {
    world.connect(c, d);
    world.heal();
  });
  expect(world.runUntil(isAsked, 20_000)).toBe(true);
  // Where nothing is wrong, p may have its arc back first.
  world.runUntil(() => b.machine.servesAt(POSITION), 5_000);
  expect(nodes.some(({ events }) => events.some(({ type }) => type === 'degraded'))).toBe(false);
  expect(get(world, e, 'n')).toBe('value');
  world.run(60_000);
  expect(get(world, e, 'n')).toBe('value');
});

/**
 * One has told its birth to the reader, and is about to tell the rest: its process is replaced, and has no
 * disk. Another one neither promises nor is read until a while later. Whether the first has come to that.
 */
function forgetsWhenRead(
  world: World,
  { reader, slow, read }: { reader: WorldNode; slow: WorldNode; read: WorldNode },
  then: () => void,
): () => boolean {
  let isAsked = false;
  let until = Infinity;
  const { id } = reader.machine.self;
  lose(
    slow,
    (from, { body }) =>
      (body.type === 'prepare' || body.type === 'summarise') && from === id && world.now < until,
  );
  lose(read, (from, { body, direction }) => {
    const isRead = from === id && (body.type === 'pull' || body.type === 'digest' || body.type === 'fetch');
    if (direction !== 'request' || !isRead || isAsked) return false;
    isAsked = true;
    until = world.now + 500;
    world.after(0, () => {
      world.crash(read);
      world.restart(read);
      then();
    });
    return true;
  });
  return () => isAsked;
}
