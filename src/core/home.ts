// Home: the member through which a client routes. It owns the choice of that contact, the refresh of the
// tables it gave, and the move to another when it is lost. A member needs no home.
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Tables } from './message.ts';
import { digest } from './neighbourhood.ts';
import type { RoutingTable } from './routing-table.ts';
import type { Timer } from './timers.ts';

export interface HomeView {
  /** Members that a connection is open to. */
  connected(): readonly Contact[];
  /** A member that does not answer is dialled again later. */
  remember(contact: Contact): void;
  /** Another home was chosen. */
  homed(): void;
}

export class Home {
  readonly #engine: Engine;
  readonly #table: RoutingTable;
  readonly #view: HomeView;
  #timer: Timer | undefined;
  /** The question under way; its answer counts only for the home that was asked. */
  #call: number | undefined;
  /** Of the tables that were last given; 0 = none yet. */
  #digest = 0;

  constructor(engine: Engine, table: RoutingTable, view: HomeView) {
    this.#engine = engine;
    this.#table = table;
    this.#view = view;
  }

  /** A member is connected: it becomes the home of a client that has none. */
  connected(member: Contact, tables: Tables | undefined): void {
    if (this.#engine.member) return;
    const origin = this.#table.origin;
    if (origin !== undefined && origin.id !== member.id) return;
    this.#forgetCall();
    if (tables !== undefined) this.#table.setTables(tables);
    else if (origin === undefined)
      this.#table.setTables({ self: member, predecessor: undefined, successors: [], fingers: [] });
    if (origin === undefined) this.#view.homed();
    if (tables === undefined) this.#refresh();
    else this.#schedule();
  }

  /** A member is gone: if it was the home, another one is taken. */
  lost(id: string): void {
    const origin = this.#table.origin;
    if (this.#engine.member || origin?.id !== id) return;
    const others = this.#others(origin);
    this.#view.remember(origin);
    this.#forgetCall();
    this.#table.reset();
    this.#table.learned.forget(id);
    const preferred = this.#preferred(others);
    // None of them may live, while others are connected whose becoming members was not heard.
    if (preferred !== undefined && this.#engine.peers.isSuspected(preferred.id)) this.#inquire();
    if (preferred === undefined) return this.#schedule();
    // The others stay known until the new home has answered: if it is dead as well, one of them is next.
    this.#table.setTables({ self: preferred, predecessor: undefined, successors: [], fingers: others });
    this.#view.homed();
    this.#refresh();
  }

  /**
   * A node is connected that is no member, or not yet: while there is no home, it is asked for its own, at
   * once and now and then.
   */
  watch(id?: string): void {
    if (this.#engine.member || this.#table.origin !== undefined) return;
    if (id !== undefined) this.#ask(id);
    this.#schedule();
  }

  /** By chance among equals: of two that died without a word neither would ever be given up for a third. */
  #preferred(others: readonly Contact[]): Contact | undefined {
    const { peers, random } = this.#engine;
    const connected = others.filter(({ id }) => peers.isConnected(id));
    const heard = connected.filter(({ id }) => !peers.isSuspected(id));
    return random.pick(heard) ?? random.pick(connected) ?? others[0];
  }

  #others(home: Contact): Contact[] {
    const known = [...this.#table.contacts(), ...this.#view.connected()];
    return known.filter((contact) => contact.id !== home.id && contact.id !== this.#engine.self.id);
  }

  #forgetCall(): void {
    if (this.#call !== undefined) this.#engine.abandon(this.#call);
    this.#call = undefined;
    this.#digest = 0;
  }

  #schedule(): void {
    this.#engine.cancelTimer(this.#timer);
    const { stabiliseMs } = this.#engine.profile;
    this.#timer = this.#engine.after(this.#engine.random.around(stabiliseMs), () => this.#refresh());
  }

  #refresh(): void {
    const home = this.#table.origin;
    if (this.#engine.member || this.#call !== undefined) return;
    if (home === undefined) return this.#inquire();
    this.#call = this.#engine.call(home, { type: 'tables', known: this.#digest }, (answer) => {
      this.#call = undefined;
      if (this.#engine.member || this.#table.origin?.id !== home.id) return;
      // One answer may be lost; a home is given up for it only where there is another one.
      if (answer.type === 'silence' && this.#others(home).length === 0) return this.#schedule();
      if (answer.type !== 'reply') return this.lost(home.id);
      const { body } = answer;
      if (body.type !== 'tables-are') return this.lost(home.id);
      if (body.digest === 0) return this.#sentOn(home, body.tables);
      this.#digest = body.digest;
      if (body.tables !== undefined) this.#table.setTables(body.tables);
      this.#schedule();
    });
  }

  /** The home is a client itself now: its home is ours, if it has one. */
  #sentOn(home: Contact, tables: Tables | undefined): void {
    const id = tables?.self.id;
    if (tables === undefined || id === home.id || id === this.#engine.self.id) return this.lost(home.id);
    this.#forgetCall();
    this.#table.reset();
    this.#table.setTables(tables);
    this.#view.homed();
    this.#refresh();
  }

  /** Whoever is connected may have become a member, and its announcement may have been lost. */
  #inquire(): void {
    const ids = this.#engine.peers.connectedIds();
    for (const id of ids) this.#ask(id);
    if (ids.length > 0) this.#schedule();
  }

  #ask(id: string): void {
    this.#engine.call(id, { type: 'tables', known: 0 }, (answer) => {
      const tables =
        answer.type === 'reply' && answer.body.type === 'tables-are' ? answer.body.tables : undefined;
      const { self, member, peers } = this.#engine;
      if (tables === undefined || tables.self.id === self.id || member) return;
      const origin = this.#table.origin;
      if (origin === undefined || !peers.isSuspected(origin.id)) this.connected(tables.self, tables);
      else if (!peers.isSuspected(tables.self.id)) this.#sentOn(origin, tables);
    });
  }
}

/** A digest of tables; never 0, which a client answers. */
export function tablesDigest({ self, predecessor, successors, fingers }: Tables): number {
  return digest({ predecessor, successors: [self, ...successors, ...fingers] });
}
