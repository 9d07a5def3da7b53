// Way: what one lookup knows of the way to a position: members before it, the owner that was named and its
// heirs, who was asked and who was silent. It owns the choice of whom to ask next; the asking itself is
// lookup.ts. A lookup that asks a known owner, and is answered, has none.
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Tables } from './message.ts';
import { arcLength, between, distance } from './position.ts';
import type { RoutingTable } from './routing-table.ts';

/**
 * Passes for which a member that did not answer is passed over, twice as many each time: while the ring
 * closes behind a dead owner, asking it again would only cost time-outs. One whose answer was merely lost is
 * taken up sooner, by the word of whoever named it.
 */
const AVOIDED_PASSES = 6;

export class Way {
  readonly #engine: Engine;
  readonly #table: RoutingTable;
  readonly #position: number;
  /** Asked in this pass; who of them answered `find`; and who of those has shown all of its tables since. */
  readonly #tried = new Set<string>();
  readonly #answered = new Set<string>();
  readonly #shown = new Set<string>();
  /** Undefined until our own tables have been asked for more than the owner. */
  #candidates: Contact[] | undefined;
  /** The owner as last named, and the members behind it, which own the position once it is dead. */
  #heirs: readonly Contact[] = [];
  /** Who named a member, to be told if that is silent. */
  readonly #namers = new Map<string, Contact>();
  /** Members that did not answer: until which pass they are passed over. */
  readonly #silent = new Map<string, { readonly until: number; readonly passes: number }>();
  #pass = 0;
  /** Only members nearer than this are still worth a request in this pass. */
  #reach = Infinity;

  constructor(engine: Engine, table: RoutingTable, position: number) {
    this.#engine = engine;
    this.#table = table;
    this.#position = position;
  }

  /** Another pass: everybody may be asked again, but for those that were silent a moment ago. */
  begin(): void {
    this.#tried.clear();
    this.#answered.clear();
    this.#shown.clear();
    this.#candidates = undefined;
    this.#heirs = [];
    this.#reach = Infinity;
  }

  /** Time passes, so that whoever was silent may be tried again at last. */
  age(): void {
    this.#pass += 1;
  }

  /** The first that may own the position: the owner, or whoever inherits where that is silent. */
  heir(): Contact | undefined {
    return this.#heirs.find((contact) => !this.#isAvoided(contact.id));
  }

  /**
   * The owner that was named does not own the position: either the member before it is dead and it has not
   * taken over yet, or somebody has joined between. Then only members nearer than those that were asked can
   * know more.
   */
  dispute(): void {
    this.narrow();
    this.#heirs = [];
  }

  /** Only members nearer than those that have answered can know more than they did. */
  narrow(): void {
    for (const contact of this.#known()) {
      if (this.hasAnswered(contact)) this.#reach = Math.min(this.#reach, this.#offset(contact));
    }
  }

  hasTried(contact: Contact): boolean {
    return this.#tried.has(contact.id);
  }

  try(contact: Contact): void {
    this.#tried.add(contact.id);
  }

  /** It may own the position by now, and is asked again. */
  await(contact: Contact): void {
    this.#tried.delete(contact.id);
    this.#heirs = [contact];
  }

  /**
   * The nearest member before the position that is worth a request; suspected ones last. One that has
   * answered comes up again where all whom it named are silent: `hasAnswered`, and knows more than it named.
   */
  nearest(): Contact | undefined {
    const { size, peers } = this.#engine;
    let best: Contact | undefined;
    let bestRank = Infinity;
    for (const contact of this.#known()) {
      const { id } = contact;
      if (this.hasAnswered(contact) ? this.#shown.has(id) : this.#tried.has(id) || this.#isAvoided(id))
        continue;
      const offset = this.#offset(contact);
      if (offset >= this.#reach) continue;
      const rank = offset + (peers.isSuspected(id) ? size : 0);
      if (rank < bestRank) [best, bestRank] = [contact, rank];
    }
    return best;
  }

  hasAnswered(contact: Contact): boolean {
    return this.#answered.has(contact.id);
  }

  answered(contact: Contact): void {
    this.#answered.add(contact.id);
  }

  /** Its tables are asked for, once a pass. */
  show(contact: Contact): void {
    this.#shown.add(contact.id);
  }

  /** Our own tables or a member name the owner and what follows it. */
  inherit(heirs: readonly Contact[], namer?: Contact): void {
    this.#heirs = heirs;
    if (namer !== undefined) for (const heir of heirs) this.#namers.set(heir.id, namer);
  }

  /** A member names others that stand before the position. */
  consider(contacts: readonly Contact[], namer: Contact): void {
    for (const contact of contacts) this.#consider(contact, namer);
  }

  /** All that a member knows. */
  take({ self, successors, fingers }: Tables): void {
    const { size } = this.#engine;
    const nearer = [...successors, ...fingers].filter((contact) =>
      between(self.position, contact.position, this.#position),
    );
    this.consider(nearer, self);
    const reach = distance(self.position, this.#position, size);
    const owner = successors.findIndex((contact) => distance(self.position, contact.position, size) >= reach);
    if (owner >= 0) this.inherit(successors.slice(owner), self);
  }

  /**
   * The member did not answer. Whoever named it looks for itself, and names another next time if it is dead;
   * where it lives for the other, only its answer to us was lost.
   */
  silence(silent: Contact): void {
    const passes = 2 * (this.#silent.get(silent.id)?.passes ?? AVOIDED_PASSES / 2);
    this.#silent.set(silent.id, { until: this.#pass + passes, passes });
    const namer = this.#namers.get(silent.id);
    if (namer === undefined || namer.id === silent.id) return;
    const { peers, profile } = this.#engine;
    this.#engine.call(
      namer,
      { type: 'check', suspect: silent },
      (answer) => {
        const alive = answer.type === 'reply' && answer.body.type === 'checked' && answer.body.alive;
        if (alive) this.#silent.delete(silent.id);
      },
      // The other needs a request's time of its own before it can say no.
      peers.timeoutMs(namer.id) + profile.requestMaxMs,
    );
  }

  #isAvoided(id: string): boolean {
    return (this.#silent.get(id)?.until ?? -1) > this.#pass;
  }

  #offset({ position }: Contact): number {
    return arcLength({ from: position, to: this.#position }, this.#engine.size);
  }

  #known(): Contact[] {
    this.#candidates ??= this.#table
      .preceding(this.#position)
      .filter((contact) => !this.#tried.has(contact.id));
    return this.#candidates;
  }

  #consider(contact: Contact, namer: Contact): void {
    if (contact.id === this.#engine.self.id || this.#tried.has(contact.id)) return;
    this.#namers.set(contact.id, namer);
    const known = this.#known();
    if (!known.some(({ id }) => id === contact.id)) known.push(contact);
  }
}
