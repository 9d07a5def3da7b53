// ArcMap: a value for every position of a ring, kept as few arcs because neighbouring positions mostly have
// the same one. It owns cutting and joining of arcs; what the values mean is its user's.
import type { Arc } from './position.ts';
import { distance, holds, intersect, overlaps, subtract } from './position.ts';

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
      if (!overlaps(arc, part.arc)) continue;
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
    for (const part of this.#parts) {
      if (overlaps(arc, part.arc)) gaps = gaps.flatMap((gap) => subtract(gap, part.arc, this.#size));
    }
    return gaps;
  }

  /** Replaces what the arc had; undefined empties it. */
  set(arc: Arc, value: T | undefined): void {
    const parts: Part<T>[] = [];
    for (const part of this.#parts) {
      if (!overlaps(part.arc, arc)) parts.push(part);
      else
        for (const rest of subtract(part.arc, arc, this.#size)) parts.push({ arc: rest, value: part.value });
    }
    if (value !== undefined) this.#add(parts, { arc, value });
    this.#parts = parts;
  }

  /** Only with the new part others can become one. */
  #add(parts: Part<T>[], part: Part<T>): void {
    const { from, to } = part.arc;
    const like = ({ value }: Part<T>): boolean => this.#same(value, part.value);
    const whole = from === to;
    const before = whole ? undefined : parts.find((other) => other.arc.to === from && like(other));
    const joined = before === undefined ? part : { arc: { from: before.arc.from, to }, value: before.value };
    if (before === undefined) parts.push(part);
    else parts[parts.indexOf(before)] = joined;
    const isRound = joined.arc.from === to;
    const next = isRound ? undefined : parts.find((other) => other.arc.from === to && like(other));
    if (next === undefined) return;
    parts[parts.indexOf(joined)] = { arc: { from: joined.arc.from, to: next.arc.to }, value: joined.value };
    parts.splice(parts.indexOf(next), 1);
  }
}

export function sameArc(a: Arc | undefined, b: Arc | undefined): boolean {
  return a?.from === b?.from && a?.to === b?.to;
}
