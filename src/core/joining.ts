// Joining: how a node becomes a member: it has its address dialled back, chooses a position, copies the
// list of the member before it in one step (Zave's join), and is admitted by the member behind it. It owns
// the choice of the position; what happens afterwards is membership.ts and owner.ts.
import type { Contact } from './contact.ts';
import { SALT_MAX, withSalt } from './contact.ts';
import type { Failure } from './effect.ts';
import type { Engine } from './engine.ts';
import type { Home } from './home.ts';
import type { Goal, LookupResult } from './lookup.ts';
import type { Membership } from './membership.ts';
import { reading } from './neighbourhood.ts';
import type { Reply, Request } from './message.ts';
import type { Owner } from './owner.ts';
import { distance, memberPosition } from './position.ts';
import * as ring from './ring.ts';
import type { RoutingTable } from './routing-table.ts';
import { splitScore, Survey } from './survey.ts';

export interface JoiningView {
  readonly engine: Engine;
  readonly table: RoutingTable;
  readonly membership: Membership;
  readonly home: Home;
  /** Of the position before a restart, which is taken again where it is free. */
  readonly preferredSalt: number | undefined;
  readonly owner: Owner;
  lookup(goal: Goal, done: (result: LookupResult) => void): void;
}

/** Arcs of the ring that are looked at, beside those of the contact's list, before a position is chosen. */
const CANDIDATE_LOOKUPS = 4;
/** Hashes spent on finding a salt that splits the widest known arc well. */
const SALTS_TRIED = 16_384;
/** The part of the best possible split that ends the search. */
const ENOUGH = 0.8;
/** Times an admission may fail because somebody else was faster. */
const ATTEMPTS_MAX = 64;
/** So many of them without a look at the ring in between. */
const ATTEMPTS_IN_A_ROW = 8;
/** Positions of a ring that is walked to find the few that are free. */
const WALKED_SIZE_MAX = 4_096;
/** The longest pause between two looks at the ring, in eager stabilisations. */
const PAUSE_TURNS_MAX = 16;
/** Of these, how many go to the position that the node had before. */
const FORMER_ATTEMPTS = 8;

/** A split that turns out to be less than this part of what was planned is planned afresh, so many times. */
const SPLIT_KEPT = 0.6;
const REVISIONS_MAX = 4;

/** How many request times a dial-back may take: the dial itself may take two. */
const DIAL_BACK_REQUESTS = 3;
/** Eager stabilisations that a node waits for another to begin the ring. */
const YIELD_TURNS = 3;

type Done = (failure: Failure | undefined) => void;

/** One attempt to join, from the contact on; `cancel` ends it. */
export class Joining {
  readonly #view: JoiningView;
  readonly #done: Done;
  readonly #deadline: number;
  readonly #survey: Survey;
  #whole = false;
  #attempts = 0;
  #pauses = 0;
  #revisions = 0;
  readonly #firstSalt: number;
  readonly #positions: number[] = [];
  #dialledBack = false;
  #ended = false;
  /** The preferred salt, until it proves to be of no use. */
  #former: number | undefined;

  constructor(view: JoiningView, deadline: number, done: Done) {
    this.#view = view;
    this.#deadline = deadline;
    this.#done = done;
    this.#survey = new Survey(view.engine.self.id, view.engine.size);
    this.#former = view.preferredSalt;
    this.#firstSalt = view.engine.random.below(SALT_MAX + 1);
    this.#begin(1);
  }

  cancel(): void {
    this.#ended = true;
  }

  #begin(round: number): void {
    const contact = this.#view.table.origin;
    if (this.#ended) return;
    if (contact === undefined) this.#inquire(round);
    else this.#dialBack(contact);
  }

  #finish(failure: Failure | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#done(failure);
  }

  /**
   * No member is known: those we are connected to may know one, or become one in a moment. Of several that
   * start at once, the one with the smallest id begins the ring; the others give it more time.
   */
  #inquire(round: number): void {
    const { engine, table, home } = this.#view;
    const others = engine.peers.connectedIds();
    let open = others.length;
    if (open === 0) return this.#alone();
    for (const id of others) {
      engine.call(id, { type: 'find', position: engine.self.position, followers: false }, (answer) => {
        if (this.#ended) return;
        const found = answer.type === 'reply' && answer.body.type === 'found' ? answer.body.contacts : [];
        const member = found.find((contact) => contact.id !== engine.self.id);
        if (member !== undefined) home.connected(member, undefined);
        open -= 1;
        if (open > 0) return;
        const rounds = others.some((other) => other < engine.self.id) ? 3 : 2;
        if (table.origin !== undefined) this.#dialBack(table.origin);
        else if (round === rounds) this.#alone();
        else engine.after(engine.profile.stabiliseEagerMs * YIELD_TURNS, () => this.#begin(round + 1));
      });
    }
  }

  /** A ring of one, at any position. */
  #alone(): void {
    const { engine, membership, owner } = this.#view;
    owner.beginRing();
    const salt = this.#former ?? engine.random.below(SALT_MAX + 1);
    membership.enter(ring.alone(withSalt(engine.self, salt, engine.hash, engine.k)));
    this.#finish(undefined);
  }

  #dialBack(contact: Contact): void {
    const { engine } = this.#view;
    const { self, profile } = engine;
    engine.call(
      contact,
      { type: 'dial-back', contact: self },
      (answer) => {
        if (this.#ended) return;
        if (answer.type !== 'reply' || answer.body.type !== 'dialled-back') return this.#retry(answer.type);
        this.#dialledBack = answer.body.reached;
        if (answer.body.reached) return this.#look();
        const message =
          `${contact.host}:${contact.port} could not dial back ${self.host}:${self.port}, the address that` +
          ` this node announces (${answer.body.reason}); set outAddr to one that the other members reach`;
        this.#finish({ code: 'ERR_UNREACHABLE', message, details: { address: [self.host, self.port] } });
      },
      profile.requestMaxMs * DIAL_BACK_REQUESTS,
    );
  }

  /** Learns arcs to choose from: all of them where the contact's list names the whole ring. */
  #look(): void {
    const { table, engine, membership } = this.#view;
    const origin = table.origin;
    if (this.#ended) return;
    if (origin === undefined) return this.#alone();
    this.#survey.clear();
    this.#whole = table.successors.length < membership.rules.listMax;
    this.#survey.seeInOrder([origin, ...table.successors, ...(this.#whole ? [origin] : [])]);
    if (this.#whole) return this.#choose();
    for (const contact of table.contacts()) this.#survey.see(contact);
    let open = CANDIDATE_LOOKUPS;
    for (let i = 0; i < CANDIDATE_LOOKUPS; i++) {
      const position = engine.random.below(engine.size);
      this.#read(position, (reply) => {
        // Without an owner the contacts stand before the position, the nearest first: no order of the ring.
        if (reply?.type === 'found' && reply.owner)
          this.#survey.seeInOrder([...reply.contacts, ...reply.followers]);
        open -= 1;
        if (open === 0) this.#choose();
      });
    }
  }

  /** Asks the owner of a position for itself and what follows it. */
  #read(position: number, done: (reply: Reply | undefined) => void): void {
    const request = (): Request => ({ type: 'find', position, followers: true });
    this.#view.lookup({ position, request, here: () => false, deadline: this.#deadline }, ({ reply }) => {
      if (!this.#ended) done(reply);
    });
  }

  /**
   * The salt whose position splits the widest known arc most evenly: that alone balances the load (ToN
   * 2003, section V-B).
   */
  #choose(): void {
    if (this.#ended) return;
    const { engine } = this.#view;
    const former = this.#formerSalt();
    if (former !== undefined) return this.#approach(former, 0);
    const { arcs, widest } = this.#survey.arcs();
    // Where the whole ring is known and no arc has a position between its ends, none is free.
    if (this.#whole && widest <= 1) return this.#full(this.#survey.count);
    const enough = ENOUGH * Math.floor(widest / 2);
    let best: { salt: number; score: number } | undefined;
    for (let i = 0; i < SALTS_TRIED; i++) {
      const salt = (this.#firstSalt + i) % (SALT_MAX + 1);
      const position = this.#position(i, salt);
      const score = this.#survey.isTaken(position) ? 0 : splitScore(position, arcs, engine.size);
      if (score > (best?.score ?? 0)) best = { salt, score };
      // The longer the search, the less is enough: in a large ring few salts lead to the widest arc.
      if (best !== undefined && best.score >= enough * (1 - i / SALTS_TRIED)) break;
    }
    if (best !== undefined) return this.#approach(best.salt, best.score);
    // No position is known to be free: only a walk round the ring can tell that none is.
    if (this.#whole) this.#retry('no salt leads to a free position');
    else this.#walk(undefined);
  }

  /** Of the i-th salt tried; hashed once in a join. */
  #position(i: number, salt: number): number {
    const { hash, self, k } = this.#view.engine;
    return (this.#positions[i] ??= memberPosition(hash, self.publicKey, salt, k));
  }

  /** A few times, because the ring may be in motion, and only where nobody else stands there. */
  #formerSalt(): number | undefined {
    if (this.#former === undefined) return undefined;
    const { hash, self, k } = this.#view.engine;
    const position = memberPosition(hash, self.publicKey, this.#former, k);
    if (this.#attempts > FORMER_ATTEMPTS || this.#survey.isTaken(position)) this.#former = undefined;
    return this.#former;
  }

  #full(members: number): void {
    const { engine } = this.#view;
    const message =
      `the ring is full: all of its 2**${engine.k} = ${engine.size} positions are taken by ${members}` +
      ' members; this node goes on as a client';
    this.#finish({ code: 'ERR_RING_FULL', message });
  }

  /** Reads the lists of members one after another until the walk is round the ring. */
  #walk(from: Contact | undefined): void {
    const start = from ?? this.#view.table.origin;
    if (this.#ended) return;
    if (start === undefined) return this.#alone();
    if (from === undefined) this.#survey.clear();
    this.#view.engine.call(start, reading(start, 0), (answer) => {
      if (this.#ended) return;
      if (answer.type !== 'reply' || answer.body.type !== 'neighbourhood-is') return this.#retry(answer.type);
      if (answer.body.state !== 'full') return this.#retry(answer.body.state);
      const { successors } = answer.body.neighbourhood;
      const before = this.#survey.count;
      this.#survey.seeInOrder([start, ...successors]);
      const last = successors.at(-1);
      this.#whole =
        last === undefined || this.#survey.count === before || this.#survey.count >= this.#view.engine.size;
      if (this.#whole || last === undefined) this.#choose();
      else this.#walk(last);
    });
  }

  /** Finds the member before the chosen position, and copies its list. */
  #approach(salt: number, planned: number): void {
    const { engine, membership } = this.#view;
    const self = withSalt(engine.self, salt, engine.hash, engine.k);
    const predecessor = this.#survey.nearestBefore(self.position);
    if (predecessor === undefined) return this.#retry('nobody before the position');
    engine.call(predecessor, reading(predecessor, 0), (answer) => {
      if (this.#ended) return;
      if (answer.type !== 'reply' || answer.body.type !== 'neighbourhood-is') {
        return this.#retry(answer.type, predecessor);
      }
      const { state, neighbourhood } = answer.body;
      if (state === 'not-a-member') return this.#retry(state, predecessor);
      if (state !== 'full') return this.#retry(state);
      // A former life of this node may still be on the list: it is replaced, and does not stand in the way.
      const successors = neighbourhood.successors.filter(({ id }) => id !== self.id);
      const its = { ...neighbourhood, successors };
      const joined = ring.joined(self, predecessor, its, membership.rules);
      this.#survey.seeInOrder([predecessor, ...neighbourhood.successors]);
      // A nearer member stands before the position, or on it.
      if (joined === undefined) return this.#again();
      if (this.#isPoor(joined, planned)) return this.#again();
      this.#admit(joined);
    });
  }

  /**
   * Whether somebody has split the arc since it was chosen, so that little of it is left. Without this look,
   * members that join at the same time crowd into the same widest arcs.
   */
  #isPoor({ self, predecessor, successors }: ring.RingState, planned: number): boolean {
    const { size } = this.#view.engine;
    const behind = successors[0];
    if (predecessor === undefined || behind === undefined || this.#revisions === REVISIONS_MAX) return false;
    const before = distance(predecessor.position, self.position, size);
    if (Math.min(before, distance(self.position, behind.position, size)) >= SPLIT_KEPT * planned)
      return false;
    this.#revisions += 1;
    return true;
  }

  /** The member behind decides: of two joiners at one place, it takes the first. */
  #admit(state: ring.RingState): void {
    const { engine, membership } = this.#view;
    const successor = state.successors[0];
    if (successor === undefined) return this.#retry('no successor');
    engine.call(successor, { type: 'notify', self: state.self }, (answer) => {
      if (this.#ended) return;
      if (answer.type !== 'reply' || answer.body.type !== 'notified')
        return this.#retry(answer.type, successor);
      const { outcome, predecessor, successors } = answer.body;
      if (outcome === 'adopted' || outcome === 'known') {
        membership.enter(ring.admitted(state, successor, successors, membership.rules));
        for (const contact of [state.predecessor, successor]) {
          if (contact !== undefined) membership.introduce(contact, [state.self]);
        }
        return this.#finish(undefined);
      }
      if (outcome === 'not-a-member') return this.#retry(outcome, successor);
      if (predecessor !== undefined) this.#survey.seeInOrder([predecessor, successor]);
      if (predecessor !== undefined || outcome === 'taken') return this.#again();
      this.#retry(outcome);
    });
  }

  #attempt(): boolean {
    this.#attempts += 1;
    if (this.#attempts <= ATTEMPTS_MAX) return true;
    this.#finish({
      code: 'ERR_TIMEOUT',
      message: `joining failed ${ATTEMPTS_MAX} times: the ring changed each time`,
    });
    return false;
  }

  /**
   * Somebody took the position: another one is chosen from what is known now. Where that happens again and
   * again, others are at it too, or few positions are free: after a moment the ring is looked at afresh, and
   * wholly where it has so few positions that it may be nearly full.
   */
  #again(): void {
    if (!this.#attempt()) return;
    if (this.#attempts % ATTEMPTS_IN_A_ROW !== 0) return this.#choose();
    const small = this.#view.engine.size <= WALKED_SIZE_MAX;
    this.#pause(() => (small ? this.#walk(undefined) : this.#refresh()));
  }

  /** The ring was in motion, or a member did not answer: looks afresh after a moment. */
  #retry(reason: string, without?: Contact): void {
    if (this.#ended || !this.#attempt()) return;
    const { engine, table } = this.#view;
    if (without !== undefined && (reason === 'unreachable' || reason === 'not-a-member'))
      table.forget(without.id);
    if (engine.now >= this.#deadline) {
      return this.#finish({ code: 'ERR_TIMEOUT', message: `joining did not end in time (last: ${reason})` });
    }
    this.#pause(() => this.#refresh());
  }

  /** Longer with each time, so that of many that want the same few places each gets a turn. */
  #pause(action: () => void): void {
    const { engine } = this.#view;
    this.#pauses += 1;
    const pauseMs = engine.profile.stabiliseEagerMs * Math.min(2 * this.#pauses, PAUSE_TURNS_MAX);
    engine.after(engine.random.around(pauseMs, 0.5), action);
  }

  /** The contact's tables may have changed since they were given. */
  #refresh(): void {
    const { engine, table } = this.#view;
    const origin = table.origin;
    if (this.#ended) return;
    if (origin === undefined) return this.#alone();
    engine.call(origin, { type: 'tables', known: 0 }, (answer) => {
      if (this.#ended) return;
      if (answer.type === 'reply' && answer.body.type === 'tables-are') {
        if (answer.body.tables !== undefined) table.setTables(answer.body.tables);
        return this.#dialledBack ? this.#look() : this.#dialBack(origin);
      }
      this.#retry(answer.type, origin);
    });
  }
}
