// ArcMap against an array with a value for each position of a small ring.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArcMap } from '../../src/core/arc-map.ts';
import type { Arc } from '../../src/core/position.ts';
import { arcLength, holds } from '../../src/core/position.ts';

const SIZE = 2 ** 6;
const REPEATABLE = { seed: 20_261_122, numRuns: 1_000 };

type Value = string | undefined;

/** Clockwise from behind the start of the arc. */
function positionsOf(arc: Arc): number[] {
  return Array.from({ length: arcLength(arc, SIZE) }, (_, i) => (arc.from + 1 + i) % SIZE);
}

class PositionArray {
  readonly values: Value[] = Array.from({ length: SIZE }, () => undefined);

  set(arc: Arc, value: Value): void {
    for (const position of positionsOf(arc)) this.values[position] = value;
  }
}

const position = fc.nat(SIZE - 1);
const arc = fc.record({ from: position, to: position });
const value = fc.constantFrom<Value[]>('a', 'b', 'c', undefined);
const steps = fc.array(fc.record({ arc, value }), { maxLength: 30, size: 'max' });

function build(list: readonly { arc: Arc; value: Value }[]): [ArcMap<string>, PositionArray] {
  const map = new ArcMap<string>(SIZE, (a, b) => a === b);
  const model = new PositionArray();
  for (const step of list) {
    map.set(step.arc, step.value);
    model.set(step.arc, step.value);
  }
  return [map, model];
}

describe('ArcMap', () => {
  it('has at every position what an array has', () => {
    const property = fc.property(steps, (list) => {
      const [map, model] = build(list);
      expect(model.values.map((_, at) => map.at(at))).toEqual(model.values);
    });
    fc.assert(property, REPEATABLE);
  });

  it('keeps parts that are disjoint, and joined wherever neighbours are the same', () => {
    const property = fc.property(steps, (list) => {
      const [map, model] = build(list);
      const covered = map.parts.flatMap((part) => positionsOf(part.arc));
      expect(new Set(covered).size).toBe(covered.length);
      // A part ends where the value of the next position is another one; a ring of one value is one part.
      const values = model.values;
      const ends = values.filter((own, at) => own !== undefined && values[(at + 1) % SIZE] !== own).length;
      const full = values[0] !== undefined && values.every((own) => own === values[0]);
      expect(map.parts).toHaveLength(full ? 1 : ends);
    });
    fc.assert(property, REPEATABLE);
  });

  it('gives what is within an arc, clockwise from its start, and the gaps of it', () => {
    const property = fc.property(steps, arc, (list, asked) => {
      const [map, model] = build(list);
      const within = map.within(asked);
      const found = within.flatMap((part) => positionsOf(part.arc).map((at) => [at, part.value] as const));
      const inside = positionsOf(asked).map((at) => [at, model.values[at]] as const);
      const expected = inside.filter(([, own]) => own !== undefined);
      // A part that reaches around a whole ring may begin anywhere.
      if (asked.from === asked.to) {
        const order = (a: readonly [number, unknown], b: readonly [number, unknown]): number => a[0] - b[0];
        expect(found.toSorted(order)).toEqual(expected.toSorted(order));
      } else expect(found).toEqual(expected);
      const gaps = map.gaps(asked).flatMap(positionsOf);
      const empty = inside.flatMap(([at, own]) => (own === undefined ? [at] : []));
      expect(gaps.toSorted((a, b) => a - b)).toEqual(empty.toSorted((a, b) => a - b));
    });
    fc.assert(property, REPEATABLE);
  });

  it('leaves the part that it keeps as the object that it was', () => {
    const map = new ArcMap<object>(SIZE, (a, b) => a === b);
    map.set({ from: 0, to: 10 }, {});
    const [before] = map.parts;
    map.set({ from: 20, to: 30 }, {});
    expect(map.parts[0]).toBe(before);
    expect(map.within({ from: 0, to: 10 })[0]).toBe(before);
  });

  it('joins a ring of one value to one part, wherever it was cut', () => {
    const map = new ArcMap<string>(SIZE, (a, b) => a === b);
    map.set({ from: 10, to: 40 }, 'a');
    map.set({ from: 40, to: 10 }, 'a');
    expect(map.parts).toHaveLength(1);
    for (let at = 0; at < SIZE; at++) expect(holds(map.parts[0]?.arc ?? { from: 0, to: 1 }, at)).toBe(true);
  });
});
