// Positions on the ring and arcs between them: the one module that knows about wrap-around. It owns the
// arithmetic of the circle [0, 2**k) and of half-open arcs (from, to]; it knows nothing of members or keys.
// Positions are plain integers: k is at most 48, so that every position and every sum of two is exact in a
// double.
import { itemAt } from './ordered.ts';

/**
 * Pure synchronous SHA-256, or in a simulation anything that spreads as evenly. The result has at least 8
 * bytes.
 */
export type Hash = (bytes: Uint8Array) => Uint8Array;

/**
 * The half-open arc (from, to] of the ring. `from === to` is the whole ring: a member that is alone owns
 * every position.
 */
export interface Arc {
  readonly from: number;
  readonly to: number;
}

/** The largest k that keeps positions exact. */
export const K_MAX = 48;

/** 2**k by k: the operator costs more than all else that is done with a position. */
const POWERS: readonly number[] = Array.from({ length: K_MAX + 1 }, (_, k) => 2 ** k);

/** Number of positions of a ring: 2**k. */
export function ringSize(k: number): number {
  return itemAt(POWERS, k);
}

/** The clockwise distance from one position to another, in [0, size). */
export function distance(from: number, to: number, size: number): number {
  return to >= from ? to - from : to - from + size;
}

/** The position `offset` (in [0, size]) clockwise of `position`. */
export function advance(position: number, offset: number, size: number): number {
  const sum = position + offset;
  return sum >= size ? sum - size : sum;
}

/**
 * Whether x lies strictly between a and b going clockwise; with a === b, whether x is anything but a (Zave,
 * TSE 2017).
 */
export function between(a: number, x: number, b: number): boolean {
  return a < b ? a < x && x < b : a < x || x < b;
}

/** Whether the arc (from, to] holds the position. */
export function holds(arc: Arc, position: number): boolean {
  return arc.from === arc.to || position === arc.to || between(arc.from, position, arc.to);
}

/** How many positions the arc has, in (0, size]. */
export function arcLength(arc: Arc, size: number): number {
  return arc.from === arc.to ? size : distance(arc.from, arc.to, size);
}

/** Whether two arcs share a position. */
export function overlaps(a: Arc, b: Arc): boolean {
  return holds(a, b.to) || holds(b, a.to);
}

/** The parts of `arc` that `hole` does not cover: none, one or two arcs, clockwise from `arc.from`. */
export function subtract(arc: Arc, hole: Arc, size: number): Arc[] {
  if (!overlaps(arc, hole)) return [arc];
  if (hole.from === hole.to) return [];
  if (arc.from === arc.to) return [{ from: hole.to, to: hole.from }];
  // Measured from arc.from, the hole is one interval, or two where it wraps past arc.from.
  const length = arcLength(arc, size);
  const start = distance(arc.from, hole.from, size);
  const end = start + arcLength(hole, size);
  const parts: Arc[] = [];
  const keep = (low: number, high: number): void => {
    if (low < high)
      parts.push({ from: advance(arc.from, low, size), to: advance(arc.from, high % size, size) });
  };
  if (end > size) {
    keep(end - size, Math.min(start, length));
  } else {
    keep(0, Math.min(start, length));
    keep(end, length);
  }
  return parts;
}

/** The part or parts that two arcs share. */
export function intersect(a: Arc, b: Arc, size: number): Arc[] {
  let parts: Arc[] = [a];
  for (const outside of subtract(a, b, size)) parts = parts.flatMap((part) => subtract(part, outside, size));
  return parts;
}

/** What is left of some arcs without others. */
export function without(arcs: readonly Arc[], holes: readonly Arc[], size: number): Arc[] {
  let parts = arcs.slice();
  for (const hole of holes) parts = parts.flatMap((part) => subtract(part, hole, size));
  return parts;
}

/** Whether every position of the arc is one of the outer arc. */
export function isInside(arc: Arc, outer: Arc, size: number): boolean {
  return subtract(arc, outer, size).length === 0;
}

/** The arc cut into so many parts of nearly equal length, clockwise; fewer where it has fewer positions. */
export function divide(arc: Arc, parts: number, size: number): Arc[] {
  const length = arcLength(arc, size);
  const count = Math.min(parts, length);
  const pieces: Arc[] = [];
  let from = arc.from;
  for (let i = 1; i <= count; i++) {
    const to = i === count ? arc.to : advance(arc.from, Math.floor((length / count) * i), size);
    pieces.push({ from, to });
    from = to;
  }
  return pieces;
}

/** The first k bits of a hash, as a position. */
export function leadingBits(digest: Uint8Array, k: number): number {
  const first = bits32(digest, 0);
  const first48 = first * 65_536 + (bits32(digest, 2) & 0xffff);
  return Math.floor(first48 / ringSize(K_MAX - k));
}

/** The position of a member: the first k bits of hash(public key || salt as four bytes, big-endian). */
export function memberPosition(hash: Hash, publicKey: Uint8Array, salt: number, k: number): number {
  const input = new Uint8Array(publicKey.length + 4);
  input.set(publicKey);
  for (let i = 1, rest = salt; i <= 4; i++, rest >>>= 8) input[input.length - i] = rest;
  return leadingBits(hash(input), k);
}

/** The position of a dictionary key (a byte string, see bytes.ts): the first k bits of hash(key). */
export function keyPosition(hash: Hash, key: Uint8Array, k: number): number {
  return leadingBits(hash(key), k);
}

function bits32(bytes: Uint8Array, at: number): number {
  const [a, b, c, d] = [bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0, bytes[at + 3] ?? 0];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
