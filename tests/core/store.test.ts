// The store against an array that is sorted anew each time: the same entries in the same order, for every
// arc.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry, Place } from '../../src/core/entry.ts';
import { eraOf, isNewer, VersionClock, versionTime } from '../../src/core/entry.ts';
import type { Arc } from '../../src/core/position.ts';
import { distance, holds } from '../../src/core/position.ts';
import { Random } from '../../src/core/random.ts';
import type { Stored } from '../../src/core/store.ts';
import { MemoryStore } from '../../src/core/store.ts';

const SIZE = 16;
const REPEATABLE = { seed: 20_261_122, numRuns: 500 };
/** More than fit a chunk of the store, so that chunks are split. */
const MANY = 3_000;

/** Of three times in three epochs: the order of times is not that of versions. */
const VERSIONS = [1, 2, 3].flatMap((wall) => [1, 2, 40].map((epoch) => versionOf(wall, epoch)));

function versionOf(wall: number, epoch: number): string {
  return new VersionClock('a').next(wall, eraOf('lineage', epoch));
}

function entryOf(key: string, version: string, value: Uint8Array = new Uint8Array(3)): Entry {
  return { key, value, version, expiresAt: 0, operation: '', previous: '' };
}

function tombstoneOf(key: string, version: string): Entry {
  return { ...entryOf(key, version), value: undefined };
}

/** Keys that share positions, some of them with bytes above the ASCII range. */
function positionOf(key: string): number {
  let sum = 0;
  for (let i = 0; i < key.length; i++) sum += key.charCodeAt(i);
  return sum % SIZE;
}

/** Of what a store holds, what others look at. */
function seen(walk: Iterable<Stored>): Stored[] {
  return [...walk].map(({ position, entry }) => ({ position, entry }));
}

class SortedEntries {
  entries: Stored[] = [];

  put(entry: Entry): boolean {
    const present = this.entries.find((stored) => stored.entry.key === entry.key);
    if (present !== undefined && !isNewer(entry.version, present.entry.version)) return false;
    this.remove(entry.key);
    this.entries.push({ position: positionOf(entry.key), entry });
    return true;
  }

  remove(key: string): void {
    this.entries = this.entries.filter((stored) => stored.entry.key !== key);
  }

  walk(arc: Arc, after?: Place): Stored[] {
    // The start of an arc is not in it: a whole ring ends there.
    const offset = (position: number): number => distance((arc.from + 1) % SIZE, position, SIZE);
    const order = (a: Place, b: Place): number =>
      offset(a.position) - offset(b.position) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
    const place = ({ position, entry }: Stored): Place => ({ position, key: entry.key });
    const inside = this.entries.filter((stored) => holds(arc, stored.position));
    const sorted = inside.toSorted((a, b) => order(place(a), place(b)));
    return after === undefined ? sorted : sorted.filter((stored) => order(place(stored), after) > 0);
  }
}

const key = fc.string({ unit: fc.constantFrom('a', 'b', '\u0000', '\u00ff'), maxLength: 3 });
const position = fc.nat(SIZE - 1);
const arc = fc.record({ from: position, to: position });
const step = fc.oneof(
  fc.record({ key, version: fc.constantFrom(...VERSIONS), dead: fc.boolean() }),
  fc.record({ key, version: fc.constant('') }),
);

describe('MemoryStore', () => {
  it('holds, counts and walks what a sorted array does', () => {
    const property = fc.property(fc.array(step, { maxLength: 60 }), arc, key, (steps, walked, after) => {
      const store = new MemoryStore();
      const model = new SortedEntries();
      for (const action of steps) {
        if ('dead' in action) {
          const entry = (action.dead ? tombstoneOf : entryOf)(action.key, action.version);
          expect(store.put(positionOf(action.key), entry)).toBe(model.put(entry));
        } else {
          store.remove(action.key);
          model.remove(action.key);
        }
      }
      expect(store.size).toBe(model.entries.length);
      expect(seen(store.walk(walked))).toEqual(model.walk(walked));
      expect(store.count(walked)).toBe(model.walk(walked).length);
      const values = model.walk(walked).filter(({ entry }) => entry.value !== undefined);
      expect(store.countValues(walked)).toBe(values.length);
      const same = new MemoryStore();
      for (const { position: at, entry } of model.entries) same.put(at, entry);
      expect(same.summary(walked)).toEqual(store.summary(walked));
      const mortal = model.entries.some(({ entry }) => entry.value === undefined);
      expect(store.mortal).toBe(mortal);
      const place = { position: positionOf(after), key: after };
      if (holds(walked, place.position)) {
        expect(seen(store.walk(walked, place))).toEqual(model.walk(walked, place));
      }
    });
    fc.assert(property, REPEATABLE);
  });

  it('stays in order while chunks are split and emptied', () => {
    const store = new MemoryStore();
    const model = new SortedEntries();
    const keys = Array.from({ length: MANY }, (_, i) => `key ${(i * 7_919) % MANY}`);
    for (const name of keys) store.put(positionOf(name), entryOf(name, '1'));
    model.entries = keys.map((name) => ({ position: positionOf(name), entry: entryOf(name, '1') }));
    const whole: Arc = { from: 5, to: 5 };
    expect(seen(store.walk(whole))).toEqual(model.walk(whole));
    for (const name of keys.slice(0, MANY - 10)) store.remove(name);
    model.entries = model.entries.slice(MANY - 10);
    expect(seen(store.walk(whole))).toEqual(model.walk(whole));
    for (const name of keys) store.remove(name);
    expect(seen(store.walk(whole))).toEqual([]);
    expect([store.size, store.bytes]).toEqual([0, 0]);
    store.put(3, entryOf('again', '1'));
    expect(store.count({ from: 2, to: 3 })).toBe(1);
  });

  it('walks a large store page by page without gap or repetition, from any start', () => {
    const store = new MemoryStore();
    for (let i = 0; i < MANY; i++) store.put(i % SIZE, entryOf(`key ${i}`, '1'));
    const keys: string[] = [];
    let after: Place | undefined;
    do {
      const walk = store.walk({ from: 11, to: 11 }, after);
      after = undefined;
      for (let i = 0; i < 100; i++) {
        const { value } = walk.next() as IteratorResult<Stored, undefined>;
        if (value === undefined) break;
        keys.push(value.entry.key);
        after = { position: value.position, key: value.entry.key };
      }
    } while (after !== undefined);
    expect(keys).toHaveLength(MANY);
    expect(new Set(keys).size).toBe(MANY);
  });

  it('keeps the newest version of a key, whichever comes first', () => {
    const store = new MemoryStore();
    expect(store.put(1, entryOf('key', '5'))).toBe(true);
    expect(store.put(1, entryOf('key', '4'))).toBe(false);
    expect(store.put(1, entryOf('key', '5'))).toBe(false);
    expect(store.put(1, tombstoneOf('key', '6'))).toBe(true);
    expect(store.get('key')).toEqual(tombstoneOf('key', '6'));
    expect(store.size).toBe(1);
  });

  it('counts tombstones as entries but not as values', () => {
    const store = new MemoryStore();
    const arcOfThree: Arc = { from: 2, to: 3 };
    store.put(3, entryOf('a', '1'));
    store.put(3, tombstoneOf('b', '1'));
    expect([store.count(arcOfThree), store.countValues(arcOfThree)]).toEqual([2, 1]);
    store.put(3, entryOf('b', '2'));
    expect(store.countValues(arcOfThree)).toBe(2);
  });

  it('counts the bytes of what it holds, and gives them back', () => {
    const store = new MemoryStore();
    store.put(1, entryOf('key', '1', new Uint8Array(100)));
    const before = store.bytes;
    store.put(1, entryOf('key', '2', new Uint8Array(150)));
    expect(store.bytes - before).toBe(50);
    store.remove('nobody');
    store.remove('key');
    expect(store.bytes).toBe(0);
    expect(store.get('key')).toBeUndefined();
  });

  it('takes an entry of a later epoch for newer, however early its clock', () => {
    const store = new MemoryStore();
    const [early, late] = [versionOf(1, 40), versionOf(2, 2)];
    expect(store.put(1, entryOf('key', late))).toBe(true);
    expect(store.put(1, entryOf('key', early))).toBe(true);
    expect(store.put(1, entryOf('key', late))).toBe(false);
    expect(store.get('key')?.version).toBe(early);
  });

  it('sums an arc up so that any difference shows, and none where there is none', () => {
    const versions = fc.constantFrom(...VERSIONS);
    const entries = fc.uniqueArray(fc.record({ key, version: versions }), {
      maxLength: 20,
      selector: (one) => one.key,
    });
    const property = fc.property(entries, entries, arc, (left, right, summed) => {
      const [a, b] = [left, right].map((list) => {
        const store = new MemoryStore();
        for (const { key: name, version } of list) store.put(positionOf(name), entryOf(name, version));
        return store;
      });
      const held = (store: MemoryStore | undefined): string[] =>
        [...(store?.walk(summed) ?? [])].map(({ entry }) => `${entry.key} ${entry.version}`);
      const alike = JSON.stringify(held(a)) === JSON.stringify(held(b));
      expect(JSON.stringify(a?.summary(summed)) === JSON.stringify(b?.summary(summed))).toBe(alike);
    });
    fc.assert(property, REPEATABLE);
  });

  it('sums many up as one that was filled with them at once, whatever has changed since the last sum', () => {
    const random = new Random(1);
    const store = new MemoryStore();
    const arcs = Array.from({ length: 20 }, () => ({ from: random.below(MANY), to: random.below(MANY) }));
    const whole: Arc = { from: 0, to: 0 };
    for (let turn = 0; turn < 2 * MANY; turn++) {
      const place = random.below(MANY);
      if (random.below(4) === 0) store.remove(`key ${place}`);
      else store.put(place, entryOf(`key ${place}`, versionOf(turn + 1, 1)));
      if (turn % 500 !== 0) continue;
      const same = new MemoryStore();
      for (const { position: at, entry } of store.all()) same.put(at, entry);
      for (const one of [whole, ...arcs]) {
        expect(store.summary(one)).toEqual(same.summary(one));
        expect(store.summary(one).count).toBe(store.count(one));
      }
    }
  });

  it('collects the tombstones of an arc that were made before, and nothing else', () => {
    const steps = fc.array(fc.record({ key, wall: fc.integer({ min: 1, max: 9 }), dead: fc.boolean() }));
    const property = fc.property(steps, arc, fc.integer({ min: 1, max: 10 }), (list, swept, before) => {
      const store = new MemoryStore();
      for (const { key: name, wall, dead } of list) {
        store.put(positionOf(name), (dead ? tombstoneOf : entryOf)(name, versionOf(wall, 1)));
      }
      const kept = [...store.all()].filter(
        ({ position: at, entry }) =>
          entry.value !== undefined || !holds(swept, at) || versionTime(entry.version) >= before,
      );
      store.collect(swept, before);
      expect([...store.all()]).toEqual(kept);
      const whole: Arc = { from: 0, to: 0 };
      expect(store.countValues(whole)).toBe(kept.filter(({ entry }) => entry.value !== undefined).length);
    });
    fc.assert(property, REPEATABLE);
  });

  it('tells of every change, with what it replaced, but not of what it takes up', () => {
    const told: string[] = [];
    const store = new MemoryStore({
      stored: ({ entry }, replaced) => told.push(`${entry.version} for ${replaced?.version ?? 'none'}`),
      removed: ({ entry }) => told.push(`no ${entry.version}`),
    });
    store.restore(1, entryOf('key', '1'));
    store.put(1, entryOf('key', '2'));
    store.put(1, entryOf('key', '1'));
    store.put(2, entryOf('other', '1'));
    store.remove('key');
    store.remove('nobody');
    expect(told).toEqual(['2 for 1', '1 for none', 'no 2']);
  });
});
