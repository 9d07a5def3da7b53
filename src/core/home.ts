// Home: the member through which a client routes. It owns the choice of that contact, the refresh of the
// tables it gave, and the move to another when it is lost. A member needs no home.
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Tables } from './message.ts';
import { digest } from './neighbourhood.ts';
import type { RoutingTable } from './routing-table.ts';
import type { Timer } from './timers.ts';

export class Home {
  readonly #engine: Engine;
  readonly #table: RoutingTable;
  #timer: Timer | undefined;
  #asking = false;
  /** Of the tables that were last given; 0 = none yet. */
  #digest = 0;

  constructor(engine: Engine, table: RoutingTable) {
    this.#engine = engine;
    this.#table = table;
  }

  /** A member is connected: it becomes the home of a client that has none. */
  connected(member: Contact, tables: Tables | undefined): void {
    if (this.#engine.member) return;
    const origin = this.#table.origin;
    if (origin !== undefined && origin.id !== member.id) return;
    this.#digest = 0;
    this.#table.setTables(tables ?? { self: member, predecessor: undefined, successors: [], fingers: [] });
    if (tables === undefined) this.#refresh();
    else this.#schedule();
  }

  /** The node has stopped being a member: it routes through one of those that it knows. */
  settle(): void {
    const next = this.#table.contacts()[0];
    this.#table.reset();
    if (next !== undefined) this.connected(next, undefined);
  }

  /** A member is gone: if it was the home, another one is taken. */
  lost(id: string): void {
    if (this.#engine.member || this.#table.origin?.id !== id) return;
    const others = this.#table.contacts().filter((contact) => contact.id !== id);
    const preferred = others.find((contact) => this.#engine.peers.isConnected(contact.id)) ?? others[0];
    this.#table.reset();
    this.#digest = 0;
    this.#table.learned.forget(id);
    if (preferred === undefined) return;
    // The others stay known until the new home has answered: if it is dead as well, one of them is next.
    this.#table.setTables({ self: preferred, predecessor: undefined, successors: [], fingers: others });
    this.#refresh();
  }

  stop(): void {
    this.#engine.cancelTimer(this.#timer);
  }

  #schedule(): void {
    this.#engine.cancelTimer(this.#timer);
    const { stabiliseMs } = this.#engine.profile;
    this.#timer = this.#engine.after(this.#engine.random.around(stabiliseMs), () => this.#refresh());
  }

  #refresh(): void {
    const home = this.#table.origin;
    if (this.#engine.member || home === undefined || this.#asking) return;
    this.#asking = true;
    this.#engine.call(home, { type: 'tables', known: this.#digest }, (answer) => {
      this.#asking = false;
      if (this.#engine.member || this.#table.origin?.id !== home.id) return;
      if (answer.type !== 'reply') return this.lost(home.id);
      const { body } = answer;
      if (body.type !== 'tables-are' || body.digest === 0) return this.lost(home.id);
      this.#digest = body.digest;
      if (body.tables !== undefined) this.#table.setTables(body.tables);
      this.#schedule();
    });
  }
}

/** A digest of tables; never 0, which a client answers. */
export function tablesDigest({ self, predecessor, successors, fingers }: Tables): number {
  return digest({ predecessor, successors: [self, ...successors, ...fingers] });
}
