// What tells the members of a new set that they are one is lost. The owner took the set for complete all the
// same, let the former members go, and died: nobody knew the configuration, though a majority of it lived.
import { expect, test } from 'vitest';
import { World } from '../../src/sim/world.ts';
import { get, isIdeal, joinedRing, set } from '../support/rings.ts';
import { fromOwnerOn, lose } from '../support/placed.ts';

test('an arc is served again where a majority of its set lives', () => {
  const world = new World({ seed: 1, k: 32, replicas: 3, onQuorumLost: 'refuse' });
  const nodes = joinedRing(world, 8);
  expect(world.runUntil(() => isIdeal(world), 60_000)).toBe(true);
  world.run(3_000);
  const [p, b, c, d, e, f] = fromOwnerOn(world, nodes, 'n');
  set(world, f, 'n', 'value');
  world.run(3_000);
  // One message each, for each decision.
  const lost = new Set<string>();
  for (const node of [d, e]) {
    lose(node, (from, { body }) => {
      if (from !== p.machine.self.id || body.type !== 'install') return false;
      const { lineage, epoch } = body.configuration;
      const name = `${node.name} ${lineage} ${epoch} ${body.arc.from} ${body.arc.to}`;
      if (lost.has(name)) return false;
      lost.add(name);
      return true;
    });
  }
  const commands = [b, c].map((node) => [node, world.command(node, { type: 'leave' }, 60_000)] as const);
  const left = world.runUntil(() => commands.every(([node, command]) => node.outcomes.has(command)), 60_000);
  expect(left).toBe(true);
  // Both have left by their own will, with nothing of theirs missing elsewhere. One of the three dies.
  for (const node of [b, c, p]) world.crash(node);
  world.run(60_000);
  expect(nodes.some(({ events }) => events.some(({ type }) => type === 'degraded'))).toBe(false);
  expect(get(world, f, 'n')).toBe('value');
});
