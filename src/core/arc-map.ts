// ArcMap: a value for every position of a ring, kept as few arcs because neighbouring positions mostly have
// the same one. It owns cutting and joining of arcs; what the values mean is its user's.
import type { Arc } from './position.ts';
import { distance, holds, intersect, subtract } from './position.ts';

export interface Part<T> {
  readonly arc: Arc;
  readonly value: T;
}

export class ArcMap<T> {
  readonly #size: number;
  readonly #same: (a: T, b: T) => boolean;
  /** Disjoint, in no order. */
  #parts: Part<T>[] = [];

  /** `size` is the number of positions; parts that touch and are `same` become one. */
  constructor(size: number, same: (a: T, b: T) => boolean) {
    this.#size = size;
    this.#same = same;
  }

  get parts(): readonly Part<T>[] {
    return this.#parts;
  }

  at(position: number): T | undefined {
    return this.#parts.find(({ arc }) => holds(arc, position))?.value;
  }

  /** What is known of the arc, clockwise from its start. */
  within(arc: Arc): Part<T>[] {
    const found: Part<T>[] = [];
    for (const part of this.#parts) {
      for (const shared of intersect(arc, part.arc, this.#size)) {
        found.push(sameArc(shared, part.arc) ? part : { arc: shared, value: part.value });
      }
    }
    const offset = (part: Part<T>): number => distance(arc.from, part.arc.from, this.#size);
    return found.length < 2 ? found : found.toSorted((a, b) => offset(a) - offset(b));
  }

  /** The parts of the arc that have no value. */
  gaps(arc: Arc): Arc[] {
    let gaps: Arc[] = [arc];
    for (const part of this.#parts) gaps = gaps.flatMap((gap) => subtract(gap, part.arc, this.#size));
    return gaps;
  }

  /** Replaces what the arc had; undefined empties it. */
  set(arc: Arc, value: T | undefined): void {
    const parts = this.#parts.flatMap((part) => {
      const rest = subtract(part.arc, arc, this.#size);
      return rest.length === 1 && sameArc(rest[0], part.arc)
        ? [part]
        : rest.map((piece) => ({ arc: piece, value: part.value }));
    });
    if (value !== undefined) parts.push({ arc, value });
    this.#parts = this.#joined(parts);
  }

  #joined(parts: Part<T>[]): Part<T>[] {
    const joined = parts.slice();
    for (let i = 0; i < joined.length; i++) {
      const part = joined[i];
      if (part === undefined || part.arc.from === part.arc.to) continue;
      const j = joined.findIndex(
        (other, at) => at !== i && other.arc.from === part.arc.to && this.#same(other.value, part.value),
      );
      const next = joined[j];
      if (next === undefined) continue;
      joined[i] = { arc: { from: part.arc.from, to: next.arc.to }, value: part.value };
      joined.splice(j, 1);
      // The longer part may have another neighbour now, and the indices have moved.
      i = -1;
    }
    return joined;
  }
}

export function sameArc(a: Arc | undefined, b: Arc | undefined): boolean {
  return a?.from === b?.from && a?.to === b?.to;
}
