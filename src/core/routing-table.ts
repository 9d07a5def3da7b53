// RoutingTable: the members this node knows, and whom it would ask for a position: successors, fingers,
// learned arcs. It owns knowledge only. A member routes from its own position; a client from that of its
// contact, whose tables it was given, so that the bound of k requests holds for it too (docs/PROTOCOL.md,
// "Lookup").
import type { Contact } from './contact.ts';
import { sameContact } from './contact.ts';
import type { Engine } from './engine.ts';
import { LearnedArcs } from './learned-arcs.ts';
import type { Neighbourhood, Tables } from './message.ts';
import { advance, between, distance, holds } from './position.ts';

export interface Route {
  /** Who owns the position as far as we know. */
  readonly owner: Contact | undefined;
  /** Members that precede it, the nearest first; the suspected ones at the end. */
  readonly preceding: readonly Contact[];
}

/** How long a member that was found dead is not taken up again on another's word. */
const GRAVE_MS = 30_000;
const GRAVES_MAX = 1_024;
/** How many members another is told of that asks for a position: enough to go round two dead ones. */
const NAMED_MAX = 3;

export class RoutingTable {
  readonly learned: LearnedArcs;
  readonly #engine: Engine;
  /** Whose position we route from: ourselves, or a client's contact. */
  #origin: Contact | undefined;
  #predecessor: Contact | undefined;
  #successors: readonly Contact[] = [];
  /**
   * #fingers[i] is the first known member at or behind origin + 2**i; undefined where that is the origin
   * itself.
   */
  #fingers: (Contact | undefined)[] = [];
  readonly #graves = new Map<string, { readonly contact: Contact; readonly until: number }>();

  constructor(engine: Engine) {
    this.#engine = engine;
    this.learned = new LearnedArcs(engine.limits.learnedArcs, engine.random);
  }

  get origin(): Contact | undefined {
    return this.#origin;
  }

  get successors(): readonly Contact[] {
    return this.#successors;
  }

  /** A member's own neighbourhood. */
  setNeighbours(state: Neighbourhood & { readonly self: Contact }): void {
    this.#setOrigin(state.self);
    this.#predecessor = state.predecessor;
    this.#successors = state.successors;
    for (const contact of state.successors) this.observe(contact);
    if (state.predecessor !== undefined) this.observe(state.predecessor);
  }

  /** A client's: the tables of its contact. */
  setTables(tables: Tables): void {
    this.#setOrigin(tables.self);
    this.#predecessor = tables.predecessor;
    this.#successors = tables.successors;
    this.#fingers = [];
    for (const contact of [...tables.successors, ...tables.fingers]) this.observe(contact);
    if (tables.predecessor !== undefined) this.observe(tables.predecessor);
    this.learned.observe(tables.self);
  }

  /** Knows nobody any more; learned arcs stay, as hints. */
  reset(): void {
    this.#origin = undefined;
    this.#predecessor = undefined;
    this.#successors = [];
    this.#fingers = [];
  }

  /** A member that lives, by its own word or another's. */
  observe(contact: Contact): void {
    const origin = this.#origin;
    if (contact.id === this.#engine.self.id && this.#engine.member) return;
    if (origin === undefined || contact.id === origin.id || this.isBuried(contact)) return;
    this.learned.observe(contact);
    const offset = distance(origin.position, contact.position, this.#engine.size);
    if (offset === 0) return;
    for (let i = Math.floor(Math.log2(offset)); i >= 0; i--) {
      const present = this.#fingers[i];
      if (present !== undefined && present.id !== contact.id && this.#offset(present) <= offset) return;
      if (present !== contact) this.#fingers[i] = contact;
    }
  }

  /** What a lookup of origin + 2**i has found. Returns whether it was news. */
  setFinger(i: number, contact: Contact): boolean {
    const value = contact.id === this.#origin?.id ? undefined : contact;
    const present = this.#fingers[i];
    this.#fingers[i] = value;
    return !sameContact(present, value);
  }

  /** Distinct fingers, clockwise. */
  fingers(): Contact[] {
    const distinct = new Map<string, Contact>();
    for (const contact of this.#fingers) if (contact !== undefined) distinct.set(contact.id, contact);
    return [...distinct.values()];
  }

  /**
   * The member is dead or no member: nothing here points to it, and nobody's old tables bring it back soon.
   */
  forget(id: string): void {
    const contact = this.contactOf(id);
    if (contact !== undefined) this.#bury(contact);
    this.learned.forget(id);
    for (let i = this.#fingers.length - 1; i >= 0; i--) {
      // The next finger clockwise is the best guess until the refresh has looked.
      if (this.#fingers[i]?.id === id) this.#fingers[i] = this.#fingers[i + 1];
    }
    if (this.#engine.member) return;
    this.#successors = this.#successors.filter((other) => other.id !== id);
    if (this.#predecessor?.id === id) this.#predecessor = undefined;
  }

  /** It was heard itself: whatever was thought of it. */
  revive(id: string): void {
    this.#graves.delete(id);
  }

  contactOf(id: string): Contact | undefined {
    if (this.#origin?.id === id) return this.#origin;
    if (this.#predecessor?.id === id) return this.#predecessor;
    const found = this.#successors.find((contact) => contact.id === id);
    return found ?? this.#fingers.find((contact) => contact?.id === id) ?? this.#learnedContact(id);
  }

  contactAt(host: string, port: number): Contact | undefined {
    return this.contacts().find((contact) => contact.host === host && contact.port === port);
  }

  /** Every member known, neighbours first; a client's contact included. */
  contacts(): Contact[] {
    const distinct = new Map<string, Contact>();
    const add = (contact: Contact | undefined): void => {
      if (contact !== undefined && contact.id !== this.#engine.self.id) distinct.set(contact.id, contact);
    };
    add(this.#origin);
    for (const contact of this.#successors) add(contact);
    add(this.#predecessor);
    for (const contact of this.#fingers) add(contact);
    for (const contact of this.learned.owners()) add(contact);
    return [...distinct.values()];
  }

  tables(self: Contact): Tables {
    return { self, predecessor: this.#predecessor, successors: this.#successors, fingers: this.fingers() };
  }

  /** Whom to ask for a position that this node does not own itself. */
  route(position: number): Route {
    return { owner: this.ownerOf(position), preceding: this.preceding(position).slice(0, NAMED_MAX) };
  }

  /** What the list says of the members behind one of them. */
  following(contact: Contact): readonly Contact[] {
    const index = this.#successors.findIndex((other) => other.id === contact.id);
    return index === -1 ? [] : this.#successors.slice(index + 1);
  }

  /** The owner of a position, as learned or by the neighbours; undefined where neither says. */
  ownerOf(position: number): Contact | undefined {
    const owner = this.learned.find(position);
    const isUsable =
      owner !== undefined && owner.id !== this.#engine.self.id && !this.#engine.peers.isSuspected(owner.id);
    return isUsable ? owner : this.ownerByList(position);
  }

  /** The owner of a position that the successor list and the predecessor span; else undefined. */
  ownerByList(position: number): Contact | undefined {
    const origin = this.#origin;
    if (origin === undefined) return undefined;
    if (this.#predecessor === undefined && this.#successors.length === 0) return origin;
    if (
      this.#predecessor !== undefined &&
      holds({ from: this.#predecessor.position, to: origin.position }, position)
    ) {
      return origin;
    }
    let before = origin.position;
    for (const contact of this.#successors) {
      if (holds({ from: before, to: contact.position }, position)) return contact;
      before = contact.position;
    }
    return undefined;
  }

  /** The nearest known member strictly before a position, not the origin. */
  closestPreceding(position: number): Contact | undefined {
    return this.preceding(position).find((contact) => contact.id !== this.#engine.self.id);
  }

  /** The origin's positions to refresh a finger for: origin + 2**i. */
  fingerStart(i: number): number {
    return advance(this.#origin?.position ?? 0, 2 ** i, this.#engine.size);
  }

  /** Known members before a position, the nearest first. */
  preceding(position: number): Contact[] {
    const origin = this.#origin;
    if (origin === undefined) return [];
    const best: Contact[] = [];
    const consider = (contact: Contact | undefined): void => {
      if (contact === undefined || contact.id === this.#engine.self.id) return;
      if (!between(origin.position, contact.position, position) || best.some((b) => b.id === contact.id))
        return;
      best.push(contact);
    };
    for (const contact of this.#successors) consider(contact);
    for (const contact of this.#fingers) consider(contact);
    consider(this.learned.preceding(position));
    const size = this.#engine.size;
    const rank = (contact: Contact): number =>
      distance(contact.position, position, size) + (this.#engine.peers.isSuspected(contact.id) ? size : 0);
    best.sort((a, b) => rank(a) - rank(b));
    // A client has its contact to fall back on: it precedes everything.
    if (origin.id !== this.#engine.self.id) best.push(origin);
    return best;
  }

  #learnedContact(id: string): Contact | undefined {
    return this.learned.owners().find((contact) => contact.id === id);
  }

  #offset(contact: Contact): number {
    return distance(this.#origin?.position ?? 0, contact.position, this.#engine.size);
  }

  #setOrigin(origin: Contact): void {
    if (this.#origin?.position !== origin.position) this.#fingers = [];
    this.#origin = origin;
  }

  /** Whether it was found dead or gone, and nothing has been heard of it since. */
  isBuried(contact: Contact): boolean {
    const grave = this.#graves.get(contact.id);
    if (grave === undefined) return false;
    const { position, incarnation } = grave.contact;
    const same = contact.position === position && contact.incarnation <= incarnation;
    if (grave.until > this.#engine.now && same) return true;
    this.#graves.delete(contact.id);
    return false;
  }

  #bury(contact: Contact): void {
    if (this.#graves.size >= GRAVES_MAX) this.#graves.clear();
    this.#graves.set(contact.id, { contact, until: this.#engine.now + GRAVE_MS });
  }
}
