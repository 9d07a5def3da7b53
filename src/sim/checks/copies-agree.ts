// CopiesAgree: in a ring that is whole and at rest, every entry stands with the members that should keep
// it, in the same version everywhere, and nowhere else, and its owner alone serves it. What is left of it in
// a ring with faults is not judged here.
import { fromKey } from '../../core/bytes.ts';
import type { Entry, Key } from '../../core/entry.ts';
import { distance, keyPosition, ringSize } from '../../core/position.ts';
import { simulationHash } from '../hash.ts';
import type { World, WorldNode } from '../world.ts';

interface Held {
  readonly node: WorldNode;
  readonly entry: Entry;
}

/** What is wrong with the copies; undefined where nothing is. */
export function copiesProblem(world: World, k: number, replicas: number): string | undefined {
  const members = world.members();
  for (const [key, held] of copies(world)) {
    const position = keyPosition(simulationHash, fromKey(key), k);
    const offset = (node: WorldNode): number => distance(position, node.machine.self.position, ringSize(k));
    const wanted = members.toSorted((a, b) => offset(a) - offset(b)).slice(0, replicas);
    const versions = new Set(held.map(({ entry }) => entry.version));
    if (versions.size > 1) return `"${key}" is held as ${held.map(describe).join(', ')}`;
    const missing = wanted.filter((node) => !held.some((one) => one.node === node));
    if (missing.length > 0) return `"${key}" at ${position} is missing on ${namesOf(missing)}`;
    const stray = held.filter(({ node }) => !wanted.includes(node)).map(({ node }) => node);
    if (stray.length > 0) return `"${key}" at ${position} is still kept by ${namesOf(stray)}`;
    // What went on by itself may serve the arc without any of its entries.
    const second = members.filter((node) => node !== wanted[0] && node.machine.servesAt(position));
    if (second.length > 0) return `"${key}" at ${position} is still served by ${namesOf(second)}`;
  }
  return undefined;
}

/** Every copy in processes that run, by key. */
export function copies(world: World): Map<Key, Held[]> {
  const byKey = new Map<Key, Held[]>();
  for (const node of world.running()) {
    for (const { entry } of node.machine.held()) {
      const held = byKey.get(entry.key);
      if (held === undefined) byKey.set(entry.key, [{ node, entry }]);
      else held.push({ node, entry });
    }
  }
  return byKey;
}

function describe({ node, entry }: Held): string {
  return `${entry.version}${entry.value === undefined ? ' (deleted)' : ''} by ${node.name}`;
}

function namesOf(nodes: readonly WorldNode[]): string {
  return nodes.map(({ name }) => name).join(' ');
}
