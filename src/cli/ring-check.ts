// Whether a ring is whole, judged from the descriptions of its members: order, neighbours that agree both
// ways, arcs that cover every position once and are served by one member only, and enough copies. Pure: from
// members to sentences about what is wrong.
import { servedTwice } from '../node/ring-view.ts';

/** What is known of a member, as `ring()` gives it. */
export interface CheckedMember {
  readonly id: string;
  readonly position: number;
  readonly arc: Arc;
  readonly serving: boolean;
  /** What it answers for, also outside its arc. */
  readonly served: readonly Arc[];
  readonly predecessor: Neighbour | undefined;
  /** Clockwise, nearest first. */
  readonly successors: readonly Neighbour[];
  /** Parts of its arc that have fewer copies than they should. */
  readonly underReplicated: readonly Arc[];
}

interface Arc {
  readonly from: number;
  readonly to: number;
}

interface Neighbour {
  readonly id: string;
}

/**
 * One sentence for each thing that is wrong, in clockwise order; none when the ring is whole. Of members that
 * were given up the others know nothing any more: whoever knows how many there should be says so.
 */
export function findProblems(members: readonly CheckedMember[], expected = 0): string[] {
  if (members.length === 0) return ['no member answered'];
  const sorted = members.toSorted((a, b) => a.position - b.position);
  const ofMembers = sorted.flatMap((member, i) => {
    const before = at(sorted, i - 1);
    return [
      ...checkPosition(member, before, sorted.length),
      ...checkNeighbours(member, before, sorted, i),
      ...checkService(member),
    ];
  });
  return [...checkCount(members.length, expected), ...ofMembers, ...checkMerged(sorted)];
}

function checkCount(there: number, expected: number): string[] {
  return there < expected ? [`there should be ${expected} members, and ${there} answered`] : [];
}

function checkMerged(sorted: readonly CheckedMember[]): string[] {
  const twice = servedTwice(sorted);
  if (twice === undefined) return [];
  const { arc, by } = twice;
  return [
    `${name(by[0])} and ${name(by[1])} both answer for keys in (${arc.from}, ${arc.to}]: rings that merge`,
  ];
}

function checkPosition(member: CheckedMember, before: CheckedMember, count: number): string[] {
  if (count > 1 && before.position === member.position) {
    return [`${name(before)} and ${name(member)} stand on the same position`];
  }
  if (member.arc.to !== member.position) {
    return [`${name(member)} says that its arc ends at ${member.arc.to}, not at its own position`];
  }
  if (member.arc.from !== before.position) {
    return [
      `the arc of ${name(member)} begins at ${member.arc.from}, but the member before it is ${name(before)}`,
    ];
  }
  return [];
}

function checkNeighbours(
  member: CheckedMember,
  before: CheckedMember,
  sorted: readonly CheckedMember[],
  index: number,
): string[] {
  const alone = sorted.length === 1;
  const problems: string[] = [];
  const predecessor = member.predecessor?.id;
  if (!alone && predecessor !== before.id) {
    problems.push(
      `the predecessor of ${name(member)} should be ${name(before)}, but is ${shown(predecessor)}`,
    );
  }
  if (!alone && member.successors.length === 0) problems.push(`${name(member)} knows no successor`);
  for (const [i, successor] of member.successors.entries()) {
    const expected = at(sorted, index + 1 + i);
    if (successor.id === expected.id) continue;
    problems.push(
      `successor ${i + 1} of ${name(member)} should be ${name(expected)}, but is ${shown(successor.id)}`,
    );
    // The rest of the list is off by as much and would only repeat it.
    break;
  }
  return problems;
}

function checkService(member: CheckedMember): string[] {
  const problems = member.serving ? [] : [`${name(member)} does not serve its arc yet`];
  for (const { from, to } of member.underReplicated) {
    const entries = from === to ? 'all entries' : `entries in (${from}, ${to}]`;
    problems.push(`${entries}, owned by ${name(member)}, have too few copies`);
  }
  return problems;
}

function at(sorted: readonly CheckedMember[], index: number): CheckedMember {
  const member = sorted.at(index % sorted.length);
  if (!member) throw new RangeError('no members');
  return member;
}

function name(member: CheckedMember): string {
  return `${shown(member.id)} at ${member.position}`;
}

function shown(id: string | undefined): string {
  return id === undefined ? 'nobody' : id.slice(0, 10);
}
