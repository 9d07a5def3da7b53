// A member is told of the watermark with the decision that names it, before it was compared: what it held of
// deleted keys is believed when the owner dies then.
import { expect, test } from 'vitest';
import { fromKey } from '../../src/core/bytes.ts';
import { simulationHash } from '../../src/sim/hash.ts';
import { holds, keyPosition } from '../../src/core/position.ts';
import { PROFILES } from '../../src/core/profile.ts';
import type { WorldNode } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import { get, isIdeal, joinedRing, operate, set } from '../support/rings.ts';
import { fromOwnerOn, lose } from '../support/placed.ts';

const POSITION = keyPosition(simulationHash, fromKey('n'), 32);

test('what was deleted does not come back with a member that was away', () => {
  const profile = { ...PROFILES.local, tombstoneMs: 2_000 };
  const world = new World({ seed: 1, k: 32, replicas: 3, onQuorumLost: 'refuse', disks: {}, profile });
  const nodes = joinedRing(world, 8);
  expect(world.runUntil(() => isIdeal(world), 60_000)).toBe(true);
  world.run(3_000);
  const [p, b, c, d, e, f] = fromOwnerOn(world, nodes, 'n');
  void e;
  set(world, f, 'n', 'value');
  world.run(1_000);
  const { salt } = c.machine.self;
  world.crash(c);
  world.run(5_000);
  operate(world, f, 'n', { type: 'delete', ifVersion: '' });
  const holdsIt = (node: WorldNode): boolean =>
    [...node.machine.held()].some(({ entry }) => entry.key === 'n');
  expect(world.runUntil(() => [p, b, d].every((node) => !holdsIt(node)), 30_000)).toBe(true);
  world.run(2_000);
  // Long after, c comes back as p dies.
  world.restart(c, salt);
  expect(holdsIt(c)).toBe(true);
  world.crash(p);
  // b takes over, with d, before it has compared c.
  const { id } = b.machine.self;
  let isNamed = false;
  lose(c, (from, { direction, body }) => {
    if (from !== id || direction !== 'request') return false;
    if (body.type === 'install' && holds(body.arc, POSITION)) {
      const named = body.configuration.members.some(({ contact }) => contact.id === c.machine.self.id);
      if (named) isNamed = true;
    }
    return ['summarise', 'digest', 'pull', 'void'].includes(body.type);
  });
  world.connect(c, d);
  world.runUntil(() => c.machine.known().length > 0, 1_000);
  world.command(c, { type: 'join' }, 60_000);
  expect(world.runUntil(() => isNamed, 20_000)).toBe(true);
  world.run(5);
  world.crash(b);
  world.run(20_000);
  expect(nodes.some(({ events }) => events.some(({ type }) => type === 'degraded'))).toBe(false);
  expect(get(world, f, 'n')).toBe(undefined);
});
