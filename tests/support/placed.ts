// Placed: rings whose members stand where a test wants them, k = 8; and messages that a test holds back.
import { fromKey } from '../../src/core/bytes.ts';
import type { ExplainResult } from '../../src/core/command.ts';
import type { Message } from '../../src/core/message.ts';
import { holds, keyPosition, memberPosition } from '../../src/core/position.ts';
import { simulationHash } from '../../src/sim/hash.ts';
import type { World, WorldNode } from '../../src/sim/world.ts';
import { at, succeed } from './rings.ts';

export const K = 8;

/** A node that will join at that position; it has joined when this returns. */
export function joinAt(world: World, position: number, through?: WorldNode): WorldNode {
  const node = addAt(world, position);
  if (through !== undefined) meet(world, node, through);
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
  meet(world, node, through);
  succeed(world.settle(node, { type: 'join' }));
}

/** Begins to join, where messages that a test loses may keep it from being done soon. */
export function beginJoin(world: World, node: WorldNode, through: WorldNode): void {
  meet(world, node, through);
  world.command(node, { type: 'join' }, 60_000);
}

function meet(world: World, node: WorldNode, through: WorldNode): void {
  world.connect(node, through);
  world.runUntil(() => node.machine.known().length > 0, 1_000);
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

/** Whether it holds a value of the key, or that it was deleted. */
export function holdsEntry(node: WorldNode, key: string): boolean {
  return [...node.machine.held()].some(({ entry }) => entry.key === key);
}

/** What the node itself holds, as text; undefined where it holds no value of the key. */
export function textOf(node: WorldNode, key: string): string | undefined {
  const value = [...node.machine.held()].find(({ entry }) => entry.key === key)?.entry.value;
  return value === undefined ? undefined : new TextDecoder().decode(value);
}

/** Begins to set the key; it is given up after so many milliseconds. The number of the command. */
export function beginSet(
  world: World,
  node: WorldNode,
  { key, text, ms }: { readonly key: string; readonly text: string; readonly ms: number },
): number {
  const value = new TextEncoder().encode(text);
  const operation = { type: 'set', value, ttlMs: 0, ifAbsent: false, ifVersion: '' } as const;
  return world.command(node, { type: 'operate', key, operation, consistency: 'quorum' }, ms);
}

/** From now on what the node writes is on its disk after so many milliseconds. */
export function setSync({ disk }: WorldNode, syncMs: number): void {
  if (disk === undefined) throw new Error('no disk');
  disk.faults.syncMs = syncMs;
}

/** How many epochs were forced so far. */
export function forcedEpochs(world: World): number {
  return world.nodes.flatMap(({ events }) => events).filter(({ type }) => type === 'degraded').length;
}

/** Whether the owner gives a copy entries by it, rather than asking whether its epoch is still served. */
export function isWrite({ body }: Message): boolean {
  return body.type === 'replicate' && body.entries.length > 0;
}

type Install = Message & { readonly body: { readonly type: 'install' } };

/** Whether by it a configuration is told that names the node, of an arc with the position. */
export function names(message: Message, node: WorldNode, position: number): message is Install {
  const { direction, body } = message;
  if (direction !== 'request' || body.type !== 'install' || !holds(body.arc, position)) return false;
  return body.configuration.members.some(({ contact }) => contact.id === node.machine.self.id);
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

/** Messages for the node that match never reach it. */
export function lose(node: WorldNode, isLost: (from: string, message: Message) => boolean): void {
  const { machine } = node;
  const handle = machine.handleMessage.bind(machine);
  machine.handleMessage = (now, from, message) => {
    if (!isLost(from, message)) handle(now, from, message);
  };
}

type Six = [WorldNode, WorldNode, WorldNode, WorldNode, WorldNode, WorldNode];

/** The owner of the key and the five members behind it, clockwise. */
export function fromOwnerOn(world: World, nodes: readonly WorldNode[], key: string): Six {
  const { owner } = succeed(world.settle(at(nodes, 0), { type: 'explain', key })) as ExplainResult;
  const ordered = nodes.toSorted((a, b) => a.machine.self.position - b.machine.self.position);
  const first = ordered.findIndex(({ machine }) => machine.self.id === owner.id);
  return Array.from({ length: 6 }, (_, i) => at(ordered, (first + i) % ordered.length)) as Six;
}
