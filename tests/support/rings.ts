// Rings of simulated nodes for tests: building one, using its dictionary, and judging whether it is ideal.
import type { OperateResult } from '../../src/core/command.ts';
import type { Outcome } from '../../src/core/effect.ts';
import type { Consistency, Operation } from '../../src/core/message.ts';
import { CORE_LIMITS } from '../../src/core/limits.ts';
import type { World, WorldNode } from '../../src/sim/world.ts';

/** n nodes that have joined one ring; the first began it, the others joined at the same time. */
export function joinedRing(world: World, n: number): WorldNode[] {
  const nodes = Array.from({ length: n }, () => world.add());
  const first = at(nodes, 0);
  succeed(world.settle(first, { type: 'join' }));
  for (const node of nodes.slice(1)) world.connect(node, first);
  // Who knows of nobody yet would begin a ring of its own.
  world.runUntil(() => nodes.slice(1).every(({ machine }) => machine.known().length > 0), 1_000);
  for (const outcome of joinTogether(world, nodes.slice(1))) succeed(outcome);
  return nodes;
}

/** All join at the same time; their outcomes, in order. */
export function joinTogether(world: World, nodes: readonly WorldNode[]): Outcome[] {
  const commands = nodes.map((node) => world.command(node, { type: 'join' }));
  world.runUntil(() => nodes.every((node, i) => node.outcomes.has(at(commands, i))), 20_000);
  return nodes.map((node, i) => {
    const failure = { code: 'UNSETTLED', message: 'join was never settled' };
    return node.outcomes.get(at(commands, i)) ?? { ok: false, failure };
  });
}

/**
 * Whether every member has the right predecessor, the right list and a served arc, and no two share a
 * position.
 */
export function isIdeal(world: World, fingers = false): boolean {
  const members = world.members().toSorted((a, b) => a.machine.self.position - b.machine.self.position);
  const n = members.length;
  return members.every((node, i) => {
    const { predecessor, successors } = node.machine.neighbourhood;
    const length = Math.min(CORE_LIMITS.successors, n - 1);
    if (successors.length !== length || !node.machine.serving) return false;
    if (fingers && !node.machine.health().fingersComplete) return false;
    const follows = successors.every(
      (contact, j) => contact.id === at(members, (i + 1 + j) % n).machine.self.id,
    );
    return follows && (n === 1 || predecessor?.id === at(members, (i + n - 1) % n).machine.self.id);
  });
}

/** Runs until it holds; throws where it does not within so many milliseconds. */
export function reach(world: World, holds: () => boolean, ms: number): void {
  if (!world.runUntil(holds, ms)) throw new Error(`not reached within ${ms} ms`);
}

export function positions(nodes: readonly WorldNode[]): number[] {
  return nodes.map((node) => node.machine.self.position);
}

export function set(world: World, node: WorldNode, key: string, value: string): OperateResult {
  const bytes = new TextEncoder().encode(value);
  return operate(world, node, key, { type: 'set', value: bytes, ttlMs: 0, ifAbsent: false, ifVersion: '' });
}

/** The value as text, or undefined where the ring answered that there is none. */
export function get(
  world: World,
  node: WorldNode,
  key: string,
  consistency?: Consistency,
): string | undefined {
  const { result } = operate(world, node, key, { type: 'get' }, consistency);
  return result.type === 'value' ? new TextDecoder().decode(result.value) : undefined;
}

export function operate(
  world: World,
  node: WorldNode,
  key: string,
  operation: Operation,
  consistency: Consistency = 'quorum',
): OperateResult {
  return succeed(world.settle(node, { type: 'operate', key, operation, consistency })) as OperateResult;
}

/** The value of an outcome that must not be a failure. */
export function succeed(outcome: Outcome): unknown {
  if (outcome.ok) return outcome.value;
  throw new Error(`${outcome.failure.code}: ${outcome.failure.message}`);
}

/** The element at an index that must be there. */
export function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`index ${index} of ${items.length}`);
  return item;
}

/** Increments each of the keys ten times a second, whatever becomes of it; the numbers of the commands. */
export function countUp(world: World, client: WorldNode, keys: readonly string[], ms: number): number[] {
  const commands: number[] = [];
  const end = world.now + ms;
  while (world.now < end) {
    for (const key of keys) {
      const operation = { type: 'increment', by: 1 } as const;
      commands.push(world.command(client, { type: 'operate', key, operation, consistency: 'quorum' }));
    }
    world.run(100);
  }
  return commands;
}
