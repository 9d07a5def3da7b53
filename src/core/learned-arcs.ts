// LearnedArcs: which member was last seen to own which arc, from the answers that passed by: a bounded
// cache of disjoint arcs, so that a warm node asks the owner at once. A stale arc costs a redirection,
// never a wrong answer: the member that is asked knows what it owns.
import type { Contact } from './contact.ts';
import { lowerBound } from './ordered.ts';
import type { Arc } from './position.ts';
import { between, holds } from './position.ts';
import type { Random } from './random.ts';

interface Learned {
  arc: Arc;
  owner: Contact;
}

export class LearnedArcs {
  readonly #max: number;
  readonly #random: Random;
  /** Disjoint, ordered by arc.to. */
  #arcs: Learned[] = [];

  constructor(max: number, random: Random) {
    this.#max = max;
    this.#random = random;
  }

  get size(): number {
    return this.#arcs.length;
  }

  /** The owner of the arc that holds the position, as last seen. */
  find(position: number): Contact | undefined {
    const learned = this.#at(position);
    return learned !== undefined && holds(learned.arc, position) ? learned.owner : undefined;
  }

  /** The owner has said that this is its arc; what was known of any part of it is replaced. */
  learn(arc: Arc, owner: Contact): void {
    const present = this.#at(arc.to);
    if (present !== undefined && present.arc.to === arc.to && present.arc.from === arc.from) {
      present.owner = owner;
      return;
    }
    this.#clear(arc);
    const index = this.#index(arc.to);
    this.#arcs.splice(index, 0, { arc, owner });
    if (this.#arcs.length > this.#max) this.#arcs.splice(this.#random.below(this.#arcs.length), 1);
  }

  /** A member stands at this position: no arc of another goes across it. */
  observe(contact: Contact): void {
    const learned = this.#at(contact.position);
    if (learned === undefined || !holds(learned.arc, contact.position) || learned.owner.id === contact.id)
      return;
    if (learned.arc.to === contact.position) this.#remove(learned);
    else learned.arc = { from: contact.position, to: learned.arc.to };
  }

  forget(id: string): void {
    if (this.#arcs.some((learned) => learned.owner.id === id)) {
      this.#arcs = this.#arcs.filter((learned) => learned.owner.id !== id);
    }
  }

  clear(): void {
    this.#arcs = [];
  }

  /** The nearest owner at or before the position, going back; undefined when nothing is known. */
  preceding(position: number): Contact | undefined {
    if (this.#arcs.length === 0) return undefined;
    const index = this.#index(position);
    return this.#arcs[index === 0 ? this.#arcs.length - 1 : index - 1]?.owner;
  }

  owners(): Contact[] {
    return this.#arcs.map((learned) => learned.owner);
  }

  /** The learned arc with the first end at or behind the position, round the circle. */
  #at(position: number): Learned | undefined {
    return this.#arcs[this.#index(position)] ?? this.#arcs[0];
  }

  #index(position: number): number {
    return lowerBound(this.#arcs, (learned) => learned.arc.to < position);
  }

  /** Takes out or shortens everything that overlaps the arc. */
  #clear(arc: Arc): void {
    if (arc.from === arc.to) return this.clear();
    for (let learned = this.#at(arc.to); learned !== undefined; learned = this.#at(arc.to)) {
      if (!holds(learned.arc, arc.to)) break;
      // It reaches over our end: what lies behind it stays.
      if (learned.arc.to === arc.to) this.#remove(learned);
      else if (learned.arc.from === arc.to) break;
      else learned.arc = { from: arc.to, to: learned.arc.to };
    }
    const inside = this.#arcs.filter((learned) => between(arc.from, learned.arc.to, arc.to));
    for (const learned of inside) this.#remove(learned);
  }

  #remove(learned: Learned): void {
    const index = this.#arcs.indexOf(learned);
    if (index >= 0) this.#arcs.splice(index, 1);
  }
}
