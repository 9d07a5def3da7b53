// Checks of a world's ring from outside, with the knowledge that no node has: they say what is wrong, or
// nothing. They are apart from the world and from what drives it, so that the same ones judge every run.
import type { Contact } from '../core/contact.ts';
import { distance, ringSize } from '../core/position.ts';
import type { World, WorldNode } from './world.ts';

/**
 * What must hold for one node at every moment, whatever the network does: its list goes clockwise, names
 * nobody twice and not itself (NoDuplicates and OrderedSuccessorLists of TSE 2017, of one list).
 */
export function listProblem(node: WorldNode, k: number, listMax: number): string | undefined {
  const { self } = node.machine;
  const { successors } = node.machine.neighbourhood;
  if (successors.length > listMax)
    return `${node.name} lists ${successors.length} members, more than ${listMax}`;
  let reached = 0;
  for (const contact of successors) {
    const offset = distance(self.position, contact.position, ringSize(k));
    if (contact.id === self.id) return `${node.name} lists itself`;
    if (offset <= reached)
      return `${node.name} at ${self.position} lists ${positionsOf(successors)}: out of order`;
    reached = offset;
  }
  return undefined;
}

/**
 * What keeps the members from being one ideal ring that serves every arc; undefined where they are. Whether
 * arcs are served can be left out.
 */
export function ringProblem(world: World, listMax: number, serves = true): string | undefined {
  const members = world.members().toSorted((a, b) => a.machine.self.position - b.machine.self.position);
  const n = members.length;
  if (n === 0) return 'there is no member';
  for (const [i, node] of members.entries()) {
    const { self, neighbourhood, serving } = node.machine;
    const others = [...members.slice(i + 1), ...members.slice(0, i)];
    const next = others[0];
    if (next?.machine.self.position === self.position)
      return `${node.name} and ${next.name} stand on ${self.position}`;
    const wanted = others.slice(0, listMax).map((other) => other.machine.self.id);
    const listed = neighbourhood.successors.map((contact) => contact.id);
    if (wanted.join() !== listed.join()) {
      const should = others.slice(0, listMax).map((other) => other.machine.self);
      return (
        `${node.name} at ${self.position} lists ${positionsOf(neighbourhood.successors)}` +
        `, the ring is ${positionsOf(should)}`
      );
    }
    if (neighbourhood.predecessor?.id !== others.at(-1)?.machine.self.id) {
      const predecessor = neighbourhood.predecessor?.position ?? 'none';
      return `${node.name} at ${self.position} has predecessor ${predecessor}`;
    }
    if (serves && !serving) return `${node.name} at ${self.position} does not serve its arc`;
  }
  return undefined;
}

function positionsOf(contacts: readonly Contact[]): string {
  return `[${contacts.map((contact) => contact.position).join(' ')}]`;
}
