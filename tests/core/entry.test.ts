// Versions: each above all that its clock has made or seen, in the order of texts, whatever the wall clock
// does.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Version } from '../../src/core/entry.ts';
import { isVersion, VersionClock, versionTime } from '../../src/core/entry.ts';

const WALL = 1_700_000_000_000;

describe('VersionClock', () => {
  it('writes time, counter and node so that the order of texts is the order of versions', () => {
    const clock = new VersionClock('memberOfTheRing');
    expect(clock.next(WALL)).toBe('018bcfe568000000memberOf');
    expect(clock.next(WALL)).toBe('018bcfe568000001memberOf');
    expect(clock.next(WALL + 1)).toBe('018bcfe568010000memberOf');
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
        const version = clocks[clock]?.next(wall) ?? '';
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
    let last = clock.next(WALL);
    for (let i = 0; i < 0xffff; i++) {
      const version = clock.next(WALL);
      if (version <= last) expect.fail(`${version} came after ${last}`);
      last = version;
    }
    expect(last).toBe('018bcfe56800ffffa');
    expect(clock.next(WALL)).toBe('018bcfe568010000a');
  });

  it('goes above a counter that it saw used up', () => {
    const clock = new VersionClock('a');
    clock.observe('018bcfe56800ffffb');
    expect(clock.next(WALL)).toBe('018bcfe568010000a');
  });

  it('takes fractions of milliseconds, and a wall clock that stands still, for nothing', () => {
    const clock = new VersionClock('a');
    expect(clock.next(WALL + 0.9)).toBe('018bcfe568000000a');
    expect(clock.next(WALL + 0.1)).toBe('018bcfe568000001a');
  });

  it('is not moved by a version older than those it knows', () => {
    const clock = new VersionClock('a');
    clock.next(WALL);
    clock.observe('018bcfe56700fffeb');
    expect(clock.next(WALL)).toBe('018bcfe568000001a');
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
