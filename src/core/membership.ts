// Membership: this node's place in the ring: it runs the rules of ring.ts over requests and time. It owns
// the ring state, the maintenance loop and the answers to other members' maintenance; how a node becomes a
// member is in joining.ts, how it stops being one in leaving.ts, who is dead in failure-detector.ts.
import { announce } from './announcement.ts';
import type { Contact } from './contact.ts';
import { sameContact } from './contact.ts';
import type { Engine } from './engine.ts';
import { FailureDetector } from './failure-detector.ts';
import type { Neighbourhood, Reply } from './message.ts';
import type { Arc } from './position.ts';
import { between } from './position.ts';
import { digest, reading, sameContacts } from './neighbourhood.ts';
import { RingClock } from './ring-clock.ts';
import { LastRead, Told, withoutList } from './readings.ts';
import type { RingRules, RingState, RingStep } from './ring.ts';
import * as ring from './ring.ts';
import type { RoutingTable } from './routing-table.ts';
import type { Timer } from './timers.ts';
import { Vigil } from './vigil.ts';

/** Who wants to know what happens to the ring. */
export interface MembershipObserver {
  /** The arc, or the successors that keep copies, changed. */
  neighboursChanged(): void;
  /** A member is dead (`left` false: it may come back), or is no member any more. */
  gone(contact: Contact, left: boolean): void;
  /** Another member stands on our position and stays; we must move. */
  displaced(by: Contact): void;
}

export class Membership {
  readonly detector: FailureDetector;
  readonly vigil: Vigil;
  readonly clock: RingClock;
  readonly #engine: Engine;
  readonly #table: RoutingTable;
  readonly #rules: RingRules;
  readonly #observer: MembershipObserver;
  #state: RingState | undefined;
  #digest = 0;
  readonly #told = new Told();
  readonly #lastRead = new LastRead();
  /** Who has read us as its predecessor would, at our present place. */
  #readBy = '';
  #loop: Timer | undefined;
  #eagerAt = -Infinity;
  #colliding = false;
  #passedOnAt = -Infinity;

  constructor(engine: Engine, table: RoutingTable, observer: MembershipObserver) {
    this.#engine = engine;
    this.#table = table;
    this.#observer = observer;
    this.#rules = { listMax: engine.limits.successors, size: engine.size };
    this.detector = new FailureDetector(engine, {
      contactOf: (id) => this.#contactOf(id),
      neighbours: () => this.#neighbours(),
      suspected: (contact) => this.vigil.lookAround(contact),
      dead: (contact) => this.drop(contact, false),
    });
    this.vigil = new Vigil(engine, {
      neighbourhood: () => this.neighbourhood,
      isSuspected: (id) => this.detector.isSuspected(id),
    });
    this.clock = new RingClock(engine, () => table.contacts(), engine.clockSkewMaxMs);
  }

  get rules(): RingRules {
    return this.#rules;
  }

  get neighbourhood(): Neighbourhood {
    return this.#state ?? { predecessor: undefined, successors: [] };
  }

  /** The arc that the ring gives us; undefined for a client, and while the predecessor is unknown. */
  get arc(): Arc | undefined {
    const state = this.#state;
    if (state === undefined) return undefined;
    if (state.predecessor !== undefined) return { from: state.predecessor.position, to: state.self.position };
    return state.successors.length === 0 ? { from: state.self.position, to: state.self.position } : undefined;
  }

  /**
   * Becomes a member in this state, which join or a ring of one has made.
   */
  enter(state: RingState): void {
    const engine = this.#engine;
    engine.self = state.self;
    engine.member = true;
    this.vigil.begin();
    this.clock.begin();
    this.#readBy = '';
    this.#set({ state });
    engine.event({ type: 'self', self: state.self, member: true });
    this.announce();
    this.#schedule(engine.profile.stabiliseEagerMs);
  }

  /** Stops being a member; who points to us is told by leaving.ts. */
  exit(): void {
    this.#engine.member = false;
    this.#engine.cancelTimer(this.#loop);
    this.#loop = undefined;
    this.#state = undefined;
    this.#lastRead.forget();
    this.#engine.event({ type: 'self', self: this.#engine.self, member: false });
  }

  /** Stabilises soon, because something has changed; at most once in stabiliseEagerMs. */
  hurry(): void {
    if (this.#state === undefined) return;
    const { now, profile } = this.#engine;
    this.#schedule(Math.max(0, this.#eagerAt + profile.stabiliseEagerMs - now));
  }

  /** A member has said itself where it is now: what pointed to its former place is void. */
  moved(contact: Contact): void {
    const known = this.#contactOf(contact.id);
    if (known === undefined || known.position === contact.position) return;
    this.#table.forget(contact.id);
    if (this.#state !== undefined) this.#apply(ring.dropped(this.#state, contact.id));
  }

  /** A member is dead or no member any more: nothing points to it from now on. */
  drop(contact: Contact, left: boolean): void {
    this.#table.forget(contact.id);
    if (this.#state !== undefined) this.#apply(ring.dropped(this.#state, contact.id));
    this.#observer.gone(contact, left);
  }

  handleNeighbourhood(from: string, position: number, known: number): Reply {
    const state = this.#state;
    if (state?.self.position !== position) return withoutList('not-a-member');
    if (state.waiting !== undefined) return withoutList('pending');
    if (from === state.predecessor?.id) this.#readBy = from;
    if (known === this.#digest) return withoutList('same');
    return this.#told.answer(state, this.#digest, known);
  }

  /**
   * The last connection to a node is gone. Between direct neighbours something is said at every turn, so this
   * is a reason to worry; others close what they do not use, and are found dead when they are needed.
   */
  disconnected(id: string): void {
    const state = this.#state;
    if (state?.predecessor?.id === id || state?.successors[0]?.id === id) this.detector.suspect(id);
  }

  handleNotify(notifier: Contact): Reply {
    const state = this.#state;
    if (state === undefined || notifier.id === this.#engine.self.id) {
      return { type: 'notified', outcome: 'not-a-member', predecessor: undefined, successors: [] };
    }
    const former = state.predecessor;
    const { state: next, outcome } = ring.notified(state, notifier);
    if (outcome === 'adopted') return this.#adoptPredecessor(next, notifier, former);
    if (outcome === 'known') this.vigil.heard(notifier.id);
    if (outcome === 'taken') this.collide(notifier);
    if (outcome === 'contested' && former !== undefined) this.#contest(former, notifier);
    const reported = outcome === 'contested' ? 'passed' : outcome;
    const successors = outcome === 'known' ? ring.followers(state) : [];
    return { type: 'notified', outcome: reported, predecessor: former, successors };
  }

  #adoptPredecessor(next: RingState, notifier: Contact, former: Contact | undefined): Reply {
    this.#set({ state: next });
    this.vigil.heard(notifier.id);
    // The former predecessor hears of the new one at once (ToN 2003, section V-A), rather than at its next
    // turn.
    if (former !== undefined) this.introduce(former, [notifier]);
    const successors = ring.followers(next);
    return { type: 'notified', outcome: 'adopted', predecessor: former, successors };
  }

  /** Rectify: the notifier is not nearer, so it counts only if the present predecessor is dead. */
  #contest(predecessor: Contact, notifier: Contact): void {
    const present = this.#state;
    if (present !== undefined && this.#table.isBuried(predecessor)) {
      return this.#set({ state: ring.replaced(present, notifier) });
    }
    this.#engine.call(predecessor, reading(predecessor, 0), (answer) => {
      const state = this.#state;
      if (state?.predecessor?.id !== predecessor.id) return;
      const alive = answer.type === 'reply' && answer.body.type === 'neighbourhood-is';
      if (alive && answer.body.state !== 'not-a-member') return;
      if (answer.type === 'silence' && this.vigil.silentMs < this.#engine.profile.evictAfterMs) return;
      this.#set({ state: ring.replaced(state, notifier) });
    });
  }

  /**
   * Members that live, by somebody's word: taken up where they are nearer, else passed on to where they
   * belong.
   */
  handleIntroduce(from: string, contacts: readonly Contact[]): void {
    const speaker = contacts.length === 0 ? this.#contactOf(from) : undefined;
    const named = speaker === undefined ? contacts : [speaker];
    const { origin } = this.#table;
    // A client may be the only one that knows of two rings.
    if (this.#state === undefined && origin !== undefined && named.length > 0 && origin.id !== from) {
      return this.#passOn(origin, named);
    }
    for (const contact of named) {
      const state = this.#state;
      if (state === undefined || contact.id === this.#engine.self.id) continue;
      if (contact.position === state.self.position) {
        this.collide(contact);
      } else if (contact.id === state.successors[0]?.id && sameContact(contact, state.successors[0])) {
        // By its own word it has news; by another's, we are only told what we know.
        if (from === contact.id || from === '') this.hurry();
      } else {
        this.#consider(state, contact, from);
      }
    }
  }

  /** Once in a period: clients may take each other for members, and pass it round in a circle. */
  #passOn(home: Contact, contacts: readonly Contact[]): void {
    const { now, profile } = this.#engine;
    if (now - this.#passedOnAt < profile.stabiliseMs) return;
    this.#passedOnAt = now;
    this.introduce(home, contacts);
  }

  #consider(state: RingState, contact: Contact, from: string): void {
    const head = state.successors[0];
    const ours = head === undefined || head.id === contact.id;
    if (ours || between(state.self.position, contact.position, head.position)) {
      // While an answer is awaited, the candidate waits for the next turn.
      if (state.waiting !== undefined) {
        this.#engine.after(this.#engine.profile.stabiliseEagerMs, () =>
          this.handleIntroduce(from, [contact]),
        );
        return;
      }
      return this.#apply(ring.considered(state, contact));
    }
    // It belongs elsewhere: towards its predecessor. Every step is nearer to it, so the way ends.
    const next = head.position === contact.position ? head : this.#table.closestPreceding(contact.position);
    if (next === undefined || next.id === contact.id || next.id === from) return;
    this.introduce(next, [contact]);
  }

  /** Without contacts: of ourselves, to somebody who knows us. */
  introduce(to: Contact, contacts: readonly Contact[]): void {
    const itself = contacts.length > 0 && contacts.every((contact) => contact.id === to.id);
    if (itself || to.id === this.#engine.self.id) return;
    this.#engine.call(to, { type: 'introduce', contacts }, () => {});
  }

  /** A neighbour, or any member, is leaving and says what it knows. */
  handleLeave(leaver: Contact, its: Neighbourhood): void {
    this.#table.forget(leaver.id);
    if (this.#state !== undefined) {
      // Of several that leave at once, each may still name those that have told us already.
      const successors = its.successors.filter((contact) => !this.#table.isBuried(contact));
      const { predecessor } = its;
      const before = predecessor !== undefined && this.#table.isBuried(predecessor) ? undefined : predecessor;
      this.#set({
        state: ring.departed(this.#state, leaver, { predecessor: before, successors }, this.#rules),
      });
      this.hurry();
    }
    this.#observer.gone(leaver, true);
  }

  /** Two members on one position: the larger id moves, once it has seen that the other lives. */
  collide(other: Contact): void {
    const { self } = this.#engine;
    if (other.id === self.id || this.#colliding) return;
    if (other.id > self.id) return this.introduce(other, [self]);
    this.#colliding = true;
    this.#engine.call(other, reading(other, 0), (answer) => {
      this.#colliding = false;
      if (this.#state === undefined || answer.type !== 'reply') return;
      if (answer.body.type !== 'neighbourhood-is' || answer.body.state === 'not-a-member') return;
      this.#observer.displaced(other);
    });
  }

  #schedule(ms: number): void {
    const engine = this.#engine;
    if (this.#loop !== undefined && this.#loop.action !== undefined && this.#loop.at <= engine.now + ms)
      return;
    engine.cancelTimer(this.#loop);
    this.#loop = engine.after(ms, () => this.#turn());
  }

  #turn(): void {
    const engine = this.#engine;
    if (this.#state === undefined) return;
    this.#eagerAt = engine.now;
    this.#schedule(engine.random.around(engine.profile.stabiliseMs));
    this.#apply(ring.stabilise(this.#state));
    this.vigil.watchPredecessor();
  }

  #apply(step: RingStep): void {
    this.#set(step);
    if (step.ask !== undefined) this.#ask(step.ask);
    if (step.notify !== undefined) this.#notify(step.notify);
    if (step.introduceTo !== undefined) this.introduce(step.introduceTo, step.introduced ?? []);
  }

  #set(step: RingStep): void {
    const before = this.#state;
    const after = step.state;
    this.#state = after;
    const sameHead = sameContact(before?.successors[0], after.successors[0]);
    const sameList = sameHead && sameContacts(before?.successors ?? [], after.successors);
    const samePredecessor = sameContact(before?.predecessor, after.predecessor);
    if (before !== undefined && sameList && samePredecessor) return;
    this.#digest = digest(after);
    this.#table.setNeighbours(after);
    const { predecessor, successors } = after;
    this.#engine.event({ type: 'neighbours', predecessor, successors });
    // Whoever lists us wants to know of a longer or shorter list: the news travel back along the ring, r
    // steps at most.
    if (!sameList && predecessor !== undefined) this.introduce(predecessor, this.#newsFor(predecessor));
    if (!sameHead) this.hurry();
    this.#observer.neighboursChanged();
  }

  #ask(contact: Contact): void {
    const engine = this.#engine;
    const known = this.#lastRead.digestOf(contact.id);
    engine.call(contact, reading(contact, known), (answer) => {
      const state = this.#state;
      if (state === undefined) return;
      if (answer.type !== 'reply' || answer.body.type !== 'neighbourhood-is') {
        return this.#apply(ring.postponed(state, contact));
      }
      const { body } = answer;
      if (body.state === 'not-a-member') return this.drop(contact, true);
      if (body.state === 'pending') return this.#postpone(state, contact);
      const read = this.#lastRead.take(contact, known, body, engine.size);
      if (read === undefined) return this.#apply(ring.postponed(state, contact));
      const its = this.#withoutGhost(read);
      for (const follower of its.successors) this.#table.observe(follower);
      this.#apply(ring.answered(state, contact, its, this.#rules));
    });
  }

  /** A predecessor that we have found dead is not asked again for being named: it is rectified instead. */
  #withoutGhost(its: Neighbourhood): Neighbourhood {
    const { predecessor } = its;
    const ghost = predecessor !== undefined && this.#table.isBuried(predecessor);
    return ghost ? { ...its, predecessor: undefined } : its;
  }

  /** It waits for an answer itself, perhaps for ours: both try again, not at the same moment. */
  #postpone(state: RingState, contact: Contact): void {
    const engine = this.#engine;
    const candidate = state.waiting?.step === 'candidate';
    const pauseMs = engine.random.around(engine.profile.stabiliseEagerMs, 0.5);
    this.#apply(ring.postponed(state, contact));
    if (candidate) engine.after(pauseMs, () => this.handleIntroduce('', [contact]));
    else this.#schedule(pauseMs);
  }

  #notify(contact: Contact): void {
    this.#engine.call(contact, { type: 'notify', self: this.#engine.self }, (answer) => {
      if (this.#state === undefined || answer.type !== 'reply' || answer.body.type !== 'notified') return;
      const { outcome, predecessor } = answer.body;
      if (outcome === 'not-a-member') this.drop(contact, true);
      if (outcome === 'passed' && predecessor !== undefined) {
        if (predecessor.position === this.#state.self.position) this.collide(predecessor);
        else this.#apply(ring.considered(this.#state, predecessor));
      }
    });
  }

  /** Tells every connected node what we are now. */
  announce(): void {
    announce(this.#engine);
  }

  /** What a predecessor that knows us needs to hear of us is nothing but that there is something to read. */
  #newsFor(predecessor: Contact): readonly Contact[] {
    return this.#readBy === predecessor.id ? [] : [this.#engine.self];
  }

  #contactOf(id: string): Contact | undefined {
    const state = this.#state;
    if (state?.predecessor?.id === id) return state.predecessor;
    return state?.successors.find((contact) => contact.id === id) ?? this.#table.contactOf(id);
  }

  #neighbours(): readonly Contact[] {
    const state = this.#state;
    if (state === undefined) return this.#table.contacts().slice(0, 3);
    const list = state.successors.slice(0, 3);
    if (state.predecessor !== undefined && !list.some((contact) => contact.id === state.predecessor?.id)) {
      list.push(state.predecessor);
    }
    return list;
  }
}
