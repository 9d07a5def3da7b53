// Every state of small rings: the shipped rules keep Zave's properties in all of them and become ideal from
// all of them; the rules of 2001 do not. The larger bounds are run by scripts/enumerate-ring.mjs.
import { describe, expect, it } from 'vitest';
import { enumerateRing } from '../../src/sim/enumerate-ring.ts';
import type { RingEnumerationOptions } from '../../src/sim/enumerate-ring.ts';
import { Search } from '../../src/sim/enumerate.ts';
import { RingModel } from '../../src/sim/ring-model.ts';

const CLEAN: readonly RingEnumerationOptions[] = [
  { members: 3, listMax: 2, rules: 'atomic', convergeEvery: 1 },
  { members: 4, listMax: 2, rules: 'atomic', convergeEvery: 1 },
  { members: 5, listMax: 2, rules: 'atomic', convergeEvery: 10 },
  { members: 4, listMax: 3, rules: 'atomic', convergeEvery: 1 },
  { members: 5, listMax: 3, rules: 'atomic', convergeEvery: 20 },
  { members: 4, listMax: 4, rules: 'atomic', convergeEvery: 1 },
  { members: 4, listMax: 2, rules: 'slow-join', convergeEvery: 10 },
  { members: 4, listMax: 3, rules: 'slow-join', convergeEvery: 10 },
  { members: 3, listMax: 2, rules: 'messages' },
  { members: 3, listMax: 3, rules: 'messages' },
];

describe('the shipped rules', () => {
  it.each(CLEAN)('keep every property in every state of $members places, r = $listMax, $rules', (options) => {
    const { violations, complete, states, convergence } = enumerateRing(options);
    expect(violations).toEqual([]);
    expect(complete).toBe(true);
    expect(states).toBeGreaterThan(15);
    expect(convergence?.examples ?? []).toEqual([]);
  });

  it('become ideal even where failures before there are r + 1 principals broke the order', () => {
    const options = { members: 4, listMax: 3, failures: 'any', properties: ['NoDuplicates'] } as const;
    const { complete, convergence } = enumerateRing({ ...options, convergeEvery: 1 });
    expect(complete).toBe(true);
    expect(convergence?.runs).toBeGreaterThan(10_000);
    expect(convergence?.examples).toEqual([]);
  });

  it('need the assumption about failures: without principals the order can be lost for a while', () => {
    const { violations } = enumerateRing({ members: 4, listMax: 2, failures: 'growing' });
    expect(violations.map(({ property }) => property)).toEqual(['OrderedRing']);
    expect(violations[0]?.trace.at(-1)).toMatch(/fails/);
  });
});

describe('the rules of 2001', () => {
  it.each([
    { property: 'AtLeastOneRing', members: 3, failures: 'any' },
    { property: 'AtMostOneRing', members: 4, failures: 'any' },
    { property: 'OrderedRing', members: 4, failures: 'any' },
    { property: 'ConnectedAppendages', members: 4, failures: 'any' },
    // Even where every failure leaves r + 1 principals.
    { property: 'ConnectedAppendages', members: 4, failures: 'proof' },
    { property: 'OrderedRing', members: 5, failures: 'proof' },
  ] as const)(
    'lose $property with $members places, failures: $failures',
    ({ property, members, failures }) => {
      const { violations } = enumerateRing({
        members,
        listMax: 2,
        rules: '2001',
        failures,
        properties: [property],
      });
      expect(violations.map((violation) => violation.property)).toEqual([property]);
      expect(violations[0]?.trace.length).toBeGreaterThan(2);
      expect(violations[0]?.trace).not.toContain('no step leads on');
    },
  );
});

describe('the search', () => {
  it('finds the same states with and without counting rotations as one', () => {
    const model = new RingModel({ members: 4, listMax: 2 });
    const folded = new Search(model).run();
    const search = new Search(model, { symmetry: false });
    const whole = search.run();
    const rotations = new Set<string>();
    const state = new Int32Array(4);
    for (let number = 0; number < whole.states; number++) {
      search.states.read(number, state);
      const turned = [0, 1, 2, 3].map((by) => [...state.slice(by), ...state.slice(0, by)].join(' '));
      rotations.add(turned.toSorted()[0] ?? '');
    }
    expect(whole.violations).toEqual([]);
    expect(rotations.size).toBe(folded.states);
  });

  it('says when it ended before the last state', () => {
    const { complete, states } = enumerateRing({ members: 5, listMax: 2, statesMax: 1_000 });
    expect(complete).toBe(false);
    expect(states).toBeLessThan(1_100);
  });
});
