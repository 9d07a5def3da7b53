// Broadcast: messages to everybody: counted, repaired, ordered, reported when they are lost.
import { describe, expect, test } from 'vitest';
import type { WorldNode } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import { Ears, messageRing, send, Traffic } from '../support/message-world.ts';
import { at, succeed } from '../support/rings.ts';

const SEEDS = [1, 2, 3, 4, 5, 6];

describe('a message to everybody', () => {
  test.each(SEEDS)('takes 71 messages and acknowledgements to 63 members and 8 clients (seed %i)', (seed) => {
    const { world, members, clients } = messageRing(64, 8, { seed });
    const nodes = [...members, ...clients];
    const ears = new Ears(world);
    ears.listen();
    // The last seeds send from clients.
    const sender = at(nodes, seed * 11);
    const traffic = new Traffic(world);
    const command = send(world, sender, 'hello');
    expect(world.runUntil(() => sender.outcomes.has(command), 5_000)).toBe(true);
    expect(sender.outcomes.get(command)).toMatchObject({ ok: true });
    world.run(10_000);
    expectHeard(ears, nodes, sender, ['hello']);
    expect([traffic.of('cast'), traffic.of('taken'), traffic.of('recall')]).toEqual([71, 71, 0]);
    expect(Math.max(...traffic.depths.values())).toBeLessThanOrEqual(2 * Math.log2(64));
  });

  test('costs nothing more once the window has passed', () => {
    const { world, members } = messageRing(16, 0, { limits: { messageWindowMs: 2_000 } });
    const traffic = new Traffic(world);
    send(world, at(members, 3), 'hello');
    world.run(6_000);
    expect(traffic.of('tally')).toBeGreaterThan(0);
    traffic.counts.clear();
    world.run(60_000);
    expect(traffic.of('tally')).toBe(0);
  });

  test('comes to a ring of one, of two and of three', () => {
    for (const n of [1, 2, 3]) {
      const { world, members } = messageRing(n, 1);
      const ears = new Ears(world);
      ears.listen();
      const nodes = world.nodes;
      succeed(world.settle(at(members, 0), { type: 'send', packets: ['hello'] }));
      world.run(1_000);
      expectHeard(ears, nodes, at(members, 0), ['hello']);
    }
  });

  test('keeps the order of its sender, many at once, over links of changing speed', () => {
    const { world, members, clients } = messageRing(20, 2, { network: { delayMs: 5 } });
    const ears = new Ears(world);
    ears.listen();
    const texts = Array.from({ length: 300 }, (_, i) => `${i}`);
    for (const text of texts) send(world, at(members, 4), text);
    world.run(10_000);
    expectHeard(ears, [...members, ...clients], at(members, 4), texts);
  });

  test('is delivered once over a network that loses and repeats messages', () => {
    for (const seed of SEEDS) {
      const { world, members, clients } = messageRing(16, 2, { seed });
      const ears = new Ears(world);
      ears.listen();
      Object.assign(world.network.faults, { loss: 0.02, duplication: 0.1, reordering: true });
      const texts = Array.from({ length: 30 }, (_, i) => `${i}`);
      for (const text of texts) {
        send(world, at(members, 1), text);
        world.run(20);
      }
      Object.assign(world.network.faults, { loss: 0 });
      world.run(20_000);
      expectHeard(ears, [...members, ...clients], at(members, 1), texts);
      expect(ears.gaps).toBe(0);
    }
  });

  test('reaches both sides of a partition that heals within the window', () => {
    for (const seed of SEEDS.slice(0, 3)) {
      const { world, members } = messageRing(12, 0, { seed });
      const ears = new Ears(world);
      ears.listen();
      world.partition(members.slice(0, 6), members.slice(6));
      world.run(5_000);
      send(world, at(members, 0), 'from the one side');
      send(world, at(members, 11), 'from the other');
      world.run(10_000);
      world.heal();
      world.run(30_000);
      for (const member of members) {
        const expected = [
          ...(member === at(members, 0) ? [] : [line(at(members, 0), 'from the one side')]),
          ...(member === at(members, 11) ? [] : [line(at(members, 11), 'from the other')]),
        ];
        expect(ears.of(member).toSorted(), `seed ${seed}, ${member.name}`).toEqual(expected.toSorted());
      }
    }
  });

  test('that was missed for longer than the window is reported, and the next ones come', () => {
    const { world, members } = messageRing(3, 0, { limits: { messageWindowMs: 2_000 } });
    const [sender, cut] = [at(members, 0), at(members, 2)];
    const others = members.filter((member) => member !== cut);
    const ears = new Ears(world);
    ears.listen();
    send(world, sender, 'first');
    world.run(500);
    world.partition(others, [cut]);
    send(world, sender, 'missed');
    world.run(3_000);
    world.heal();
    send(world, sender, 'last');
    world.run(20_000);
    expect(ears.of(cut)).toEqual([line(sender, 'first'), line(sender, 'last')]);
    expect(ears.gaps).toBe(1);
  });

  test('is not given to who comes later', () => {
    const { world, members } = messageRing(6, 0);
    const ears = new Ears(world);
    send(world, at(members, 0), 'early');
    world.run(500);
    const newcomers = [world.add(), world.add()];
    for (const node of newcomers) world.connect(node, at(members, 1));
    world.run(500);
    succeed(world.settle(at(newcomers, 0), { type: 'join' }));
    send(world, at(members, 0), 'late');
    world.run(10_000);
    for (const node of newcomers) expect(ears.of(node)).toEqual([line(at(members, 0), 'late')]);
  });
});

describe('a client', () => {
  test('that loses its home again and again gets every message once', () => {
    for (const seed of SEEDS) {
      const { world, members, clients } = messageRing(16, 1, { seed });
      const client = at(clients, 0);
      const sender = at(
        members.filter((member) => !client.connections.has(member)),
        0,
      );
      const ears = new Ears(world);
      ears.listen();
      const texts = Array.from({ length: 60 }, (_, i) => `${i}`);
      for (const [i, text] of texts.entries()) {
        send(world, sender, text);
        if (i % 20 === 5) {
          for (const home of client.connections) if (home !== sender) world.crash(home);
        }
        world.run(50);
      }
      world.run(10_000);
      expect(ears.of(client), `seed ${seed}`).toEqual(texts.map((text) => line(sender, text)));
    }
  });

  test('whose home dies with its message in hand has it sent by another', () => {
    for (const seed of SEEDS) {
      const { world, members, clients } = messageRing(16, 1, { seed });
      const client = at(clients, 0);
      const ears = new Ears(world);
      ears.listen();
      const command = send(world, client, 'hello');
      for (const home of client.connections) world.crash(home);
      world.run(20_000);
      expect(client.outcomes.get(command), `seed ${seed}`).toMatchObject({ ok: true });
      expectHeard(
        ears,
        members.filter((member) => member.state === 'running'),
        client,
        ['hello'],
      );
    }
  });

  test('that is connected only now gets the very next message', () => {
    const { world, members } = messageRing(4, 0);
    const ears = new Ears(world);
    const client = world.add();
    world.connect(client, at(members, 1));
    world.runUntil(() => client.connections.size > 0, 1_000);
    send(world, at(members, 1), 'hello');
    world.run(1_000);
    expect(ears.of(client)).toEqual([line(at(members, 1), 'hello')]);
  });
});

describe('without a ring', () => {
  test('nodes that are connected pass messages on', () => {
    const world = new World({ seed: 1, k: 32 });
    const nodes = Array.from({ length: 5 }, () => world.add());
    for (const [i, node] of nodes.entries()) if (i > 0) world.connect(node, at(nodes, i - 1));
    world.run(100);
    const ears = new Ears(world);
    succeed(world.settle(at(nodes, 1), { type: 'send', packets: ['hello'] }));
    world.run(100);
    expectHeard(ears, nodes, at(nodes, 1), ['hello']);
  });

  test('a node that knows nobody is refused at once', () => {
    const world = new World({ seed: 1, k: 32 });
    const outcome = world.settle(world.add(), { type: 'send', packets: ['hello'] });
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'ERR_NOT_CONNECTED' } });
  });
});

/** Each but the sender has heard these texts of it, in order and nothing else. */
function expectHeard(
  ears: Ears,
  nodes: readonly WorldNode[],
  sender: WorldNode,
  texts: readonly string[],
): void {
  for (const node of nodes) {
    const expected = node === sender ? [] : texts.map((text) => line(sender, text));
    expect(ears.of(node), node.name).toEqual(expected);
  }
}

function line(sender: WorldNode, text: string): string {
  return `${sender.machine.self.id.slice(0, 8)}: ${text}`;
}
