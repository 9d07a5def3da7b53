// The rules of the ring together: many members, joins, failures and every step of maintenance in orders
// drawn from seeds, judged in every state by what Zave (TSE 2017) proves of them; and the judge, which must
// be able to find each fault.
import { describe, expect, it } from 'vitest';
import type { RingState } from '../../src/core/ring.ts';
import { memberAt, positionsOf } from '../support/members.ts';
import { RingDriver } from '../support/ring-driver.ts';
import { isIdeal, principals, violations } from '../support/ring-properties.ts';

const SIZE = 16;
const SEEDS = 1_000;
const STEPS = 150;
/** Stabilisations of each member within which a ring that is left alone is ideal. */
const PERIODS_MAX = 8;

const CASES = [2, 3, 4].flatMap((listMax) => [3, 5, 8].map((membersMax) => ({ listMax, membersMax })));

describe.each(CASES)('lists of $listMax and up to $membersMax members', ({ listMax, membersMax }) => {
  const begin = (seed: number): RingDriver =>
    new RingDriver({ seed, rules: { listMax, size: SIZE }, membersMax });

  it(`stay one ordered ring in every state, and nobody begins to skip a principal (${SEEDS} seeds)`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) expect(firstFault(begin(seed), seed)).toBeUndefined();
  });

  it(`are an ideal ring ${PERIODS_MAX} periods after the last join and failure (${SEEDS} seeds)`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const driver = begin(seed);
      for (let step = 0; step < STEPS; step++) driver.step();
      const before = driver.describe();
      let periods = 0;
      for (; periods < PERIODS_MAX && !isIdeal(driver.members, listMax); periods++) driver.calmPeriod();
      const shown = report(driver, { seed, step: STEPS, before }, ['the ring does not become ideal']);
      expect(isIdeal(driver.members, listMax), shown).toBe(true);
    }
  });
});

/** What is wrong after the first step behind which something is, with all that is needed to see why. */
function firstFault(driver: RingDriver, seed: number): string | undefined {
  let former: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const before = driver.describe();
    driver.step();
    const present = positionsOf(principals(driver.members).map(({ self }) => self));
    const skipped = former.filter((member) => driver.isMember(member) && !present.includes(member));
    const found = violations(driver.members);
    if (skipped.length > 0) found.push(`SufficientPrincipals: ${skipped.join(' ')} got skipped`);
    if (found.length > 0) return report(driver, { seed, step, before }, found);
    former = present;
  }
  return undefined;
}

function report(
  driver: RingDriver,
  at: { readonly seed: number; readonly step: number; readonly before: string },
  found: readonly string[],
): string {
  const last = driver.trace.slice(-20).join(', ');
  return `seed ${at.seed}, step ${at.step}: ${found.join('; ')}
before: ${at.before}
after:  ${driver.describe()}
last:   ${last}`;
}

describe('the judge', () => {
  const stateOf = (self: number, ...successors: number[]): RingState => ({
    self: memberAt(self),
    predecessor: undefined,
    successors: successors.map((position) => memberAt(position)),
    waiting: undefined,
  });

  it('finds nothing in a ring with an appendage and dead entries', () => {
    expect(violations([stateOf(1, 4, 8), stateOf(4, 6, 8), stateOf(8, 1, 4), stateOf(9, 12, 1)])).toEqual([]);
    expect(violations([stateOf(1)])).toEqual([]);
  });

  it.each([
    ['OneLiveSuccessor', [stateOf(1, 4, 5), stateOf(8, 1)]],
    ['AtMostOneRing', [stateOf(1, 4), stateOf(4, 1), stateOf(8, 12), stateOf(12, 8)]],
    ['ConnectedAppendages', [stateOf(1, 4), stateOf(4, 1), stateOf(8, 12), stateOf(12, 8)]],
    ['OrderedRing', [stateOf(1, 8), stateOf(8, 4), stateOf(4, 1)]],
    ['NoDuplicates', [stateOf(1, 4, 4), stateOf(4, 1)]],
    ['OrderedSuccessorLists', [stateOf(1, 4, 2), stateOf(4, 1)]],
  ])('finds a fault of %s', (property, members) => {
    expect(violations(members).join('; ')).toContain(property);
  });

  it('finds the ring that falls apart for good where two members list one twice (TSE 2017, Fig. 3)', () => {
    const lists = [stateOf(3, 4, 4), stateOf(6, 4, 4)];
    expect(violations([...lists, stateOf(4, 6, 3)]).join('; ')).toContain('NoDuplicates: 3 4 4');
    expect(violations(lists).join('; ')).toContain('OneLiveSuccessor');
  });

  it('counts as principals those whom no list skips', () => {
    const members = [stateOf(1, 8), stateOf(4, 8, 1), stateOf(8, 1, 4)];
    expect(positionsOf(principals(members).map(({ self }) => self))).toEqual([1, 8]);
  });

  it('calls a ring ideal where every list and predecessor is right', () => {
    const [first, second] = [stateOf(1, 4), stateOf(4, 1)];
    const known = [
      { ...first, predecessor: second.self },
      { ...second, predecessor: first.self },
    ];
    expect(isIdeal(known, 2)).toBe(true);
    expect(isIdeal([first, second], 2)).toBe(false);
    expect(isIdeal(known.slice(0, 1), 2)).toBe(false);
  });
});
