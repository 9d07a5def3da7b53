// Placed: rings whose members stand where a test wants them, k = 8; and messages that a test holds back.
import { fromKey } from '../../src/core/bytes.ts';
import type { Message } from '../../src/core/message.ts';
import { keyPosition, memberPosition } from '../../src/core/position.ts';
import { simulationHash } from '../../src/sim/hash.ts';
import type { World, WorldNode } from '../../src/sim/world.ts';
import { succeed } from './rings.ts';

export const K = 8;

/** A node that will join at that position; it has joined when this returns. */
export function joinAt(world: World, position: number, through?: WorldNode): WorldNode {
  const node = addAt(world, position);
  if (through !== undefined) {
    world.connect(node, through);
    world.runUntil(() => node.machine.known().length > 0, 1_000);
  }
  succeed(world.settle(node, { type: 'join' }));
  if (node.machine.self.position !== position) throw new Error('joined elsewhere');
  return node;
}

export function addAt(world: World, position: number): WorldNode {
  const name = new TextEncoder().encode(`node${world.nodes.length}`);
  for (let salt = 0; ; salt++) {
    if (memberPosition(simulationHash, name, salt, K) === position) return world.add(1, salt);
  }
}

/** Comes back as the process that it was, with its disk, to the place where it stood. */
export function comeBack(world: World, node: WorldNode, through: WorldNode, erased = false): void {
  world.restart(node, node.machine.self.salt, erased);
  world.connect(node, through);
  world.runUntil(() => node.machine.known().length > 0, 1_000);
  succeed(world.settle(node, { type: 'join' }));
}

/** Different keys in (from, to], not wrapping. */
export function keysIn(from: number, to: number, count: number): string[] {
  const keys: string[] = [];
  for (let i = 0; keys.length < count; i++) {
    const position = keyPosition(simulationHash, fromKey(`key ${i}`), K);
    if (position > from && position <= to) keys.push(`key ${i}`);
  }
  return keys;
}

export function keyIn(from: number, to: number): string {
  return keysIn(from, to, 1)[0] as string;
}

export function holdsValue(node: WorldNode, key: string): boolean {
  return [...node.machine.held()].some(({ entry }) => entry.key === key && entry.value !== undefined);
}

/** Messages to the node that match wait until they are let through; they are on their way meanwhile. */
export function holdBack(
  world: World,
  node: WorldNode,
  matches: (from: string, message: Message) => boolean,
): { readonly held: Message[]; release(): void } {
  const { machine } = node;
  const original = machine.handleMessage.bind(machine);
  const waiting: (() => void)[] = [];
  const held: Message[] = [];
  let open = false;
  machine.handleMessage = (now, from, message) => {
    if (open || !matches(from, message)) return original(now, from, message);
    held.push(message);
    waiting.push(() => original(world.now, from, message));
  };
  return {
    held,
    release: () => {
      open = true;
      for (const action of waiting.splice(0)) action();
    },
  };
}
