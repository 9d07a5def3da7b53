// Broadcast: one message to everybody, counted; and streams of them while members die.
import { describe, expect, test } from 'vitest';
import { Ears, messageRing, send, Traffic } from '../support/message-world.ts';
import { at } from '../support/rings.ts';

describe('a message to everybody', () => {
  test.each(Array.from({ length: 10 }, (_, i) => i + 1))(
    'takes 71 messages and acknowledgements to 63 members and 8 clients (seed %i)',
    (seed) => {
      const { world, members, clients } = messageRing(64, 8, { seed });
      const nodes = [...members, ...clients];
      const ears = new Ears(world);
      ears.listen();
      const sender = at(nodes, (seed * 13) % nodes.length);
      const traffic = new Traffic(world);
      const command = send(world, sender, 'hello');
      expect(world.runUntil(() => sender.outcomes.has(command), 5_000)).toBe(true);
      expect(sender.outcomes.get(command)).toMatchObject({ ok: true });
      world.run(5_000);
      for (const node of nodes) {
        const expected = node === sender ? [] : [`${sender.machine.self.id.slice(0, 8)}: hello`];
        expect(ears.of(node), node.name).toEqual(expected);
      }
      console.log(Object.fromEntries(traffic.counts), Math.max(...traffic.depths.values()));
      expect([traffic.of('cast'), traffic.of('taken'), traffic.of('recall')]).toEqual([71, 71, 0]);
      expect(Math.max(...traffic.depths.values())).toBeLessThanOrEqual(2 * Math.log2(64));
    },
  );
});
