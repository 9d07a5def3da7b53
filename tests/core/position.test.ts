// Positions and arcs against a model that lists positions one by one: every arc of every small ring, and
// random ones of the largest.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Arc } from '../../src/core/position.ts';
import * as ring from '../../src/core/position.ts';

const SIZES = [2, 3, 4, 5, 6, 7, 8, 9];
const LARGE = ring.ringSize(ring.K_MAX);
const REPEATABLE = { seed: 20_261_122, numRuns: 2_000 };

/** The positions of an arc, one by one in clockwise order. */
function list(arc: Arc, size: number): number[] {
  const positions: number[] = [];
  let position = arc.from;
  do {
    position = (position + 1) % size;
    positions.push(position);
  } while (position !== arc.to);
  return positions;
}

function arcsOf(size: number): Arc[] {
  return range(size).flatMap((from) => range(size).map((to) => ({ from, to })));
}

function range(size: number): number[] {
  return Array.from({ length: size }, (_, i) => i);
}

/** All positions of the arcs, in the order of the arcs. */
function listAll(arcs: readonly Arc[], size: number): number[] {
  return arcs.flatMap((arc) => list(arc, size));
}

function ascending(positions: readonly number[]): number[] {
  return positions.toSorted((a, b) => a - b);
}

describe.each(SIZES)('in a ring of %i positions', (size) => {
  const all = range(size);
  const arcs = arcsOf(size);
  const pairs = arcs.flatMap((a) => arcs.map((b) => [a, b] as const));

  it('counts distances clockwise, and advances by them', () => {
    for (const { from, to } of arcs) {
      const steps = from === to ? 0 : list({ from, to }, size).length;
      expect(ring.distance(from, to, size), `${from} to ${to}`).toBe(steps);
      expect(ring.advance(from, steps, size), `${from} + ${steps}`).toBe(to);
      expect(ring.advance(from, size, size), `${from} once round`).toBe(from);
    }
  });

  it('finds a position between two others where the way from one to the other passes it', () => {
    for (const { from, to } of arcs) {
      const passed = list({ from, to }, size).slice(0, -1);
      for (const x of all) {
        expect(ring.between(from, x, to), `${from} ${x} ${to}`).toBe(passed.includes(x) && x !== from);
      }
    }
  });

  it('holds the positions behind the start of an arc up to its end, and has as many as its length', () => {
    for (const arc of arcs) {
      const inside = list(arc, size);
      expect(ring.arcLength(arc, size), JSON.stringify(arc)).toBe(inside.length);
      for (const x of all) expect(ring.holds(arc, x), `${JSON.stringify(arc)} ${x}`).toBe(inside.includes(x));
    }
  });

  it('sees that arcs overlap where they share a position', () => {
    for (const [a, b] of pairs) {
      const shared = list(a, size).some((x) => list(b, size).includes(x));
      expect(ring.overlaps(a, b), JSON.stringify([a, b])).toBe(shared);
    }
  });

  it('subtracts an arc and leaves the rest, once each and clockwise from the start', () => {
    for (const [arc, hole] of pairs) {
      const rest = list(arc, size).filter((x) => !list(hole, size).includes(x));
      const parts = listAll(ring.subtract(arc, hole, size), size);
      // A whole ring has no first position: the rest of it begins behind the hole.
      if (arc.from === arc.to) expect(ascending(parts), JSON.stringify([arc, hole])).toEqual(ascending(rest));
      else expect(parts, JSON.stringify([arc, hole])).toEqual(rest);
    }
  });

  it('intersects arcs to what they share, once each', () => {
    for (const [a, b] of pairs) {
      const shared = list(a, size).filter((x) => list(b, size).includes(x));
      const parts = listAll(ring.intersect(a, b, size), size);
      expect(ascending(parts), JSON.stringify([a, b])).toEqual(ascending(shared));
    }
  });
});

describe.each(SIZES)('a division in a ring of %i positions', (size) => {
  it('gives the positions of the arc once each and clockwise, in pieces that differ by one at most', () => {
    for (const arc of arcsOf(size)) {
      for (const parts of range(size + 2).slice(1)) {
        const pieces = ring.divide(arc, parts, size);
        const name = JSON.stringify([arc, parts]);
        expect(listAll(pieces, size), name).toEqual(list(arc, size));
        expect(pieces, name).toHaveLength(Math.min(parts, ring.arcLength(arc, size)));
        const lengths = pieces.map((piece) => ring.arcLength(piece, size));
        expect(Math.max(...lengths) - Math.min(...lengths), name).toBeLessThanOrEqual(1);
      }
    }
  });
});

describe('in the largest ring', () => {
  const near = fc.integer({ min: 0, max: 3 });
  const position = fc.oneof(
    fc.maxSafeNat().map((n) => n % LARGE),
    near,
    near.map((n) => LARGE - 1 - n),
  );
  const arc = fc.record({ from: position, to: position });

  it('advancing by the distance leads there', () => {
    const property = fc.property(position, position, (a, b) => {
      expect(ring.advance(a, ring.distance(a, b, LARGE), LARGE)).toBe(b);
      expect(ring.distance(a, b, LARGE)).toBe(Number((BigInt(b - a) + BigInt(LARGE)) % BigInt(LARGE)));
    });
    fc.assert(property, REPEATABLE);
  });

  it('a position is in exactly one part of a ring that is cut at two others', () => {
    const property = fc.property(position, position, position, (a, b, x) => {
      fc.pre(a !== b);
      expect(ring.holds({ from: a, to: b }, x)).toBe(!ring.holds({ from: b, to: a }, x));
    });
    fc.assert(property, REPEATABLE);
  });

  it('subtraction and intersection share an arc out without loss', () => {
    const property = fc.property(arc, arc, position, (a, b, x) => {
      const rest = ring.subtract(a, b, LARGE);
      const shared = ring.intersect(a, b, LARGE);
      const parts = [...rest, ...shared];
      const length = parts.reduce((sum, part) => sum + ring.arcLength(part, LARGE), 0);
      expect(length).toBe(ring.arcLength(a, LARGE));
      for (const y of [x, a.from, a.to, b.from, b.to]) {
        expect(rest.some((part) => ring.holds(part, y))).toBe(ring.holds(a, y) && !ring.holds(b, y));
        expect(shared.some((part) => ring.holds(part, y))).toBe(ring.holds(a, y) && ring.holds(b, y));
      }
    });
    fc.assert(property, REPEATABLE);
  });
});

describe('a division in the largest ring', () => {
  it('joins up, without loss, in pieces of nearly equal length', () => {
    const position = fc.maxSafeNat().map((n) => n % LARGE);
    const arc = fc.record({ from: position, to: position });
    const property = fc.property(arc, fc.integer({ min: 1, max: 64 }), (whole, parts) => {
      const pieces = ring.divide(whole, parts, LARGE);
      expect([pieces[0]?.from, pieces.at(-1)?.to]).toEqual([whole.from, whole.to]);
      for (const [i, piece] of pieces.slice(1).entries()) expect(piece.from).toBe(pieces[i]?.to);
      const lengths = pieces.map((piece) => ring.arcLength(piece, LARGE));
      expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(ring.arcLength(whole, LARGE));
      expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
    });
    fc.assert(property, REPEATABLE);
  });
});

describe('positions from hashes', () => {
  it.each([
    [1, [0x80], 1],
    [1, [0x7f, 0xff], 0],
    [2, [0xc0], 3],
    [8, [0xab, 0xcd], 0xab],
    [12, [0xab, 0xcd, 0xef], 0xabc],
    [32, [0xff, 0xfe, 0xfd, 0xfc, 0xfb], 0xff_fe_fd_fc],
    [33, [0xff, 0xfe, 0xfd, 0xfc, 0x80], 0x1_ff_fd_fb_f9],
    [48, [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07], 0x01_02_03_04_05_06],
    [48, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00], 2 ** 48 - 1],
  ])('takes the first %i bits of %j', (k, digest, expected) => {
    expect(ring.leadingBits(Uint8Array.from(digest), k)).toBe(expected);
  });

  it('hashes the public key followed by the salt as four bytes, big-endian', () => {
    const hashed: number[][] = [];
    const hash = (bytes: Uint8Array): Uint8Array => {
      hashed.push([...bytes]);
      return Uint8Array.of(0x12, 0x34, 0x56, 0x78, 0, 0, 0, 0);
    };
    expect(ring.memberPosition(hash, Uint8Array.of(7, 8, 9), 0x0102, 16)).toBe(0x1234);
    expect(ring.keyPosition(hash, Uint8Array.of(1, 2), 8)).toBe(0x12);
    expect(hashed).toEqual([
      [7, 8, 9, 0, 0, 1, 2],
      [1, 2],
    ]);
  });
});
