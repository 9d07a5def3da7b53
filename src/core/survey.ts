// Survey: what a joiner has seen of the ring: members by position, and which of them follow one another. It
// owns the measure of how well a position splits the arcs known; whom to ask is joining.ts's.
import type { Contact } from './contact.ts';
import { lowerBound } from './ordered.ts';
import type { Arc } from './position.ts';
import { arcLength, distance, holds } from './position.ts';

/** What a position in an unknown part of the ring counts: less than any known split. */
const UNKNOWN_SCORE = 0.5;

export class Survey {
  readonly #self: string;
  readonly #size: number;
  /**
   * Every member seen, by position; and the arcs between those that were named as neighbours, from start to
   * end.
   */
  readonly #seen = new Map<number, Contact>();
  readonly #arcs = new Map<number, number>();

  /** `self` is the joiner's id: a former life of it takes no place. `size` is the number of positions. */
  constructor(self: string, size: number) {
    this.#self = self;
    this.#size = size;
  }

  /** Members seen. */
  get count(): number {
    return this.#seen.size;
  }

  clear(): void {
    this.#seen.clear();
    this.#arcs.clear();
  }

  /** A member: where it stands inside a known arc, it splits it. */
  see(contact: Contact): void {
    const { position } = contact;
    if (contact.id === this.#self) return;
    this.#seen.set(position, contact);
    for (const [from, to] of this.#arcs) {
      if (!holds({ from, to }, position) || position === to || position === from) continue;
      this.#arcs.set(from, position);
      this.#arcs.set(position, to);
      return;
    }
  }

  /** Members that follow one another on the ring. */
  seeInOrder(named: readonly Contact[]): void {
    const contacts = named.filter((contact) => contact.id !== this.#self);
    for (const [i, contact] of contacts.entries()) {
      const next = contacts[i + 1];
      if (next !== undefined && !this.#arcs.has(contact.position))
        this.#arcs.set(contact.position, next.position);
      this.see(contact);
    }
  }

  isTaken(position: number): boolean {
    return this.#seen.has(position);
  }

  /** The known arcs, clockwise from position 0, and the length of the widest. */
  arcs(): { readonly arcs: readonly Arc[]; readonly widest: number } {
    const arcs = [...this.#arcs].map(([from, to]) => ({ from, to })).toSorted((a, b) => a.from - b.from);
    return { arcs, widest: Math.max(...arcs.map((arc) => arcLength(arc, this.#size)), 0) };
  }

  nearestBefore(position: number): Contact | undefined {
    let best: Contact | undefined;
    for (const contact of this.#seen.values()) {
      if (contact.position === position) continue;
      const nearer =
        best === undefined ||
        distance(contact.position, position, this.#size) < distance(best.position, position, this.#size);
      if (nearer) best = contact;
    }
    return best;
  }
}

/** The smaller of the two parts a position would make of the known arc that holds it. */
export function splitScore(position: number, arcs: readonly Arc[], size: number): number {
  const low = lowerBound(arcs, (arc) => arc.from < position);
  const arc = arcs[low === 0 ? arcs.length - 1 : low - 1];
  // Outside of what is known, a position is better than none.
  if (arc === undefined || !holds(arc, position)) return UNKNOWN_SCORE;
  return Math.min(distance(arc.from, position, size), distance(position, arc.to, size));
}
