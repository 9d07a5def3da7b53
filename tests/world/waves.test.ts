// Whispers in a network in which nobody has joined: nodes that only listen and connect carry them.
import { describe, expect, test } from 'vitest';
import type { CoreLimits } from '../../src/core/limits.ts';
import type { WorldNode } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import { Ears, Traffic, whisper } from '../support/message-world.ts';
import { at, succeed } from '../support/rings.ts';

type Pairs = readonly (readonly [number, number])[];

const pairs = (count: number, to: (i: number) => number): Pairs =>
  Array.from({ length: count - 1 }, (_, i) => [i + 1, to(i + 1)] as const);
const line = (count: number): Pairs => pairs(count, (i) => i - 1);
const star = (count: number): Pairs => pairs(count, () => 0);
const circle = (count: number): Pairs => [...line(count), [0, count - 1]];
const all = (count: number): Pairs =>
  Array.from({ length: count }, (_, i) => i).flatMap((i) =>
    Array.from({ length: i }, (_, j) => [i, j] as const),
  );

interface Mesh {
  readonly world: World;
  readonly nodes: readonly WorldNode[];
  readonly ears: Ears;
}

/** Nodes of which nobody has joined, with these connections. */
function mesh(shape: Pairs, seed = 1, limits: Partial<CoreLimits> = {}): Mesh {
  const world = new World({ seed, k: 32, limits });
  const count = 1 + Math.max(...shape.flat());
  const nodes = Array.from({ length: count }, () => world.add());
  for (const [from, to] of shape) world.connect(at(nodes, from), at(nodes, to));
  world.run(100);
  const ears = new Ears(world);
  ears.listen();
  return { world, nodes, ears };
}

function said(sender: WorldNode, text: string): string {
  return `${sender.machine.self.id.slice(0, 8)}: ${text}`;
}

/** With the number of a node which is not connected to the last one; but where all are. */
const SHAPES: readonly (readonly [string, Pairs, number])[] = [
  ['a line of 3', line(3), 0],
  ['a line of 20', line(20), 0],
  ['a star', star(12), 1],
  ['a circle', circle(9), 2],
  ['a net in which all are connected', all(8), 0],
];

describe('where nobody has joined, a whisper', () => {
  test.each(SHAPES)('reaches one node in %s, whose answer comes back', (_name, shape, i) => {
    const { world, nodes, ears } = mesh(shape);
    const [from, to] = [at(nodes, i), at(nodes, nodes.length - 1)];
    succeed(whisper(world, from, to, 'psst'));
    succeed(whisper(world, to, from, 'what?'));
    succeed(whisper(world, from, to, 'nothing'));
    world.run(1_000);
    for (const node of nodes) {
      const texts = node === to ? ['psst', 'nothing'] : node === from ? ['what?'] : [];
      const other = node === to ? from : to;
      expect(ears.of(node), node.name).toEqual(texts.map((text) => said(other, text)));
    }
  });

  test('crosses each connection once, or once each way', () => {
    const shape = all(8);
    const { world, nodes } = mesh(shape);
    // A connection less: else it goes straight.
    const { world: other, nodes: others } = mesh(shape.filter(([i, j]) => i !== 7 || j !== 0));
    const [direct, waves] = [new Traffic(world), new Traffic(other)];
    succeed(whisper(world, at(nodes, 0), at(nodes, 7), 'psst'));
    succeed(whisper(other, at(others, 0), at(others, 7), 'psst'));
    other.run(1_000);
    expect(direct.of('whisper')).toBe(1);
    expect(waves.of('whisper')).toBeGreaterThanOrEqual(7);
    expect(waves.of('whisper')).toBeLessThanOrEqual(2 * shape.length);
  });

  test('comes in the order of the calls, many at once', () => {
    const { world, nodes, ears } = mesh(line(5));
    const [from, to] = [at(nodes, 0), at(nodes, 4)];
    const target = to.machine.self.id;
    const commands = Array.from({ length: 500 }, (_, i) =>
      world.command(from, { type: 'whisper', target, packets: [`${i}`] }),
    );
    expect(world.runUntil(() => commands.every((command) => from.outcomes.has(command)), 10_000)).toBe(true);
    expect(ears.of(to)).toEqual(commands.map((_, i) => said(from, `${i}`)));
  });

  test.each([1, 2, 3, 4, 5])('comes once where messages are lost and repeated (seed %i)', (seed) => {
    const { world, nodes, ears } = mesh([...line(6), [0, 3]], seed);
    const [from, to] = [at(nodes, 0), at(nodes, 5)];
    Object.assign(world.network.faults, { loss: 0.05, duplication: 0.1 });
    const target = to.machine.self.id;
    for (let i = 0; i < 10; i++) {
      succeed(world.settle(from, { type: 'whisper', target, packets: [`${i}`] }, 60_000));
    }
    world.run(5_000);
    expect(ears.of(to)).toEqual(Array.from({ length: 10 }, (_, i) => said(from, `${i}`)));
  });

  test('goes another way where a node on the way has died without a word', () => {
    const { world, nodes, ears } = mesh(circle(6));
    world.crash(at(nodes, 1), true);
    const [from, to] = [at(nodes, 0), at(nodes, 2)];
    succeed(whisper(world, from, to, 'psst'));
    expect(ears.of(to)).toEqual([said(from, 'psst')]);
  });

  test('waits for a target that is about to come', () => {
    const { world, nodes, ears } = mesh(line(3));
    const late = world.add();
    const target = late.machine.self.id;
    const command = world.command(at(nodes, 0), { type: 'whisper', target, packets: ['psst'] });
    world.run(500);
    world.connect(late, at(nodes, 2));
    expect(world.runUntil(() => at(nodes, 0).outcomes.has(command), 5_000)).toBe(true);
    expect(ears.of(late)).toEqual([said(at(nodes, 0), 'psst')]);
  });

  test('to nobody fails with a reason, as soon as in a ring', () => {
    for (const [name, shape, i] of SHAPES) {
      const { world, nodes } = mesh(shape);
      const before = world.now;
      const outcome = world.settle(at(nodes, i), { type: 'whisper', target: 'nobody', packets: ['psst'] });
      expect(outcome, name).toMatchObject({ ok: false, failure: { code: 'ERR_UNREACHABLE' } });
      expect(world.now - before, name).toBeLessThan(4_000);
    }
  });

  test('fails in time where some do not answer', () => {
    const { world, nodes } = mesh(star(4));
    world.crash(at(nodes, 3), true);
    const command = { type: 'whisper', target: at(nodes, 3).machine.self.id, packets: ['psst'] } as const;
    const outcome = world.settle(at(nodes, 1), command, 3_000);
    expect(outcome).toMatchObject({ ok: false });
    expect(['ERR_TIMEOUT', 'ERR_UNREACHABLE']).toContain(outcome.ok ? '' : outcome.failure.code);
  });

  test('of a node without a connection is refused at once', () => {
    const { nodes } = mesh(line(3));
    const world = new World({ seed: 1, k: 32 });
    const outcome = whisper(world, world.add(), at(nodes, 2), 'psst');
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'ERR_NOT_CONNECTED' } });
  });

  test('is refused by nodes that pass on as much as they may, and comes later', () => {
    const { world, nodes, ears } = mesh(star(12), 1, { messageWindowBytes: 4_000 });
    const to = at(nodes, 1);
    const target = to.machine.self.id;
    const senders = nodes.slice(2);
    const packets = ['x'.repeat(1_500)];
    const commands = senders.map((node) => world.command(node, { type: 'whisper', target, packets }));
    const traffic = new Traffic(world);
    const isDone = (): boolean => senders.every((node, i) => node.outcomes.has(at(commands, i)));
    expect(world.runUntil(isDone, 10_000)).toBe(true);
    for (const [i, node] of senders.entries()) {
      expect(node.outcomes.get(at(commands, i))).toMatchObject({ ok: true });
    }
    expect(traffic.of('failed')).toBeGreaterThan(0);
    expect(ears.of(to)).toHaveLength(senders.length);
  });

  test('comes although somebody joins meanwhile', () => {
    for (const joins of [0, 2, 4]) {
      const { world, nodes, ears } = mesh(line(5));
      const [from, to] = [at(nodes, 0), at(nodes, 4)];
      world.command(at(nodes, joins), { type: 'join' });
      succeed(whisper(world, from, to, 'psst'));
      world.run(3_000);
      succeed(whisper(world, to, from, 'what?'));
      expect([ears.of(to), ears.of(from)], `${joins} joins`).toEqual([
        [said(from, 'psst')],
        [said(to, 'what?')],
      ]);
    }
  });
});
