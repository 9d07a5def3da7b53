// A stream of messages while members die: every node that stays gets every message of every sender that
// stays, once and in order. SEEDS=1000 npx vitest run tests/world/broadcast-losses.test.ts runs as many
// seeds; FIRST=17 begins with another one.
import { describe, expect, test } from 'vitest';
import type { WorldNode } from '../../src/sim/world.ts';
import { Ears, messageRing, send } from '../support/message-world.ts';
import { at } from '../support/rings.ts';

const FIRST = Number(process.env['FIRST'] ?? 1);
const SEEDS = Array.from({ length: Number(process.env['SEEDS'] ?? 3) }, (_, i) => FIRST + i);
const MEMBERS = 40;
const CLIENTS = 4;
const SENDS = 1_000;

describe('a stream of 1,000 messages while 10 % of the members die', () => {
  test.each(SEEDS)(
    'loses nothing that survivors sent (seed %i)',
    (seed) => {
      const { world, members, clients } = messageRing(MEMBERS, CLIENTS, { seed });
      const nodes = [...members, ...clients];
      const ears = new Ears(world);
      const sent = new Map<WorldNode, string[]>(nodes.map((node) => [node, []]));
      const victims = new Set<WorldNode>();
      while (victims.size < MEMBERS / 10) victims.add(at(members, world.random.below(MEMBERS)));
      const deaths = new Map([...victims].map((node) => [world.random.below(SENDS), node]));
      for (let i = 0; i < SENDS; i++) {
        const victim = deaths.get(i);
        if (victim !== undefined) world.crash(victim);
        const sender = world.random.pick(world.running())!;
        send(world, sender, `${i}`);
        sent.get(sender)?.push(`${sender.machine.self.id.slice(0, 8)}: ${i}`);
        world.run(world.random.float() * 10);
        ears.listen();
      }
      const survivors = world.running();
      const missing = (node: WorldNode): number =>
        survivors.reduce((sum, sender) => {
          if (sender === node) return sum;
          const expected = sent.get(sender) ?? [];
          const [first] = expected;
          const prefix = first?.split(' ')[0] ?? '';
          const got = ears.of(node).filter((line) => line.startsWith(`${prefix} `));
          // In order and once, whatever has come so far.
          expect(got, `seed ${seed}: ${sender.name} at ${node.name}`).toEqual(expected.slice(0, got.length));
          return sum + expected.length - got.length;
        }, 0);
      const allMissing = (): number => survivors.reduce((sum, node) => sum + missing(node), 0);
      for (let waited = 0; allMissing() > 0 && waited < 60; waited++) world.run(500);
      expect(allMissing(), `seed ${seed}`).toBe(0);
    },
    120_000,
  );
});
