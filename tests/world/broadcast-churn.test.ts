// A stream of messages while members and clients come, leave and die: whoever is a member when a message is
// sent, and stays, gets it once and in order. SEEDS=150 npx vitest run tests/world/broadcast-churn.test.ts
// runs as many seeds; FIRST=17 begins with another one.
import { expect, test } from 'vitest';
import type { WorldNode } from '../../src/sim/world.ts';
import { Ears, messageRing, send } from '../support/message-world.ts';
import { at } from '../support/rings.ts';

const FIRST = Number(process.env['FIRST'] ?? 1);
const SEEDS = Array.from({ length: Number(process.env['SEEDS'] ?? 6) }, (_, i) => FIRST + i);
const SENDS = 200;

test.each(SEEDS)(
  'whoever has joined gets all that is sent from then on, in order (seed %i)',
  (seed) => {
    const { world, members } = messageRing(8, 1, { seed });
    const ears = new Ears(world);
    const sender = at(members, 0);
    /** From which message on each node is owed all of them. */
    const since = new Map<WorldNode, number>(world.nodes.map((node) => [node, 0]));
    const joins = new Map<WorldNode, number>();
    const another = (): WorldNode => world.random.pick(world.members().filter((node) => node !== sender))!;
    for (let i = 0; i < SENDS; i++) {
      if (i % 12 === 3) {
        const node = world.add();
        world.connect(node, another());
        world.after(30, () => joins.set(node, world.command(node, { type: 'join' })));
      }
      if (i % 50 === 7) world.crash(another());
      if (i % 50 === 32) world.command(another(), { type: 'leave' });
      for (const [node, command] of joins) {
        if (node.outcomes.get(command)?.ok === true && !since.has(node)) since.set(node, i);
      }
      send(world, sender, `${i}`);
      world.run(world.random.float() * 40);
      ears.listen();
    }
    world.run(15_000);
    for (const [node, first] of since) {
      if (node === sender || node.state !== 'running') continue;
      const got = ears.of(node).map((line) => Number(line.split(' ')[1]));
      const owed = Array.from({ length: SENDS - first }, (_, i) => first + i);
      expect(got.slice(-owed.length), `seed ${seed}: ${node.name}, owed from ${first}`).toEqual(owed);
      // What came in before it had joined came once as well.
      expect(got, `seed ${seed}: ${node.name}`).toEqual([...new Set(got)].toSorted((a, b) => a - b));
    }
    expect(ears.gaps, `seed ${seed}`).toBe(0);
  },
  60_000,
);
