// The linearizability checker: histories whose verdict is known, and random ones against a judge that tries
// every order.
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { checkLinearizability } from '../../src/sim/linearizability.ts';
import type { RegisterInput, RegisterOutput } from '../../src/sim/register.ts';
import { REGISTER } from '../../src/sim/register.ts';
import type { RegisterOperation } from './register-histories.ts';
import { executedHistory, explainedBySomeOrder, mutated } from './register-histories.ts';

const SEED = 20_261_122;

/** An operation on key 'k' between two times; without an output and an end where nothing was answered. */
function done(from: number, to: number, input: RegisterInput, output: RegisterOutput): RegisterOperation {
  return { key: 'k', input, invokedAt: from, completedAt: to, output };
}

function lost(from: number, input: RegisterInput): RegisterOperation {
  return { key: 'k', input, invokedAt: from, completedAt: undefined, output: undefined };
}

const set = (value: string): RegisterInput => ({ type: 'set', value });
const stored = (version: string): RegisterOutput => ({ type: 'stored', version });
const is = (value: string): RegisterOutput => ({ type: 'value', value });
const GET: RegisterInput = { type: 'get' };
const ADD: RegisterInput = { type: 'increment', by: 1 };
const sum = (value: number): RegisterOutput => ({ type: 'number', value });

const GOOD: Record<string, RegisterOperation[]> = {
  'a read of what was written': [done(0, 1, set('a'), stored('1')), done(2, 3, GET, is('a'))],
  'a read beside a write, before it': [
    done(0, 9, set('a'), stored('1')),
    done(1, 2, GET, { type: 'none' }),
    done(3, 4, GET, is('a')),
  ],
  'a read beside a write, after it': [done(0, 9, set('a'), stored('1')), done(1, 2, GET, is('a'))],
  'two writes at once, in the one order': [
    done(0, 5, set('a'), stored('1')),
    done(0, 5, set('b'), stored('2')),
    done(6, 7, GET, is('a')),
  ],
  'two writes at once, in the other order': [
    done(0, 5, set('a'), stored('1')),
    done(0, 5, set('b'), stored('2')),
    done(6, 7, GET, is('b')),
  ],
  'a read of a write without answer': [lost(0, set('a')), done(5, 6, GET, is('a'))],
  'a write without answer that never happened': [lost(0, set('a')), done(5, 6, GET, { type: 'none' })],
  'a write without answer that happens late': [
    lost(0, set('a')),
    done(5, 6, GET, { type: 'none' }),
    done(7, 8, GET, is('a')),
  ],
  'an answer at the moment of the next call': [
    done(0, 1, set('a'), stored('1')),
    done(1, 2, GET, { type: 'none' }),
  ],
  'a condition on the version of a write without answer': [
    lost(0, set('a')),
    done(2, 3, GET, { type: 'value', value: 'a', version: 'x' }),
    done(4, 5, { type: 'set', value: 'b', ifVersion: 'x' }, stored('y')),
  ],
  'one of two that take a lock': [
    done(0, 5, { type: 'set', value: 'a', ifAbsent: true }, stored('1')),
    done(0, 5, { type: 'set', value: 'b', ifAbsent: true }, { type: 'conflict', version: '1' }),
  ],
  'increments at once': [done(0, 5, ADD, sum(2)), done(0, 5, ADD, sum(1)), done(6, 7, GET, is('2'))],
  'a delete, and nothing after it': [
    done(0, 1, set('a'), stored('1')),
    done(2, 3, { type: 'delete' }, { type: 'deleted', existed: true }),
    done(4, 5, { type: 'delete' }, { type: 'deleted', existed: false }),
    done(6, 7, GET, { type: 'none' }),
  ],
};

const BAD: Record<string, RegisterOperation[]> = {
  'a stale read': [
    done(0, 1, set('a'), stored('1')),
    done(2, 3, set('b'), stored('2')),
    done(4, 5, GET, is('a')),
  ],
  'reads that go back in time': [
    done(0, 1, set('a'), stored('1')),
    done(2, 9, set('b'), stored('2')),
    done(3, 4, GET, is('b')),
    done(5, 6, GET, is('a')),
  ],
  'a lost write': [done(0, 1, set('a'), stored('1')), done(2, 3, GET, { type: 'none' })],
  'a lost update': [
    done(0, 1, set('0'), stored('1')),
    done(2, 3, { type: 'set', value: 'a', ifVersion: '1' }, stored('2')),
    done(2, 3, { type: 'set', value: 'b', ifVersion: '1' }, stored('3')),
  ],
  'a lock taken twice': [
    done(0, 5, { type: 'set', value: 'a', ifAbsent: true }, stored('1')),
    done(0, 5, { type: 'set', value: 'b', ifAbsent: true }, stored('2')),
  ],
  'an increment applied twice': [done(0, 1, ADD, sum(1)), done(2, 3, GET, is('2'))],
  'an increment without answer applied twice': [lost(0, ADD), done(2, 3, GET, is('2'))],
  'two increments that made one': [done(0, 5, ADD, sum(1)), done(0, 5, ADD, sum(1))],
  'a read from the future': [done(0, 1, GET, is('a')), done(2, 3, set('a'), stored('1'))],
  'a deleted entry that comes back': [
    done(0, 1, set('a'), stored('1')),
    done(2, 3, { type: 'delete' }, { type: 'deleted', existed: true }),
    done(4, 5, GET, is('a')),
  ],
  'a write without answer that happened twice': [
    lost(0, set('a')),
    done(2, 3, GET, is('a')),
    done(4, 5, set('b'), stored('2')),
    done(6, 7, GET, is('a')),
  ],
  'a conflict with a version that was never there': [
    done(0, 1, set('a'), stored('1')),
    done(2, 3, { type: 'set', value: 'b', ifAbsent: true }, { type: 'conflict', version: '2' }),
  ],
};

describe('the linearizability checker', () => {
  it.each(Object.entries(GOOD))('accepts %s', (_name, history) => {
    expect(checkLinearizability(REGISTER, history).verdict).toBe('linearizable');
    expect(explainedBySomeOrder(REGISTER, history)).toBe(true);
  });

  it.each(Object.entries(BAD))('refuses %s', (_name, history) => {
    expect(checkLinearizability(REGISTER, history).verdict).toBe('violated');
    expect(explainedBySomeOrder(REGISTER, history)).toBe(false);
  });

  it('accepts every history of operations that happened one at a time (100 of 400 operations)', () => {
    const random = new Random(SEED);
    for (let i = 0; i < 100; i++) {
      const overlap = random.below(12);
      const history = executedHistory(random, { keys: 1 + random.below(6), operations: 400, overlap });
      expect(checkLinearizability(REGISTER, history).verdict, `history ${i}`).toBe('linearizable');
    }
  });

  it('agrees with a judge that tries every order (6000 histories of up to 6 operations)', () => {
    const random = new Random(SEED);
    let refused = 0;
    for (let i = 0; i < 6_000; i++) {
      const shape = { keys: 1, operations: 2 + random.below(5), overlap: 1 + random.below(4) };
      const history = mutated(random, mutated(random, executedHistory(random, shape)));
      const expected = explainedBySomeOrder(REGISTER, history) ? 'linearizable' : 'violated';
      expect(checkLinearizability(REGISTER, history).verdict, JSON.stringify(history)).toBe(expected);
      if (expected === 'violated') refused += 1;
    }
    // Both verdicts must be common, or the comparison says little.
    expect(refused).toBeGreaterThan(1_500);
    expect(refused).toBeLessThan(4_500);
  });

  it('finds one wrong answer among ten thousand operations, and names its key and where it stands', () => {
    const history = executedHistory(new Random(SEED), { keys: 20, operations: 10_000, overlap: 4 });
    const key = 'wrong';
    const wrong: RegisterOperation[] = [
      { ...done(10, 11, set('a'), stored('x')), key },
      { ...done(12, 13, GET, is('a')), key },
      { ...done(14, 15, GET, is('b')), key },
    ];
    const { verdict, keys, counterexample } = checkLinearizability(REGISTER, [...history, ...wrong]);
    expect(verdict).toBe('violated');
    expect(keys).toBe(21);
    expect(counterexample).toEqual({
      key,
      operations: wrong,
      prefix: wrong.slice(0, 2),
      rest: wrong.slice(2),
    });
  });

  it('is not led astray by requests that were never carried out', () => {
    const unanswered = Array.from({ length: 40 }, (_, i) => lost(i * 4, ADD));
    const counted = Array.from({ length: 150 }, (_, i) => done(i * 2, i * 2 + 1, ADD, sum(i + 1)));
    expect(checkLinearizability(REGISTER, [...unanswered, ...counted]).verdict).toBe('linearizable');
  });

  it('says that it does not know where the search would take too long', () => {
    const history = Array.from({ length: 30 }, (_, i) => done(0, 100, set(String(i)), stored(`v${i}`)));
    const impossible = [...history, done(0, 100, GET, is('never written'))];
    const { verdict, undecided } = checkLinearizability(REGISTER, impossible, { stepsMax: 10_000 });
    expect(verdict).toBe('unknown');
    expect(undecided).toEqual(['k']);
  });
});
