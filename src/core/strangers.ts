// Strangers: connected members that our tables do not name may be of another ring, and two rings that know of
// each other merge. It owns when which of them is told of our place; what follows is membership.ts
// (docs/PROTOCOL.md, "Merging").
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Membership } from './membership.ts';
import type { RoutingTable } from './routing-table.ts';

/**
 * Stabilisations between two looks at the ring from elsewhere: after this many at most, two rings that know
 * of each other meet.
 */
const LOOK_BEYOND_TURNS = 8;
/** Stabilisations between two looks at strangers that have connected. */
const COMPARE_TURNS = 2;

export class Strangers {
  readonly #engine: Engine;
  readonly #table: RoutingTable;
  readonly #membership: Membership;
  readonly #connected: ReadonlyMap<string, Contact>;
  #comparedAt = -Infinity;
  /** Whether the last look was at one of those that are likeliest to be of another ring. */
  #likely = false;
  /** The next to be compared, as soon as it may. */
  #next: Contact | undefined;

  /** `connected` are the members that a connection is open to. */
  constructor(
    engine: Engine,
    table: RoutingTable,
    membership: Membership,
    connected: ReadonlyMap<string, Contact>,
  ) {
    this.#engine = engine;
    this.#table = table;
    this.#membership = membership;
    this.#connected = connected;
    engine.after(engine.profile.stabiliseMs * LOOK_BEYOND_TURNS, () => this.#lookBeyond());
  }

  /**
   * A member is met that our tables did not name. One that we ask something was named by our ring; and where
   * members come and go, strangers connect all the time: one of them is compared in two periods.
   */
  met(peer: Contact): void {
    const engine = this.#engine;
    if (engine.isAsking(peer.id) || peer.id === this.#table.origin?.id || this.#next !== undefined) return;
    const dueAt = this.#comparedAt + engine.profile.stabiliseMs * COMPARE_TURNS;
    if (dueAt <= engine.now) return this.#compareNow(peer);
    this.#next = peer;
    engine.after(dueAt - engine.now, () => {
      this.#next = undefined;
      this.#compareNow(this.#connected.get(peer.id) ?? engine.random.pick(this.#unnamed()));
    });
  }

  /**
   * Has the other's ring find our place in it: where that is taken by us, nothing happens; else the rings
   * merge. A client does it for its home: it may be the only one that knows of both.
   */
  compare(peer: Contact | undefined): void {
    const { member, self } = this.#engine;
    const place = member ? self : this.#table.origin;
    if (peer !== undefined && place !== undefined) this.#membership.introduce(peer, [place]);
  }

  #compareNow(peer: Contact | undefined): void {
    this.#comparedAt = this.#engine.now;
    this.compare(peer);
  }

  /** The likeliest to be of another ring. */
  #unnamed(): Contact[] {
    return [...this.#connected.values()].filter((contact) => !this.#table.contactOf(contact.id));
  }

  /**
   * Every few stabilisations: is our place ours from another's point of view too (the self-lookup of ToN
   * 2003, section VI)?
   */
  #lookBeyond(): void {
    const engine = this.#engine;
    // No connection is opened for it: members that were lost are dialled from remembered.ts.
    const connected = [...this.#connected.values()];
    // In turn, because those that have died without a word stay connected, and are named by nobody.
    const heard = connected.filter(({ id }) => !engine.peers.isSuspected(id));
    this.#likely = !this.#likely;
    const first = this.#likely ? this.#unnamed() : heard;
    this.compare(engine.random.pick(first) ?? engine.random.pick(connected));
    const pauseMs = engine.random.around(engine.profile.stabiliseMs * LOOK_BEYOND_TURNS);
    engine.after(pauseMs, () => this.#lookBeyond());
  }
}
