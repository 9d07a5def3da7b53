// The properties that a ring must have in every state (Zave, TSE 2017, section IV): what each member's list
// says, looked at from above. It owns the judgement only; it knows nothing of how a state came about.
import { between } from '../../src/core/position.ts';
import type { RingState } from '../../src/core/ring.ts';
import { positionsOf } from './members.ts';

/** The properties that do not hold, in words; none in a state that is right. */
export function violations(members: readonly RingState[]): string[] {
  if (members.length === 0) return [];
  const found = [...listViolations(members)];
  const best = bestSuccessors(members);
  if (best.size < members.length) return [...found, 'OneLiveSuccessor: a list has no live entry'];
  const positions = [...best.keys()];
  const onRing = positions.filter((member) => pathFrom(member, best).includes(member));
  const first = onRing[0];
  if (first === undefined) return [...found, 'AtLeastOneRing: nobody reaches itself'];
  const ring = new Set(pathFrom(first, best));
  const apart = onRing.filter((member) => !ring.has(member));
  if (apart.length > 0) found.push(`AtMostOneRing: ${apart.join(' ')} form another ring`);
  for (const member of ring) {
    const next = best.get(member) ?? member;
    const skipped = [...ring].filter((other) => between(member, other, next) && other !== next);
    if (skipped.length > 0)
      found.push(`OrderedRing: ${member} goes to ${next} and skips ${skipped.join(' ')}`);
  }
  const lost = positions.filter((member) => !pathFrom(member, best).some((other) => ring.has(other)));
  if (lost.length > 0) found.push(`ConnectedAppendages: ${lost.join(' ')} do not reach the ring`);
  return found;
}

/**
 * Members that no member's list skips. Zave's proof holds while they are at least r + 1, or here, where rings
 * begin with one member, while all are.
 */
export function principals(members: readonly RingState[]): RingState[] {
  const lists = members.map((state) => positionsOf([state.self, ...state.successors]));
  return members.filter(({ self }) =>
    lists.every((list) =>
      list.every((member, i) => {
        const next = list[i + 1];
        return next === undefined || !between(member, self.position, next);
      }),
    ),
  );
}

/** Whether every member knows its predecessor and as many of those behind it as fit its list. */
export function isIdeal(members: readonly RingState[], listMax: number): boolean {
  const inOrder = members.toSorted((a, b) => a.self.position - b.self.position);
  return inOrder.every((state, i) => {
    const following = [...inOrder.slice(i + 1), ...inOrder.slice(0, i)].map((other) => other.self.position);
    const predecessor = following.at(-1);
    return (
      state.predecessor?.position === predecessor &&
      positionsOf(state.successors).join(' ') === following.slice(0, listMax).join(' ')
    );
  });
}

/** NoDuplicates and OrderedSuccessorLists, for the list that begins with the member itself. */
function listViolations(members: readonly RingState[]): string[] {
  return members.flatMap((state) => {
    const list = positionsOf([state.self, ...state.successors]);
    const shown = list.join(' ');
    if (new Set(list).size < list.length) return [`NoDuplicates: ${shown}`];
    const ordered = list.every((member, i) => {
      const [second, third] = list.slice(i + 1);
      return second === undefined || third === undefined || between(member, second, third);
    });
    return ordered ? [] : [`OrderedSuccessorLists: ${shown}`];
  });
}

/** The first live entry of each member's list; a member that is alone is its own. */
function bestSuccessors(members: readonly RingState[]): Map<number, number> {
  const live = new Set(members.map((state) => state.self.position));
  const best = new Map<number, number>();
  for (const { self, successors } of members) {
    const next = positionsOf(successors).find((position) => live.has(position));
    if (next !== undefined) best.set(self.position, next);
    else if (members.length === 1) best.set(self.position, self.position);
  }
  return best;
}

/** The members reached from one, without itself unless the way comes back to it. */
function pathFrom(start: number, best: ReadonlyMap<number, number>): number[] {
  const path: number[] = [];
  for (let member = best.get(start); member !== undefined && !path.includes(member); ) {
    path.push(member);
    member = best.get(member);
  }
  return path;
}
