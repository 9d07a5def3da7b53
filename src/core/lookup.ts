// Lookup: finds the owner of a position and puts one question to it, hop by hop from the asker (iterative,
// ToN 2003). It owns the choice of the next member to ask, its time-outs, hedges and repeats, and the
// record of what was asked. In an ideal ring it takes at most k requests: each finger hop clears the top
// bit of the distance to the position's predecessor, at most k - 1 times, and one request goes to the owner
// (docs/PROTOCOL.md, "Lookup").
import type { Contact } from './contact.ts';
import type { Cost, Failure, Hop } from './effect.ts';
import type { Answer, Engine } from './engine.ts';
import type { Reply, Request } from './message.ts';
import type { RoutingTable } from './routing-table.ts';
import type { Timer } from './timers.ts';
import { Way } from './way.ts';

/** The question for the owner. */
export interface Goal {
  readonly position: number;
  /** What to ask; `budgetMs` is the time that is left. */
  request(budgetMs: number): Request;
  /** Answers it here where this node owns the position, and returns true; returns false where it does not. */
  here(respond: (reply: Reply) => void): boolean;
  /** Who was asked has said that nothing was done. */
  undone?: (() => void) | undefined;
  /** Monotonic milliseconds when it ends, whatever happens. */
  readonly deadline: number;
  /** Whether to hear what follows the owner as well; default true. */
  readonly followers?: boolean;
}

export interface LookupResult {
  /** The owner's answer, or why there is none. */
  readonly reply: Reply | undefined;
  readonly failure: Failure | undefined;
  readonly owner: Contact;
  readonly cost: Cost;
  readonly hops: readonly Hop[];
}

/**
 * Questions a lookup may send before it starts afresh from its own tables: far above k, it ends loops of
 * stale tables.
 */
const HOPS_MAX = 128;
/** Every so many passes the way is looked for afresh, in case the member waited for is not the heir. */
const WAITING_PASSES = 4;

/**
 * What only a lookup needs that does not reach the owner at once. Made when first needed, because each field
 * costs something where an operation is a matter of microseconds.
 */
class Detour {
  way: Way | undefined;
  /** Was named as the owner and is not: it may be soon. */
  disputed: Contact | undefined;
  /** Requests under way beside the first. */
  otherCalls: Set<number> | undefined;
  hedges = 0;
  retries = 0;
  hedging = false;
  round = 0;
  trouble: Failure | undefined;
  pause: Timer | undefined;
  hedge: Timer | undefined;
}

export class Lookup {
  readonly #engine: Engine;
  readonly #table: RoutingTable;
  readonly #goal: Goal;
  readonly #done: (result: LookupResult) => void;
  readonly #startedAt: number;
  /** The first request under way; those beside it are in the detour. */
  #call = 0;
  #owner: Contact | undefined;
  #requests = 0;
  #steps = 0;
  /** The owner's answer is awaited: nobody else is asked meanwhile. */
  #atOwner = false;
  #ended = false;
  #hops: Hop[] | undefined;
  #detour: Detour | undefined;
  readonly #deadlineTimer: Timer;

  constructor(engine: Engine, table: RoutingTable, goal: Goal, done: (result: LookupResult) => void) {
    this.#engine = engine;
    this.#table = table;
    this.#goal = goal;
    this.#done = done;
    this.#startedAt = engine.now;
    this.#deadlineTimer = engine.after(goal.deadline - engine.now, () => this.#fail(this.#lateness()));
    this.#start();
  }

  cancel(): void {
    this.#ended = true;
    const engine = this.#engine;
    if (this.#call !== 0) engine.abandon(this.#call);
    engine.cancelTimer(this.#deadlineTimer);
    const detour = this.#detour;
    if (detour === undefined) return;
    for (const number of detour.otherCalls ?? []) engine.abandon(number);
    engine.cancelTimer(detour.pause);
    engine.cancelTimer(detour.hedge);
  }

  get #more(): Detour {
    this.#detour ??= new Detour();
    return this.#detour;
  }

  #start(): void {
    this.#steps = 0;
    if (this.#detour !== undefined) this.#detour.disputed = undefined;
    if (this.#goal.here((reply) => this.#answer(this.#engine.self, reply, 0))) return;
    const owner = this.#table.ownerOf(this.#goal.position);
    const known = owner !== undefined && owner.id !== this.#engine.self.id ? owner : undefined;
    this.#owner = known;
    if (known !== undefined && this.#detour?.way === undefined) return this.#askOwner(known);
    const way = this.#found();
    way.begin();
    if (known !== undefined) way.inherit([known, ...this.#table.following(known)]);
    this.#next();
  }

  /** What is known of the way, from our own tables at first. */
  #found(): Way {
    return (this.#more.way ??= new Way(this.#engine, this.#table, this.#goal.position));
  }

  #next(): void {
    if (this.#ended || this.#atOwner) return;
    const way = this.#found();
    const owner = way.heir();
    this.#owner = owner;
    // We are the heir, and own it as soon as the member before us has noticed.
    if (owner?.id === this.#engine.self.id) return this.#again(owner);
    if (owner !== undefined) {
      if (!way.hasTried(owner)) return this.#askOwner(owner);
      // Named again after it has said that it is not the owner yet: those farther away know no better.
      if (owner.id === this.#more.disputed?.id) way.narrow();
    }
    const candidate = this.#steps < HOPS_MAX ? way.nearest() : undefined;
    if (candidate === undefined) {
      if (this.#callCount === 0) this.#again(this.#more.disputed);
    } else if (way.hasAnswered(candidate)) {
      this.#askTables(candidate);
    } else {
      this.#askCloser(candidate);
    }
  }

  #askOwner(owner: Contact): void {
    const engine = this.#engine;
    this.#detour?.way?.try(owner);
    this.#atOwner = true;
    this.#count();
    const budgetMs = Math.max(1, Math.floor(this.#goal.deadline - engine.now));
    const request = this.#goal.request(budgetMs);
    this.#ask(owner, request, engine.profile.requestMaxMs, (answer) => this.#ownerAnswer(owner, answer));
  }

  #askCloser(candidate: Contact): void {
    const engine = this.#engine;
    this.#found().try(candidate);
    this.#count();
    const { position, followers = true } = this.#goal;
    const request: Request = { type: 'find', position, followers };
    this.#ask(candidate, request, undefined, (answer) => this.#closerAnswer(candidate, answer));
    // A slow hop is not waited for: the next best is asked as well. Finding changes nothing, so asking
    // twice is harmless.
    engine.cancelTimer(this.#detour?.hedge);
    this.#more.hedge = engine.after(engine.peers.hedgeMs(candidate.id), () => {
      const way = this.#found();
      const other = way.nearest();
      if (this.#ended || this.#callCount !== 1 || other === undefined) return;
      // Whoever is suspected, or has answered, can wait until this one is known to be silent.
      if (way.hasAnswered(other) || engine.peers.isSuspected(other.id)) return;
      this.#more.hedging = true;
      this.#next();
      this.#more.hedging = false;
    });
  }

  /** All that a member knows, where none of the few that it named has answered. */
  #askTables(candidate: Contact): void {
    const way = this.#found();
    way.show(candidate);
    this.#count();
    this.#ask(candidate, { type: 'tables', known: 0 }, undefined, (answer) => {
      if (answer.type !== 'reply') this.#missed(candidate, answer);
      else if (answer.body.type === 'tables-are' && answer.body.tables !== undefined) {
        way.take(answer.body.tables);
      }
      this.#next();
    });
  }

  #count(): void {
    this.#steps += 1;
    if (this.#detour?.hedging === true) this.#detour.hedges += 1;
    else if ((this.#detour?.round ?? 0) === 0) this.#requests += 1;
    else this.#more.retries += 1;
  }

  get #callCount(): number {
    return (this.#call === 0 ? 0 : 1) + (this.#detour?.otherCalls?.size ?? 0);
  }

  #ask(to: Contact, request: Request, timeoutMs: number | undefined, done: (answer: Answer) => void): void {
    const number = this.#engine.call(
      to,
      request,
      (answer) => {
        if (this.#call === number) this.#call = 0;
        else this.#detour?.otherCalls?.delete(number);
        if (!this.#ended) done(answer);
      },
      timeoutMs,
    );
    if (this.#call === 0) {
      this.#call = number;
    } else {
      this.#more.otherCalls ??= new Set();
      this.#more.otherCalls.add(number);
    }
  }

  #closerAnswer(candidate: Contact, answer: Answer): void {
    this.#engine.cancelTimer(this.#detour?.hedge);
    if (answer.type !== 'reply' || answer.body.type !== 'found') {
      this.#missed(candidate, answer);
      return this.#next();
    }
    const { arc, owner, contacts, followers } = answer.body;
    this.#record(candidate, answer.ms, owner ? 'owner' : 'closer');
    // A client answers with no arc of its own.
    if (arc.to === candidate.position) this.#table.learned.learn(arc, candidate);
    this.#found().answered(candidate);
    this.#take(candidate, owner, contacts, followers);
    for (const contact of [...contacts, ...followers]) this.#table.observe(contact);
    this.#next();
  }

  #take(namer: Contact, owner: boolean, contacts: readonly Contact[], followers: readonly Contact[]): void {
    const way = this.#found();
    if (owner && contacts.length > 0) way.inherit([...contacts, ...followers], namer);
    else way.consider(contacts, namer);
  }

  #ownerAnswer(owner: Contact, answer: Answer): void {
    this.#atOwner = false;
    if (answer.type !== 'reply') {
      this.#engaged(owner);
      this.#missed(owner, answer);
      this.#table.learned.forget(owner.id);
      return this.#next();
    }
    this.#answer(owner, answer.body, answer.ms);
  }

  #answer(owner: Contact, reply: Reply, ms: number): void {
    if (this.#ended) return;
    const isBusy = reply.type === 'failed' && reply.code === 'BUSY';
    if (reply.type === 'redirect' || isBusy) this.#goal.undone?.();
    if (reply.type === 'redirect') return this.#redirected(owner, reply, ms);
    if (reply.type === 'failed' && (isBusy || reply.code === 'UNKNOWN')) {
      this.#record(owner, ms, 'busy');
      this.#more.trouble = { code: 'ERR_TIMEOUT', message: reply.message };
      return this.#again();
    }
    this.#record(owner, ms, 'answer');
    if ('arc' in reply && owner.id !== this.#engine.self.id) this.#table.learned.learn(reply.arc, owner);
    if (reply.type === 'failed') return this.#fail({ code: reply.code, message: reply.message });
    this.#finish(reply, undefined, owner);
  }

  /** The owner that our own tables named does not answer as one: from now on there is a way to find. */
  #engaged(owner: Contact): Way {
    const known = this.#detour?.way;
    if (known !== undefined) return known;
    const way = this.#found();
    way.inherit([owner, ...this.#table.following(owner)]);
    way.try(owner);
    return way;
  }

  #redirected(owner: Contact, reply: Extract<Reply, { type: 'redirect' }>, ms: number): void {
    const way = this.#engaged(owner);
    this.#record(owner, ms, 'redirect');
    this.#table.learned.forget(owner.id);
    if (reply.arc.to === owner.position) this.#table.learned.learn(reply.arc, owner);
    for (const contact of reply.contacts) this.#table.observe(contact);
    way.dispute();
    this.#take(owner, reply.owner, reply.contacts, []);
    this.#more.disputed = owner;
    this.#next();
  }

  #missed(contact: Contact, answer: Answer): void {
    this.#found().silence(contact);
    const outcome = answer.type === 'unreachable' ? 'unreachable' : 'timeout';
    this.#record(contact, answer.ms, outcome);
    this.#more.trouble = {
      code: answer.type === 'unreachable' ? 'ERR_UNREACHABLE' : 'ERR_TIMEOUT',
      message: `${contact.host}:${contact.port} (position ${contact.position}) did not answer`,
    };
  }

  /**
   * Nobody is left to ask, or the owner was not ready: the ring gets a moment, then it starts afresh; or
   * from the heir, where that is known.
   */
  #again(heir?: Contact): void {
    const engine = this.#engine;
    const detour = this.#more;
    if (this.#ended || detour.pause?.action !== undefined) return;
    detour.round += 1;
    const backoff = engine.profile.retryMs * 2 ** Math.min(detour.round - 1, 4);
    detour.way?.age();
    detour.pause = engine.after(engine.random.around(backoff), () => {
      if (heir === undefined || detour.round % WAITING_PASSES === 0) return this.#start();
      if (this.#goal.here((reply) => this.#answer(engine.self, reply, 0))) return;
      detour.way?.await(heir);
      this.#next();
    });
  }

  #record(peer: Contact, ms: number, outcome: Hop['outcome']): void {
    this.#hops ??= [];
    if (this.#hops.length < HOPS_MAX) this.#hops.push({ peer, ms, outcome });
  }

  #lateness(): Failure {
    const waited = Math.round(this.#engine.now - this.#startedAt);
    const { position } = this.#goal;
    const cause = this.#detour?.trouble;
    return {
      code: cause?.code ?? 'ERR_TIMEOUT',
      message:
        `the owner of position ${position} did not answer within ${waited} ms` +
        (cause === undefined ? '' : `: ${cause.message}`),
    };
  }

  #fail(failure: Failure): void {
    this.#finish(undefined, failure, this.#owner ?? this.#engine.self);
  }

  #finish(reply: Reply | undefined, failure: Failure | undefined, owner: Contact): void {
    if (this.#ended) return;
    this.cancel();
    const cost: Cost = {
      requests: this.#requests,
      hedges: this.#detour?.hedges ?? 0,
      retries: this.#detour?.retries ?? 0,
      ms: this.#engine.now - this.#startedAt,
    };
    this.#done({ reply, failure, owner, cost, hops: this.#hops ?? [] });
  }
}
