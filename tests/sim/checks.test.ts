// The checks of swarm runs, each on histories whose verdict is known: every one of them can fail.
import { describe, expect, test } from 'vitest';
import { countsOnce } from '../../src/sim/checks/counts-once.ts';
import { linearizable } from '../../src/sim/checks/linearizable.ts';
import { newestWins } from '../../src/sim/checks/newest-wins.ts';
import { nothingLost } from '../../src/sim/checks/nothing-lost.ts';
import { readsGoForward } from '../../src/sim/checks/reads-go-forward.ts';
import { walksAreWhole } from '../../src/sim/checks/walks-are-whole.ts';
import { History } from '../../src/sim/history.ts';
import type { RegisterInput, RegisterOutput } from '../../src/sim/register.ts';

const SET: RegisterInput = { type: 'set', value: 'a' };
const GET: RegisterInput = { type: 'get' };
const DELETE: RegisterInput = { type: 'delete' };
const ADD: RegisterInput = { type: 'increment', by: 2 };
const stored = (version: string): RegisterOutput => ({ type: 'stored', version });
const is = (value: string, version: string): RegisterOutput => ({ type: 'value', value, version });
const deleted = (version: string): RegisterOutput => ({ type: 'deleted', existed: true, version });
const NONE: RegisterOutput = { type: 'none' };
const number = (value: number, version: string): RegisterOutput => ({ type: 'number', value, version });

/** From, to, what, and what came of it; without an end nothing did. */
type Told = readonly [number, number | undefined, RegisterInput, RegisterOutput?];

function historyOf(operations: readonly Told[], key = 'key', history = new History()): History {
  for (const [invokedAt, to, input, output] of operations) {
    const call = history.begin({ client: 'client', node: 'node', key, input, invokedAt });
    if (to !== undefined && output !== undefined) history.end(call, to, { output });
    else history.end(call, to ?? invokedAt, { failure: 'ERR_TIMEOUT' });
  }
  return history;
}

describe('a history', () => {
  test('counts the answered operations, and leaves out what did not begin', () => {
    const history = historyOf([
      [0, 1, SET, stored('1')],
      [2, undefined, SET],
    ]);
    const call = history.begin({ client: 'client', node: 'node', key: 'key', input: SET, invokedAt: 3 });
    history.end(call, 4, { failure: 'ERR_NOT_CONNECTED' });
    expect(history.operations).toHaveLength(2);
    expect(history.shareKnown).toBe(0.5);
  });

  test('is judged strictly up to the first forced epoch; what was under way then may have happened', () => {
    const history = historyOf([
      [0, 1, SET, stored('1')],
      [2, 6, SET, stored('2')],
      [2, 6, GET, NONE],
      [7, 8, GET, NONE],
    ]);
    history.force(5);
    expect(history.strict.map(({ output }) => output)).toEqual([stored('1'), undefined]);
    expect(linearizable(history).finding).toBeUndefined();
  });
});

describe('AcknowledgedStays', () => {
  test('finds a write that nobody deleted and that is not there', () => {
    const history = historyOf([
      [0, 1, SET, stored('1')],
      [2, 3, GET, NONE],
    ]);
    expect(nothingLost(history)?.property).toBe('AcknowledgedStays');
  });

  test('allows that a deletion without an answer happened', () => {
    const history = historyOf([
      [0, 1, SET, stored('1')],
      [0, undefined, DELETE],
      [2, 3, GET, NONE],
    ]);
    expect(nothingLost(history)).toBeUndefined();
  });
});

describe('DeletesStay', () => {
  const deletion: Told[] = [
    [0, 1, SET, stored('1')],
    [2, 3, DELETE, deleted('2')],
  ];

  test('finds a deleted entry that is back', () => {
    expect(nothingLost(historyOf([...deletion, [4, 5, GET, is('a', '1')]]))?.property).toBe('DeletesStay');
  });

  test('allows that a write without an answer comes late', () => {
    const history = historyOf([...deletion, [1, undefined, SET], [4, 5, GET, is('a', '3')]]);
    expect(nothingLost(history)).toBeUndefined();
  });
});

describe('ReadsGoForward', () => {
  test('finds a read of an older version than was seen before', () => {
    const history = historyOf([
      [0, 1, SET, stored('2')],
      [2, 3, GET, is('a', '1')],
    ]);
    expect(readsGoForward(history)?.property).toBe('ReadsGoForward');
  });

  test('finds a new version that is not above what was seen', () => {
    const history = historyOf([
      [0, 1, SET, stored('2')],
      [2, 3, SET, stored('2')],
    ]);
    expect(readsGoForward(history)?.property).toBe('ReadsGoForward');
  });

  test('allows a read beside a write to see either', () => {
    const history = historyOf([
      [0, 1, SET, stored('1')],
      [2, 9, SET, stored('2')],
      [3, 4, GET, is('a', '1')],
    ]);
    expect(readsGoForward(history)).toBeUndefined();
  });
});

describe('CountsOnce', () => {
  test.each([
    ['an increment that counted twice', number(4, '1'), 'finds'],
    ['an increment that counted once', number(2, '1'), 'allows'],
  ])('judges %s', (_name, output, verdict) => {
    const found = countsOnce(historyOf([[0, 1, ADD, output]], 'counter'));
    expect(found?.property).toBe(verdict === 'finds' ? 'CountsOnce' : undefined);
  });

  test('finds an increment that was answered and is gone, unless an epoch was forced', () => {
    const operations: Told[] = [
      [0, 1, ADD, number(2, '1')],
      [2, 3, GET, is('0', '0')],
    ];
    expect(countsOnce(historyOf(operations, 'counter'))?.property).toBe('CountsOnce');
    const forced = historyOf(operations, 'counter');
    forced.force(1.5);
    expect(countsOnce(forced)).toBeUndefined();
  });

  test('counts one without an answer as none or one', () => {
    for (const [value, found] of [
      ['0', false],
      ['2', false],
      ['4', true],
    ] as const) {
      const history = historyOf(
        [
          [0, undefined, ADD],
          [2, 3, GET, is(value, '1')],
        ],
        'counter',
      );
      expect(countsOnce(history) !== undefined, value).toBe(found);
    }
  });
});

describe('WalksAreWhole', () => {
  const walk = (keys: readonly string[]) => ({
    client: 'client',
    prefix: '',
    invokedAt: 4,
    completedAt: 5,
    keys,
  });
  const set: Told[] = [[0, 1, SET, stored('1')]];

  test.each([
    [['key'], false],
    [[], true],
    [['key', 'key'], true],
  ])('judges a walk that shows %j of one key', (keys, found) => {
    const history = historyOf(set);
    history.walks.push(walk(keys));
    expect(walksAreWhole(history) !== undefined).toBe(found);
  });

  test('finds a key that was deleted before, and allows one that is deleted meanwhile', () => {
    const before = historyOf([...set, [2, 3, DELETE, deleted('2')]]);
    before.walks.push(walk(['key']));
    expect(walksAreWhole(before)?.property).toBe('WalksAreWhole');
    const meanwhile = historyOf([...set, [2, 4.5, DELETE, deleted('2')]]);
    meanwhile.walks.push(walk(['key']));
    expect(walksAreWhole(meanwhile)).toBeUndefined();
  });
});

describe('NewestWins', () => {
  const writes: Told[] = [
    [0, 1, SET, stored('1')],
    [2, 3, SET, stored('2')],
  ];

  function judged(held: readonly string[], last: RegisterOutput): string | undefined {
    const history = historyOf([...writes, [9, 10, GET, last]]);
    history.force(1.5);
    const final = history.operations.at(-1);
    return newestWins(history, new Map([['key', new Set(held)]]), final === undefined ? [] : [final])
      ?.property;
  }

  test('finds that an older version won over one that was held', () => {
    expect(judged(['1', '2'], is('a', '1'))).toBe('NewestWins');
    expect(judged(['2'], NONE)).toBe('NewestWins');
  });

  test('allows a deletion of which one side of a cut has told only that there is a conflict', () => {
    const conflict: RegisterOutput = { type: 'conflict', version: '1' };
    const operations: Told[] = [
      [0, 1, SET, stored('1')],
      [2, 9, { type: 'delete', ifVersion: '0' }, conflict],
      [10, 11, GET, NONE],
    ];
    for (const forcedAt of [5, 20]) {
      const history = historyOf(operations);
      history.force(forcedAt);
      const [final] = history.operations.slice(-1);
      const found = newestWins(
        history,
        new Map([['key', new Set(['1'])]]),
        final === undefined ? [] : [final],
      );
      expect(found?.property).toBe(forcedAt < 9 ? undefined : 'NewestWins');
    }
  });

  test('allows that what only the dead held is lost', () => {
    expect(judged(['1'], is('a', '1'))).toBeUndefined();
    expect(judged([], NONE)).toBeUndefined();
  });
});
