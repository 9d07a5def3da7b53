// Whispers: messages to one node, found wherever it is.
import { describe, expect, test } from 'vitest';
import { keyPosition } from '../../src/core/position.ts';
import { simulationHash } from '../../src/sim/hash.ts';
import type { WorldNode } from '../../src/sim/world.ts';
import { Ears, messageRing, Traffic, whisper } from '../support/message-world.ts';
import { at, succeed } from '../support/rings.ts';

describe('a whisper', () => {
  test.each([
    ['a member', 'a member far away', 0, 20],
    ['a member', 'a client of another member', 3, 41],
    ['a client', 'a member', 42, 30],
    ['a client', 'a client of another member', 41, 43],
  ])('goes from %s to %s and to nobody else', (_from, _to, i, j) => {
    const { world, members, clients } = messageRing(40, 4, { seed: i + j });
    const nodes = [...members, ...clients];
    const [from, to] = [at(nodes, i), at(nodes, j)];
    const ears = new Ears(world);
    ears.listen();
    succeed(whisper(world, from, to, 'psst'));
    succeed(whisper(world, to, from, 'what?'));
    world.run(1_000);
    for (const node of nodes) {
      const expected = node === to ? [line(from, 'psst')] : node === from ? [line(to, 'what?')] : [];
      expect(ears.of(node), node.name).toEqual(expected);
    }
  });

  test('costs a lookup the first time, and one message afterwards', () => {
    const { world, members, clients } = messageRing(64, 1, { seed: 5 });
    const from = at(members, 3);
    const to = at(clients, 0);
    const traffic = new Traffic(world);
    succeed(whisper(world, from, to, 'psst'));
    expect(traffic.of('whereis')).toBeLessThanOrEqual(2);
    expect(traffic.of('whisper')).toBe(2);
    traffic.counts.clear();
    succeed(whisper(world, from, to, 'again'));
    expect([traffic.of('whereis'), traffic.of('whisper'), traffic.of('heard')]).toEqual([0, 2, 2]);
  });

  test('comes in the order of the calls, many at once', () => {
    const { world, members } = messageRing(8, 0, { seed: 2, network: { delayMs: 5 } });
    const [from, to] = [at(members, 0), at(members, 5)];
    const ears = new Ears(world);
    ears.listen();
    const commands = Array.from({ length: 500 }, (_, i) =>
      world.command(from, { type: 'whisper', target: to.machine.self.id, packets: [`${i}`] }),
    );
    world.runUntil(() => commands.every((command) => from.outcomes.has(command)), 10_000);
    expect(ears.of(to)).toEqual(commands.map((_, i) => line(from, `${i}`)));
  });

  test('comes once over a network that loses and repeats messages', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const { world, members, clients } = messageRing(12, 2, { seed });
      const [from, to] = [at(members, 0), at(clients, 1)];
      const ears = new Ears(world);
      ears.listen();
      Object.assign(world.network.faults, { loss: 0.05, duplication: 0.1 });
      for (let i = 0; i < 20; i++) {
        const { id } = to.machine.self;
        succeed(world.settle(from, { type: 'whisper', target: id, packets: [`${i}`] }, 30_000));
      }
      world.run(2_000);
      expect(ears.of(to), `seed ${seed}`).toEqual(Array.from({ length: 20 }, (_, i) => line(from, `${i}`)));
    }
  });

  test('finds a client that has another home', () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const { world, members, clients } = messageRing(24, 3, { seed });
      const to = at(clients, seed % 3);
      const home = members.find((member) => to.connections.has(member));
      const from = at(
        members.filter((member) => member !== home),
        seed,
      );
      succeed(whisper(world, from, to, 'psst'));
      for (const member of members) if (to.connections.has(member) && member !== from) world.crash(member);
      expect(whisper(world, from, to, 'still there?'), `seed ${seed}`).toMatchObject({ ok: true });
    }
  });

  test('finds a client after the member that keeps its entry has died', () => {
    for (const seed of [1, 2, 3, 4]) {
      const { world, members, clients } = messageRing(40, 2, { seed });
      const to = at(clients, 0);
      const keeper = ownerOf(members, to.machine.self.id);
      const from = members.find((member) => member !== keeper && !to.connections.has(member))!;
      world.crash(keeper);
      expect(whisper(world, from, to, 'psst'), `seed ${seed}`).toMatchObject({ ok: true });
    }
  });

  test('to nobody is refused with a reason, within the time that a ring takes to mend', () => {
    const { world, members } = messageRing(8, 0);
    const command = { type: 'whisper', target: 'nobody', packets: ['psst'] } as const;
    const before = world.now;
    const outcome = world.settle(at(members, 0), command);
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'ERR_UNREACHABLE' } });
    expect(world.now - before).toBeLessThan(4_000);
  });

  test('to itself arrives', () => {
    const { world, members } = messageRing(1, 0);
    const node = at(members, 0);
    const ears = new Ears(world);
    ears.listen();
    succeed(whisper(world, node, node, 'note'));
    expect(ears.of(node)).toEqual([line(node, 'note')]);
  });

  test('of a node without a connection is refused at once', () => {
    const { world, members } = messageRing(1, 0);
    const stranger = world.add();
    const outcome = whisper(world, stranger, at(members, 0), 'psst');
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'ERR_NOT_CONNECTED' } });
  });

  test.each([
    ['', 0],
    [', nor passed on as a wave', 7],
  ])('in the name of another is not delivered%s', (_how, wave) => {
    const { world, members } = messageRing(3, 0);
    const [liar, victim, other] = [at(members, 0), at(members, 1), at(members, 2)];
    const ears = new Ears(world);
    ears.listen();
    const items = [{ sequence: 9, sentAt: 1, packets: ['lie'] }];
    const [target, sender] = [victim.machine.self.id, other.machine.self.id];
    const body = { type: 'whisper', target, sender, incarnation: 1, items, wave } as const;
    victim.machine.handleMessage(world.now, liar.machine.self.id, { direction: 'request', number: 1, body });
    world.run(100);
    expect(ears.of(victim)).toEqual([]);
  });
});

function ownerOf(members: readonly WorldNode[], id: string): WorldNode {
  const position = keyPosition(simulationHash, new TextEncoder().encode(id), 32);
  const ring = members.toSorted((a, b) => a.machine.self.position - b.machine.self.position);
  return ring.find((member) => member.machine.self.position >= position) ?? at(ring, 0);
}

function line(sender: WorldNode, text: string): string {
  return `${sender.machine.self.id.slice(0, 8)}: ${text}`;
}
