// Versions: each above all that its clock has made or seen, in the order of texts, whatever the wall clock
// does.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Version } from '../../src/core/entry.ts';
import { eraOf, isNewer, isVersion, VersionClock, versionTime } from '../../src/core/entry.ts';

const WALL = 1_700_000_000_000;
const ERA = eraOf('lineage', 40);

describe('VersionClock', () => {
  it('writes time, counter, node, lineage and epoch so that the order of texts is that of time', () => {
    const clock = new VersionClock('memberOfTheRing');
    expect(clock.next(WALL, ERA)).toBe('018bcfe568000000memberline14');
    expect(clock.next(WALL, ERA)).toBe('018bcfe568000001memberline14');
    expect(clock.next(WALL + 1, ERA)).toBe('018bcfe568010000memberline14');
  });

  it('goes on above every version that it made or saw, however the wall clock jumps', () => {
    const input = fc.record({
      clock: fc.nat(2),
      wall: fc.integer({ min: WALL - 3, max: WALL + 3 }),
      // Who is told of the new version; 3 = nobody.
      observer: fc.nat(3),
    });
    const property = fc.property(fc.array(input, { maxLength: 60 }), (inputs) => {
      const clocks = ['a', 'b', 'c'].map((id) => new VersionClock(id));
      const newest: Version[] = ['', '', ''];
      const made = new Set<Version>();
      for (const { clock, wall, observer } of inputs) {
        const version = clocks[clock]?.next(wall, ERA) ?? '';
        expect(isVersion(version)).toBe(true);
        expect(versionTime(version)).toBeGreaterThanOrEqual(wall);
        expect(version > (newest[clock] ?? '')).toBe(true);
        expect(made.has(version)).toBe(false);
        made.add(version);
        newest[clock] = version;
        clocks[observer]?.observe(version);
        if (version > (newest[observer] ?? '~')) newest[observer] = version;
      }
    });
    fc.assert(property, { seed: 20_261_122, numRuns: 2_000 });
  });

  it('moves on by a millisecond when the counter of one is used up', () => {
    const clock = new VersionClock('a');
    let last = clock.next(WALL, ERA);
    for (let i = 0; i < 0xffff; i++) {
      const version = clock.next(WALL, ERA);
      if (version <= last) expect.fail(`${version} came after ${last}`);
      last = version;
    }
    expect(last).toBe('018bcfe56800ffffa-----line14');
    expect(clock.next(WALL, ERA)).toBe('018bcfe568010000a-----line14');
  });

  it('goes above a counter that it saw used up', () => {
    const clock = new VersionClock('a');
    clock.observe('018bcfe56800ffffb');
    expect(clock.next(WALL, ERA)).toBe('018bcfe568010000a-----line14');
  });

  it('takes fractions of milliseconds, and a wall clock that stands still, for nothing', () => {
    const clock = new VersionClock('a');
    expect(clock.next(WALL + 0.9, ERA)).toBe('018bcfe568000000a-----line14');
    expect(clock.next(WALL + 0.1, ERA)).toBe('018bcfe568000001a-----line14');
  });

  it('is not moved by a version older than those it knows', () => {
    const clock = new VersionClock('a');
    clock.next(WALL, ERA);
    clock.observe('018bcfe56700fffeb');
    expect(clock.next(WALL, ERA)).toBe('018bcfe568000001a-----line14');
  });
});

describe('eraOf', () => {
  it('has four characters of the lineage, filled up, and the epoch in base 36', () => {
    expect(eraOf('lineage', 1)).toBe('line1');
    expect(eraOf('ab', 36)).toBe('ab--10');
    expect(eraOf('', 0)).toBe('----0');
  });

  it('leaves room for every epoch in a version', () => {
    const version = new VersionClock('memberOfTheRing').next(WALL, eraOf('lineage', 36 ** 6 - 1));
    expect(isVersion(version)).toBe(true);
  });
});

describe('isNewer', () => {
  interface Made {
    readonly wall: number;
    readonly counter: number;
    readonly node: string;
    readonly lineage: string;
    readonly epoch: number;
  }
  const made: fc.Arbitrary<Made> = fc.record({
    wall: fc.integer({ min: WALL - 2, max: WALL + 2 }),
    counter: fc.nat(2),
    node: fc.constantFrom('a', 'b'),
    lineage: fc.constantFrom('north', 'south'),
    epoch: fc.constantFrom(1, 2, 9, 10, 35, 36, 37, 1_295, 1_296),
  });

  function versionOf({ wall, counter, node, lineage, epoch }: Made): Version {
    const clock = new VersionClock(node);
    for (let i = 0; i < counter; i++) clock.next(wall, '');
    return clock.next(wall, eraOf(lineage, epoch));
  }

  it('goes by the epoch within a lineage, then by the clock; between lineages by the clock alone', () => {
    const property = fc.property(made, made, (a, b) => {
      const [left, right] = [versionOf(a), versionOf(b)];
      const byEpoch = a.lineage === b.lineage ? a.epoch - b.epoch : 0;
      const expected = byEpoch === 0 ? left > right : byEpoch > 0;
      expect(isNewer(left, right), `${left} ${right}`).toBe(expected);
    });
    fc.assert(property, { seed: 20_261_122, numRuns: 2_000 });
  });

  it('puts one of two different versions before the other, and never a version before itself', () => {
    const property = fc.property(made, made, (a, b) => {
      const [left, right] = [versionOf(a), versionOf(b)];
      expect([isNewer(left, right), isNewer(right, left)].filter(Boolean)).toHaveLength(
        left === right ? 0 : 1,
      );
    });
    fc.assert(property, { seed: 20_261_122, numRuns: 2_000 });
  });

  it('puts every version before none', () => {
    expect(isNewer('018bcfe568000000a-----line1', '')).toBe(true);
    expect(isNewer('', '018bcfe568000000a-----line1')).toBe(false);
    expect(isNewer('', '')).toBe(false);
  });
});

describe('isVersion', () => {
  it.each(['018bcfe568000000', '018bcfe568000000memberOf', '0fffffffffffffff~!09azAZ'])(
    'accepts %j',
    (text) => {
      expect(isVersion(text)).toBe(true);
    },
  );

  it.each(['', '018bcfe56800000', '018BCFE568000000', 'g18bcfe568000000', '018bcfe568000000a b'])(
    'refuses %j',
    (text) => {
      expect(isVersion(text)).toBe(false);
    },
  );

  it('refuses a line break and a node of more than 16 characters', () => {
    expect(isVersion('018bcfe568000000a\n')).toBe(false);
    expect(isVersion(`018bcfe568000000${'a'.repeat(17)}`)).toBe(false);
  });
});
