// The promises of arcs, against a model that keeps one promise a position.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Claims } from '../../src/core/claims.ts';
import { holds } from '../../src/core/position.ts';
import type { Arc } from '../../src/core/position.ts';

const SIZE = 12;

interface Promised {
  readonly owner: string;
  readonly epoch: number;
}

/** The rule of `grant`, position by position. */
class ClaimArray {
  readonly promises: (Promised | undefined)[] = Array.from({ length: SIZE }, () => undefined);

  grant(arc: Arc, owner: string, epoch: number): boolean {
    const positions = [...this.promises.keys()].filter((position) => holds(arc, position));
    const refused = positions.some((position) => {
      const promised = this.promises[position];
      if (promised === undefined) return false;
      return promised.epoch > epoch || (promised.epoch === epoch && promised.owner !== owner);
    });
    if (refused) return false;
    for (const position of positions) this.promises[position] = { owner, epoch };
    return true;
  }

  highest(arc: Arc): number {
    const epochs = this.promises.map((promised, position) =>
      holds(arc, position) ? (promised?.epoch ?? 0) : 0,
    );
    return Math.max(...epochs);
  }
}

const position = fc.nat(SIZE - 1);
const arc = fc.record({ from: position, to: position });
const request = fc.record({
  arc,
  owner: fc.constantFrom('a', 'b', 'c'),
  epoch: fc.integer({ min: 1, max: 9 }),
});

describe('Claims', () => {
  it('grant and remember as an array of positions does', () => {
    const property = fc.property(fc.array(request, { maxLength: 30 }), arc, (requests, asked) => {
      const claims = new Claims(SIZE);
      const model = new ClaimArray();
      for (const { arc: claimed, owner, epoch } of requests) {
        expect(claims.grant(claimed, owner, epoch)).toBe(model.grant(claimed, owner, epoch));
        expect(claims.highest(asked)).toBe(model.highest(asked));
      }
    });
    fc.assert(property, { seed: 20_261_122, numRuns: 3_000 });
  });

  it('refuse an epoch that is lower, or promised to another, for any part of the arc', () => {
    const claims = new Claims(SIZE);
    expect(claims.grant({ from: 2, to: 6 }, 'a', 5)).toBe(true);
    expect(claims.grant({ from: 5, to: 9 }, 'b', 4)).toBe(false);
    expect(claims.grant({ from: 5, to: 9 }, 'b', 5)).toBe(false);
    expect(claims.grant({ from: 6, to: 9 }, 'b', 5)).toBe(true);
    expect(claims.grant({ from: 2, to: 6 }, 'a', 4)).toBe(false);
  });

  it('grant the same claim again, so that a repeated request does no harm', () => {
    const claims = new Claims(SIZE);
    expect(claims.grant({ from: 2, to: 6 }, 'a', 5)).toBe(true);
    expect(claims.grant({ from: 2, to: 6 }, 'a', 5)).toBe(true);
  });

  it('keep what a higher claim of a part leaves over', () => {
    const claims = new Claims(SIZE);
    claims.grant({ from: 0, to: 0 }, 'a', 1);
    claims.grant({ from: 3, to: 5 }, 'b', 2);
    expect(claims.highest({ from: 5, to: 3 })).toBe(1);
    expect(claims.highest({ from: 4, to: 6 })).toBe(2);
    expect(claims.grant({ from: 8, to: 9 }, 'c', 1)).toBe(false);
  });

  it('are bounded: the promises of the lowest epochs go first', () => {
    const size = 2 ** 20;
    const claims = new Claims(size);
    for (let i = 1; i <= 2_000; i++) claims.grant({ from: i * 10, to: i * 10 + 5 }, 'a', i);
    const known = (i: number): boolean => claims.highest({ from: i * 10, to: i * 10 + 5 }) === i;
    const kept = Array.from({ length: 2_000 }, (_, i) => i + 1).filter(known);
    expect(kept).toEqual(Array.from({ length: 1_024 }, (_, i) => i + 977));
  });
});
