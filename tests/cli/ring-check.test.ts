// Each thing that `chord check` looks for, in a ring that is whole but for that.
import { describe, expect, it } from 'vitest';
import { type CheckedMember, findProblems } from '../../src/cli/ring-check.ts';

const POSITIONS = [10, 50, 90, 200];

/** A whole ring of four, with one member changed. */
function ringWith(index?: number, change: Partial<CheckedMember> = {}): CheckedMember[] {
  const peer = (i: number): { id: string } => ({ id: `m${(i + POSITIONS.length) % POSITIONS.length}` });
  return POSITIONS.map((position, i) => ({
    id: `m${i}`,
    position,
    arc: { from: POSITIONS.at(i - 1) ?? 0, to: position },
    serving: true,
    served: [{ from: POSITIONS.at(i - 1) ?? 0, to: position }],
    predecessor: peer(i - 1),
    successors: [peer(i + 1), peer(i + 2), peer(i + 3)],
    underReplicated: [],
    ...(i === index ? change : {}),
  }));
}

describe('findProblems', () => {
  it('finds none in a whole ring, in whatever order its members come', () => {
    expect(findProblems(ringWith())).toEqual([]);
    expect(findProblems(ringWith().toReversed())).toEqual([]);
  });

  const alone = {
    ...ringWith()[0]!,
    arc: { from: 10, to: 10 },
    served: [{ from: 10, to: 10 }],
    predecessor: undefined,
    successors: [],
  };

  it('finds none with a member that is alone', () => {
    expect(findProblems([alone])).toEqual([]);
  });

  it('finds that members are missing where it is told how many there should be', () => {
    expect(findProblems([alone], 3)).toEqual(['there should be 3 members, and 1 answered']);
    expect(findProblems(ringWith(), 4)).toEqual([]);
    expect(findProblems(ringWith(), 3)).toEqual([]);
  });

  it('speaks of all entries where all have too few copies', () => {
    const [problem] = findProblems([{ ...alone, underReplicated: [{ from: 10, to: 10 }] }]);
    expect(problem).toBe('all entries, owned by m0 at 10, have too few copies');
  });

  it.each<[string, number, Partial<CheckedMember>, RegExp]>([
    [
      'a wrong predecessor',
      1,
      { predecessor: { id: 'm3' } },
      /^the predecessor of m1 at 50 should be m0 at 10, but is m3$/,
    ],
    ['no predecessor', 1, { predecessor: undefined }, /but is nobody$/],
    [
      'a wrong successor',
      2,
      { successors: [{ id: 'm0' }] },
      /^successor 1 of m2 at 90 should be m3 at 200, but is m0$/,
    ],
    [
      'a gap further down the list',
      0,
      { successors: [{ id: 'm1' }, { id: 'm3' }] },
      /^successor 2 of m0 at 10/,
    ],
    ['no successor', 0, { successors: [] }, /knows no successor/],
    ['an arc that leaves a gap', 2, { arc: { from: 60, to: 90 } }, /^the arc of m2 at 90 begins at 60/],
    ['an arc that ends elsewhere', 2, { arc: { from: 50, to: 91 } }, /ends at 91/],
    ['an arc without service', 3, { serving: false }, /^m3 at 200 does not serve its arc yet$/],
    [
      'keys that two answer for',
      3,
      { served: [{ from: 60, to: 200 }] },
      /^m3 at 200 and m2 at 90 both answer for keys in|^m2 at 90 and m3 at 200 both answer for keys in/,
    ],
    [
      'too few copies',
      3,
      { underReplicated: [{ from: 95, to: 100 }] },
      /^entries in \(95, 100\], owned by m3 at 200/,
    ],
  ])('finds %s', (_name, index, change, expected) => {
    const problems = findProblems(ringWith(index, change));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(expected);
  });

  it('finds two members on one position', () => {
    expect(findProblems(ringWith(1, { position: 10 })).join('\n')).toMatch(
      /m0 at 10 and m1 at 10 stand on the same/,
    );
  });

  it('does not call a ring whole in which nobody answered', () => {
    expect(findProblems([])).toEqual(['no member answered']);
  });
});
