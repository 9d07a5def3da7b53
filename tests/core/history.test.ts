// History against a list of what was replaced: the same entries, the oldest forgotten first.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/core/entry.ts';
import { versionTime } from '../../src/core/entry.ts';
import { History } from '../../src/core/history.ts';
import { holds } from '../../src/core/position.ts';

const MAX = 5;
const SIZE = 16;
const WHOLE = { from: 0, to: 0 };
const REPEATABLE = { seed: 20_261_122, numRuns: 1_000 };

function entryOf(key: string, time: number, operation: string): Entry {
  const version = `${time.toString(16).padStart(12, '0')}0000a-----line1`;
  return { key, value: new Uint8Array(1), version, expiresAt: 0, operation, previous: '' };
}

const position = fc.nat(SIZE - 1);
const arc = fc.record({ from: position, to: position });
// One operation makes one version; some are not known.
const step = fc
  .record({ key: fc.constantFrom('a', 'b', 'c'), time: fc.integer({ min: 1, max: 12 }) })
  .map(({ key, time }) => entryOf(key, time * 3 + key.charCodeAt(0), time % 4 === 0 ? '' : `${key}:${time}`));

function positionOf(entry: Entry): number {
  return (entry.key.charCodeAt(0) * 7) % SIZE;
}

describe('History', () => {
  it('remembers the last so many versions, each once, as a list does', () => {
    const property = fc.property(fc.array(step, { maxLength: 30, size: 'max' }), arc, (entries, asked) => {
      const history = new History(MAX);
      let model: Entry[] = [];
      let forgotten = 0;
      for (const entry of entries) {
        const known = model.some(({ version }) => version === entry.version);
        expect(history.add(positionOf(entry), entry)).toBe(!known);
        if (known) continue;
        model.push(entry);
        for (const gone of model.slice(0, -MAX)) {
          forgotten = Math.max(forgotten, versionTime(gone.version));
        }
        model = model.slice(-MAX);
      }
      expect(history.forgottenMs).toBe(forgotten);
      expect(history.within(asked)).toEqual(model.filter((entry) => holds(asked, positionOf(entry))));
      for (const key of ['a', 'b', 'c']) {
        expect(history.ofKey(key)).toEqual(model.filter((entry) => entry.key === key));
      }
      for (const { operation, version } of entries.filter((entry) => entry.operation !== '')) {
        const remembered = model.filter((entry) => entry.version === version);
        expect(history.byOperation(operation)).toEqual(remembered);
      }
    });
    fc.assert(property, REPEATABLE);
  });

  it('sums up alike what was added in another order, and otherwise what differs', () => {
    const entries = fc.uniqueArray(step, { maxLength: MAX, selector: ({ version }) => version });
    const property = fc.property(entries, entries, arc, (left, right, asked) => {
      const [a, b] = [left, right.toReversed()].map((list) => {
        const history = new History(MAX);
        for (const entry of list) history.add(positionOf(entry), entry);
        return history;
      });
      const versions = (history: History | undefined): string[] =>
        (history?.within(asked) ?? []).map(({ version }) => version).toSorted();
      const alike = JSON.stringify(versions(a)) === JSON.stringify(versions(b));
      expect(JSON.stringify(a?.summary(asked)) === JSON.stringify(b?.summary(asked))).toBe(alike);
    });
    fc.assert(property, REPEATABLE);
  });

  it('forgets the oldest where all together are too large, even the latest where it is alone', () => {
    const history = new History(MAX, 1_000);
    const large = (name: string, wall: number, bytes: number): Entry => ({
      ...entryOf(name, wall, name),
      value: new Uint8Array(bytes),
    });
    for (const [i, bytes] of [300, 300, 300].entries()) history.add(1, large(`small ${i}`, i + 1, bytes));
    expect(history.within(WHOLE)).toHaveLength(3);
    history.add(1, large('more', 4, 500));
    expect(history.within(WHOLE).map(({ key }) => key)).toEqual(['small 2', 'more']);
    expect(history.forgottenMs).toBe(2);
    history.add(1, large('too large', 5, 1_001));
    expect(history.within(WHOLE)).toEqual([]);
    expect(history.byOperation('too large')).toEqual([]);
    expect(history.forgottenMs).toBe(5);
  });

  it('knows all that one operation has made, until each of it is forgotten', () => {
    const history = new History(2);
    const [first, second] = [entryOf('a', 1, 'twice'), entryOf('a', 2, 'twice')];
    history.add(1, first);
    history.add(1, second);
    expect(history.byOperation('twice')).toEqual([first, second]);
    history.add(1, entryOf('a', 3, 'once'));
    expect(history.byOperation('twice')).toEqual([second]);
    history.add(1, entryOf('a', 4, 'again'));
    expect(history.byOperation('twice')).toEqual([]);
  });

  it('knows no operation without a name', () => {
    const history = new History(MAX);
    history.add(1, entryOf('a', 1, ''));
    expect(history.byOperation('')).toEqual([]);
  });
});
