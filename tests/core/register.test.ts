// The rules of a register one by one: what a voter promises and accepts, at which configuration it stores,
// and by what it moves to another one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ballot, Base, Configuration, Proposal, Register } from '../../src/core/configuration.ts';
import {
  compareBallots,
  majority,
  sameConfiguration,
  seatOf,
  successorOf,
  supersedes,
} from '../../src/core/configuration.ts';
import { accept, install, prepare, serves } from '../../src/core/register.ts';
import { memberAt } from '../support/members.ts';

const SELF = { id: 'm1', birth: 1 };
const ONE = configurationOf(1, [1, 2, 3]);
const TWO = configurationOf(2, [1, 4, 5]);
const FRESH: Register = {
  configuration: ONE,
  promised: undefined,
  accepted: undefined,
  watermark: 5,
};

function configurationOf(epoch: number, members: number[], ancestors: Base[] = []): Configuration {
  const voters = members.map((position) => ({ contact: memberAt(position), birth: 1 }));
  return { lineage: 'l', epoch, members: voters, ancestors };
}

function ballot(round: number, id = 'p'): Ballot {
  return { round, id };
}

function proposal(round: number, configuration = TWO): Proposal {
  return { ballot: ballot(round), configuration };
}

function promisedAt(round: number): Register {
  return { ...FRESH, promised: ballot(round) };
}

describe('ballots', () => {
  it('are ordered by round, then by id', () => {
    const sorted = [ballot(2, 'a'), ballot(1, 'b'), ballot(1, 'a'), ballot(0, 'z')].toSorted(compareBallots);
    expect(sorted.map(({ round, id }) => `${round}${id}`)).toEqual(['0z', '1a', '1b', '2a']);
  });
});

describe('majorities', () => {
  it('are the least numbers of which any two meet', () => {
    for (let n = 1; n < 10; n++) {
      expect(2 * majority(n)).toBeGreaterThan(n);
      expect(2 * (majority(n) - 1)).toBeLessThanOrEqual(n);
    }
  });
});

describe('prepare', () => {
  it('promises, with what was accepted before and the watermark', () => {
    const { register, vote } = prepare(FRESH, SELF, ONE, ballot(1));
    expect(vote).toEqual({ type: 'promised', accepted: undefined, watermark: 5, restored: false });
    expect(register).toEqual(promisedAt(1));
    const accepted = proposal(1);
    const later = prepare({ ...promisedAt(1), accepted }, SELF, ONE, ballot(2));
    expect(later.vote).toEqual({ type: 'promised', accepted, watermark: 5, restored: false });
    expect(later.register).toEqual({ ...promisedAt(2), accepted });
  });

  it('of a lower ballot than the one promised is outbid, and changes nothing', () => {
    const before = promisedAt(2);
    expect(prepare(before, SELF, ONE, ballot(1))).toEqual({
      register: before,
      vote: { type: 'outbid', promised: ballot(2) },
    });
  });

  it('of another configuration tells where the voter stands', () => {
    for (const base of [
      { ...ONE, epoch: 2 },
      { ...ONE, lineage: 'other' },
    ]) {
      const elsewhere = { type: 'elsewhere', configuration: ONE };
      expect(prepare(FRESH, SELF, base, ballot(9))).toEqual({ register: FRESH, vote: elsewhere });
    }
  });

  it('has no vote without a register, from a member that is no voter, or in another life', () => {
    const unknown = { type: 'unknown' };
    expect(prepare(undefined, SELF, ONE, ballot(1))).toEqual({ register: undefined, vote: unknown });
    for (const self of [
      { id: 'm9', birth: 1 },
      { id: 'm1', birth: 2 },
    ]) {
      expect(prepare(FRESH, self, ONE, ballot(1))).toEqual({ register: FRESH, vote: unknown });
    }
  });
});

describe('accept', () => {
  it('keeps the proposal, and promises its ballot', () => {
    const accepted = proposal(1);
    for (const before of [FRESH, promisedAt(1)]) {
      const { register, vote } = accept(before, SELF, ONE, accepted);
      expect(vote).toEqual({ type: 'accepted' });
      expect(register).toEqual({ ...promisedAt(1), accepted });
    }
  });

  it('of a lower ballot than the one promised is outbid, and changes nothing', () => {
    const before = promisedAt(2);
    const vote = { type: 'outbid', promised: ballot(2) };
    expect(accept(before, SELF, ONE, proposal(1))).toEqual({ register: before, vote });
  });

  it('replaces what was accepted at a lower ballot', () => {
    const before = { ...promisedAt(1), accepted: proposal(1) };
    const other = proposal(2, configurationOf(2, [2, 3]));
    expect(accept(before, SELF, ONE, other).register?.accepted).toEqual(other);
  });

  it('is refused as prepare is', () => {
    expect(accept(undefined, SELF, ONE, proposal(1)).vote).toEqual({ type: 'unknown' });
    expect(accept(FRESH, { id: 'm1', birth: 2 }, ONE, proposal(1)).vote).toEqual({ type: 'unknown' });
    expect(accept(FRESH, SELF, TWO, proposal(1)).vote).toMatchObject({ type: 'elsewhere' });
  });
});

describe('serves', () => {
  it('is true of a voter at its configuration that has promised nothing', () => {
    expect(serves(FRESH, SELF, ONE)).toBe(true);
    expect(serves(promisedAt(0), SELF, ONE)).toBe(false);
    expect(serves(undefined, SELF, ONE)).toBe(false);
    expect(serves(FRESH, SELF, TWO)).toBe(false);
    expect(serves(FRESH, { id: 'm1', birth: 2 }, ONE)).toBe(false);
    expect(serves(FRESH, { id: 'm9', birth: 1 }, ONE)).toBe(false);
  });
});

describe('install', () => {
  it('moves to what was decided, frees of promises, and keeps the higher watermark', () => {
    const before = { ...promisedAt(3), accepted: proposal(3) };
    const after = { configuration: TWO, promised: undefined, accepted: undefined };
    expect(install(before, SELF, TWO, 9)).toEqual({ ...after, watermark: 9 });
    expect(install(before, SELF, TWO, 2)).toEqual({ ...after, watermark: 5 });
    expect(install(undefined, SELF, TWO, 2)).toEqual({ ...after, watermark: 2 });
  });

  it('of what is known, or came before, says nothing new', () => {
    expect(install(FRESH, SELF, ONE, 9)).toBeUndefined();
    expect(install({ ...FRESH, configuration: TWO }, SELF, ONE, 9)).toBeUndefined();
  });

  it('of another lineage says something new only where that one names ours among its ancestors', () => {
    const heir = (ancestors: Base[]): Configuration => ({ ...TWO, lineage: 'heir', ancestors });
    expect(install(FRESH, SELF, heir([]), 0)).toBeUndefined();
    expect(install(FRESH, SELF, heir([{ lineage: 'other', epoch: 9 }]), 0)).toBeUndefined();
    expect(
      install({ ...FRESH, configuration: TWO }, SELF, heir([{ lineage: 'l', epoch: 1 }]), 0),
    ).toBeUndefined();
    expect(install(FRESH, SELF, heir([{ lineage: 'l', epoch: 1 }]), 0)).toBeDefined();
    expect(install(FRESH, SELF, heir([{ lineage: 'l', epoch: 9 }]), 0)).toBeDefined();
  });

  it('that names the member in another life is refused, with a register and without', () => {
    for (const register of [FRESH, undefined]) {
      expect(install(register, { id: 'm1', birth: 2 }, TWO, 0)).toBeUndefined();
    }
  });

  it('of a configuration without the member is taken note of', () => {
    expect(install(FRESH, SELF, configurationOf(2, [4, 5]), 0)?.configuration.epoch).toBe(2);
  });
});

describe('lineages', () => {
  const lineage = fc.constantFrom('a', 'b', 'c');
  const epoch = fc.integer({ min: 1, max: 4 });
  const base = fc.record({ lineage, epoch });

  it('make a successor come after all that it was made of, and after their ancestors', () => {
    const bases = fc.array(fc.tuple(base, fc.array(base, { maxLength: 3 })), { minLength: 1, maxLength: 3 });
    const property = fc.property(bases, (list) => {
      const former = list.map(([one, ancestors]): Configuration => ({ ...ONE, ...one, ancestors }));
      const next = successorOf(former, { lineage: 'new', epoch: 5 }, ONE.members);
      for (const one of former) {
        for (const known of [one, ...one.ancestors]) expect(supersedes(next, known)).toBe(true);
        expect(supersedes(one, next)).toBe(false);
      }
      expect(next.ancestors.every((one) => one.lineage !== next.lineage)).toBe(true);
      expect(new Set(next.ancestors.map((one) => one.lineage)).size).toBe(next.ancestors.length);
    });
    fc.assert(property, { seed: 20_261_122, numRuns: 500 });
  });

  it('count on within one, whatever the members', () => {
    expect(supersedes(TWO, ONE)).toBe(true);
    expect(supersedes(ONE, TWO)).toBe(false);
    expect(supersedes(ONE, ONE)).toBe(false);
  });

  it('remember a base rather than what is long ago', () => {
    const old = { ...ONE, lineage: 'apart' };
    const ancestors = Array.from({ length: 64 }, (_, i) => ({ lineage: `n${i}`, epoch: 100 }));
    const merged = successorOf([{ ...TWO, ancestors }, old], { lineage: 'm', epoch: 101 }, ONE.members);
    for (const one of [TWO, old]) expect(supersedes(merged, one)).toBe(true);
  });

  it('remember what they met one after another, however long the histories of those were', () => {
    const history = (name: string): Base[] =>
      Array.from({ length: 64 }, (_, i) => ({ lineage: `${name} ${i}`, epoch: 100 }));
    const met = Array.from({ length: 30 }, (_, i) => ({
      ...ONE,
      lineage: `met ${i}`,
      ancestors: history(`${i}`),
    }));
    let last: Configuration = { ...ONE, lineage: 'own', ancestors: history('own') };
    for (const [i, one] of met.entries()) {
      last = successorOf([last, one], { lineage: `with ${i}`, epoch: 101 + i }, ONE.members);
    }
    // Each offers what it stands at until it is let go: what is news again and again is never at an end.
    expect(met.filter((one) => !supersedes(last, one))).toEqual([]);
  });

  it('remember the 64 latest ancestors', () => {
    let last = ONE;
    for (let i = 0; i < 70; i++) last = successorOf([last], { lineage: `n${i}`, epoch: i + 2 }, ONE.members);
    expect(last.ancestors).toHaveLength(64);
    expect(supersedes(last, { lineage: 'n68', epoch: 70 })).toBe(true);
    expect(supersedes(last, ONE)).toBe(false);
  });
});

describe('a configuration', () => {
  it('seats a voter in the life in which it became one', () => {
    expect(seatOf(ONE, 'm2', 1)).toBe(1);
    expect(seatOf(ONE, 'm2', 2)).toBe(-1);
    expect(seatOf(ONE, 'm9', 1)).toBe(-1);
  });

  it('is the same where name and voters are, in their order', () => {
    expect(sameConfiguration(ONE, configurationOf(1, [1, 2, 3]))).toBe(true);
    expect(sameConfiguration(ONE, configurationOf(1, [2, 1, 3]))).toBe(false);
    expect(sameConfiguration(ONE, configurationOf(1, [1, 2]))).toBe(false);
    expect(sameConfiguration(ONE, configurationOf(2, [1, 2, 3]))).toBe(false);
  });
});
