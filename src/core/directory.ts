// Directory: where each node can be whispered to. The owner of the position hash(id) keeps it, and the
// member behind that one a copy. A member registers its clients, and itself where the ring is larger than
// its list: in a smaller one everybody knows everybody. Entries are refreshed and run out by themselves, so
// that nothing has to be taken back; a wrong one costs a question, because the node that is asked knows
// whether it is the one.
import type { Whereabouts } from './cast.ts';
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Goal, LookupResult } from './lookup.ts';
import type { MessageRequest, Neighbourhood, Reply } from './message.ts';
import type { Arc } from './position.ts';
import { holds, keyPosition } from './position.ts';
import type { RoutingTable } from './routing-table.ts';
import type { Timer } from './timers.ts';

export interface DirectoryParts {
  readonly engine: Engine;
  readonly table: RoutingTable;
  /** This member's own arc; undefined for a client. */
  readonly arc: () => Arc | undefined;
  readonly neighbourhood: () => Neighbourhood;
  readonly lookup: (goal: Goal, done: (result: LookupResult) => void) => void;
  /** Clients whose home this node is. */
  readonly clients: () => readonly string[];
  /** The answer to a node that asked the wrong one. */
  readonly notHere: (position: number) => Reply;
}

interface Record {
  readonly at: Contact;
  readonly until: number;
}

/** Stabilisations from one registration to the next: an entry costs two requests a minute in a LAN. */
const REFRESH_TURNS = 64;
/** An entry outlives two lost refreshes. */
const LIFE_TURNS = 3 * REFRESH_TURNS;
/** Entries in one copy: about 100 bytes each. */
const REGISTER_MAX = 128;
/** A joiner needs a moment until it is a member; what it does not take then comes with the next refresh. */
const GIVE_TRIES = 5;

export class Directory {
  readonly #parts: DirectoryParts;
  readonly #records = new Map<string, Record>();
  #timer: Timer | undefined;
  #successor: string | undefined;
  #predecessor: string | undefined;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
  }

  /** Who can be whispered to for the node, where that is known, and whether the directory answered. */
  find(id: string, timeoutMs: number, done: (at: Contact | undefined, answered: boolean) => void): void {
    const position = this.#position(id);
    const { engine, lookup } = this.#parts;
    const goal: Goal = {
      position,
      deadline: engine.now + timeoutMs,
      request: () => ({ type: 'whereis', id }),
      here: (respond) => {
        if (!this.#owns(position)) return false;
        respond({ type: 'whereabouts', at: this.#at(id) });
        return true;
      },
    };
    lookup(goal, ({ reply }) => {
      if (reply?.type === 'whereabouts') done(reply.at, true);
      else done(undefined, false);
    });
  }

  /** This node's home is here, or it is a member itself: others are to find it. */
  register(id: string): void {
    const { engine, lookup } = this.#parts;
    const item: Whereabouts = { id, at: engine.self };
    const position = this.#position(id);
    const goal: Goal = {
      position,
      deadline: engine.now + engine.profile.timeoutMs,
      request: () => ({ type: 'register', copy: false, items: [item] }),
      here: (respond) => {
        if (!this.#owns(position)) return false;
        this.#store([item]);
        this.#copy([item]);
        respond({ type: 'registered' });
        return true;
      },
    };
    // What fails is made up for by the next refresh.
    lookup(goal, () => {});
    this.#schedule();
  }

  handleWhereis(
    request: Extract<MessageRequest, { type: 'whereis' }>,
    respond: (reply: Reply) => void,
  ): void {
    const position = this.#position(request.id);
    if (!this.#owns(position)) return respond(this.#parts.notHere(position));
    respond({ type: 'whereabouts', at: this.#at(request.id) });
  }

  handleRegister(
    from: string,
    { copy, items }: Extract<MessageRequest, { type: 'register' }>,
    respond: (reply: Reply) => void,
  ): void {
    if (copy) {
      // A joiner may not know its neighbours yet.
      if (!this.#isNeighbour(from)) {
        return respond({ type: 'failed', code: 'BUSY', message: 'no neighbour of mine' });
      }
      this.#store(items.slice(0, REGISTER_MAX));
      return respond({ type: 'registered' });
    }
    const [item] = items;
    const position = this.#position(item?.id ?? '');
    if (!this.#owns(position)) return respond(this.#parts.notHere(position));
    // Nobody registers a node with a third one.
    if (item !== undefined && item.at.id === from) {
      this.#store([item]);
      this.#copy([item]);
    }
    respond({ type: 'registered' });
  }

  /** Entries go to a new first successor, and to a new predecessor those that it owns now. */
  neighboursChanged(): void {
    const { engine, table, neighbourhood } = this.#parts;
    const { predecessor, successors } = neighbourhood();
    if (!engine.member) return;
    const [successor] = successors;
    if (successor?.id !== this.#successor) this.#copy(this.#items((position) => this.#owns(position)));
    if (predecessor !== undefined && predecessor.id !== this.#predecessor) {
      this.#give(
        predecessor,
        this.#items((position) => !this.#owns(position)),
      );
    }
    const isFull = successors.length >= engine.limits.successors && table.origin !== undefined;
    if (isFull && this.#timer?.action === undefined) this.register(engine.self.id);
    [this.#predecessor, this.#successor] = [predecessor?.id, successor?.id];
  }

  #schedule(): void {
    const { engine } = this.#parts;
    if (this.#timer?.action !== undefined) return;
    this.#timer = engine.after(engine.profile.stabiliseMs * REFRESH_TURNS, () => this.#refresh());
  }

  #refresh(): void {
    const { engine, neighbourhood, clients } = this.#parts;
    for (const [id, record] of this.#records) if (record.until <= engine.now) this.#records.delete(id);
    if (!engine.member) return;
    if (neighbourhood().successors.length >= engine.limits.successors) this.register(engine.self.id);
    for (const id of clients()) this.register(id);
  }

  #at(id: string): Contact | undefined {
    const { engine, table, clients } = this.#parts;
    if (id === engine.self.id || clients().includes(id)) return engine.self;
    const record = this.#records.get(id);
    if (record !== undefined && record.until > engine.now) return record.at;
    return table.contactOf(id);
  }

  #store(items: readonly Whereabouts[]): void {
    const { engine } = this.#parts;
    const until = engine.now + engine.profile.stabiliseMs * LIFE_TURNS;
    for (const { id, at } of items) {
      // In the order in which they run out.
      this.#records.delete(id);
      this.#records.set(id, { at, until });
    }
    for (const id of this.#records.keys()) {
      if (this.#records.size <= engine.limits.directory) break;
      this.#records.delete(id);
    }
  }

  #items(wanted: (position: number) => boolean): Whereabouts[] {
    const items: Whereabouts[] = [];
    for (const [id, { at }] of this.#records) if (wanted(this.#position(id))) items.push({ id, at });
    return items;
  }

  #copy(items: readonly Whereabouts[]): void {
    const [successor] = this.#parts.neighbourhood().successors;
    if (successor !== undefined) this.#give(successor, items);
  }

  #give(to: Contact, items: readonly Whereabouts[]): void {
    for (let i = 0; i < items.length; i += REGISTER_MAX) {
      this.#givePage(to, items.slice(i, i + REGISTER_MAX), GIVE_TRIES);
    }
  }

  #givePage(to: Contact, items: readonly Whereabouts[], tries: number): void {
    const { engine } = this.#parts;
    engine.call(to, { type: 'register', copy: true, items }, (answer) => {
      if (answer.type === 'reply' && answer.body.type === 'registered') return;
      if (tries > 1 && answer.type !== 'unreachable') {
        engine.after(engine.profile.requestMinMs, () => this.#givePage(to, items, tries - 1));
      }
    });
  }

  #isNeighbour(id: string): boolean {
    const { engine, neighbourhood } = this.#parts;
    const { predecessor, successors } = neighbourhood();
    return engine.member && (predecessor?.id === id || successors.some((contact) => contact.id === id));
  }

  #owns(position: number): boolean {
    const own = this.#parts.arc();
    return own !== undefined && holds(own, position);
  }

  #position(id: string): number {
    const { hash, k } = this.#parts.engine;
    return keyPosition(hash, new TextEncoder().encode(id), k);
  }
}
