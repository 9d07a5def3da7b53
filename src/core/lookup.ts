// Lookup: finds the owner of a position and puts one question to it, hop by hop from the asker (iterative,
// ToN 2003). It owns the choice of the next member to ask, its time-outs, hedges and repeats, and the
// record of what was asked. In an ideal ring it takes at most k requests: each finger hop clears the top
// bit of the distance to the position's predecessor, at most k - 1 times, and one request goes to the owner
// (docs/PROTOCOL.md, "Lookup").
import type { Contact } from './contact.ts';
import type { Cost, Failure, Hop } from './effect.ts';
import type { Answer, Engine } from './engine.ts';
import type { Reply, Request } from './message.ts';
import { arcLength } from './position.ts';
import type { RoutingTable } from './routing-table.ts';
import type { Timer } from './timers.ts';

/** The question for the owner. */
export interface Goal {
  readonly position: number;
  /** What to ask; `budgetMs` is the time that is left. */
  request(budgetMs: number): Request;
  /** Answers it here where this node owns the position, and returns true; returns false where it does not. */
  here(respond: (reply: Reply) => void): boolean;
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

/**
 * What only a lookup needs that does not reach the owner at once. Made when first needed, because each field
 * costs something where an operation is a matter of microseconds.
 */
class Detour {
  tried: Set<string> | undefined;
  /** Undefined until our own tables have been asked for more than the owner. */
  candidates: Contact[] | undefined;
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
  #firstTried = '';
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
    this.#firstTried = '';
    if (this.#detour !== undefined) {
      this.#detour.tried = undefined;
      this.#detour.candidates = undefined;
    }
    this.#owner = undefined;
    this.#steps = 0;
    if (this.#goal.here((reply) => this.#answer(this.#engine.self, reply, 0))) return;
    const owner = this.#table.ownerOf(this.#goal.position);
    if (owner !== undefined && owner.id !== this.#engine.self.id) this.#owner = owner;
    this.#next();
  }

  /** Members on the way there, from our own tables at first. */
  #ways(): Contact[] {
    const detour = this.#more;
    if (detour.candidates === undefined) {
      detour.candidates = [];
      for (const contact of this.#table.preceding(this.#goal.position)) this.#consider(contact);
    }
    return detour.candidates;
  }

  #consider(contact: Contact): void {
    if (contact.id === this.#engine.self.id || this.#hasTried(contact)) return;
    const ways = this.#ways();
    if (!ways.some((candidate) => candidate.id === contact.id)) ways.push(contact);
  }

  #hasTried(contact: Contact): boolean {
    return contact.id === this.#firstTried || (this.#detour?.tried?.has(contact.id) ?? false);
  }

  #next(): void {
    if (this.#ended || this.#atOwner) return;
    const owner = this.#owner;
    // Somebody believes that we own it: the ring is in motion.
    if (owner?.id === this.#engine.self.id) return this.#again();
    if (owner !== undefined && !this.#hasTried(owner)) return this.#askOwner(owner);
    const candidate = this.#steps < HOPS_MAX ? this.#nearest() : undefined;
    if (candidate !== undefined) return this.#askCloser(candidate);
    if (this.#callCount === 0) this.#again();
  }

  /** The untried candidate nearest to the position, clockwise before it; suspected ones last. */
  #nearest(): Contact | undefined {
    let best: Contact | undefined;
    let bestRank = Infinity;
    for (const contact of this.#ways()) {
      if (this.#hasTried(contact)) continue;
      const { size, peers } = this.#engine;
      const offset = arcLength({ from: contact.position, to: this.#goal.position }, size);
      const rank = offset + (peers.isSuspected(contact.id) ? size : 0);
      if (rank < bestRank) [best, bestRank] = [contact, rank];
    }
    return best;
  }

  #askOwner(owner: Contact): void {
    const engine = this.#engine;
    this.#try(owner);
    this.#atOwner = true;
    this.#count();
    const budgetMs = Math.max(1, Math.floor(this.#goal.deadline - engine.now));
    const request = this.#goal.request(budgetMs);
    this.#ask(owner, request, engine.profile.requestMaxMs, (answer) => this.#ownerAnswer(owner, answer));
  }

  #askCloser(candidate: Contact): void {
    const engine = this.#engine;
    this.#try(candidate);
    this.#count();
    const { position, followers = true } = this.#goal;
    const request: Request = { type: 'find', position, followers };
    this.#ask(candidate, request, undefined, (answer) => this.#closerAnswer(candidate, answer));
    // A slow hop is not waited for: the next best is asked as well. Finding changes nothing, so asking
    // twice is harmless.
    engine.cancelTimer(this.#detour?.hedge);
    this.#more.hedge = engine.after(engine.peers.hedgeMs(candidate.id), () => {
      if (this.#ended || this.#callCount !== 1 || this.#nearest() === undefined) return;
      this.#more.hedging = true;
      this.#next();
      this.#more.hedging = false;
    });
  }

  #count(): void {
    this.#steps += 1;
    if (this.#detour?.hedging === true) this.#detour.hedges += 1;
    else if ((this.#detour?.round ?? 0) === 0) this.#requests += 1;
    else this.#more.retries += 1;
  }

  #try(contact: Contact): void {
    if (this.#firstTried === '') {
      this.#firstTried = contact.id;
    } else {
      this.#more.tried ??= new Set();
      this.#more.tried.add(contact.id);
    }
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
    this.#takeContacts(owner, contacts);
    for (const contact of [...contacts, ...followers]) this.#table.observe(contact);
    this.#next();
  }

  #takeContacts(owner: boolean, contacts: readonly Contact[]): void {
    const first = contacts[0];
    if (owner && first !== undefined) {
      this.#owner = first;
      return;
    }
    for (const contact of contacts) this.#consider(contact);
  }

  #ownerAnswer(owner: Contact, answer: Answer): void {
    this.#atOwner = false;
    if (answer.type !== 'reply') {
      this.#missed(owner, answer);
      this.#table.learned.forget(owner.id);
      return this.#again();
    }
    this.#answer(owner, answer.body, answer.ms);
  }

  #answer(owner: Contact, reply: Reply, ms: number): void {
    if (this.#ended) return;
    if (reply.type === 'redirect') {
      this.#record(owner, ms, 'redirect');
      this.#table.learned.forget(owner.id);
      if (reply.arc.to === owner.position) this.#table.learned.learn(reply.arc, owner);
      for (const contact of reply.contacts) this.#table.observe(contact);
      this.#owner = undefined;
      this.#takeContacts(reply.owner, reply.contacts);
      return this.#next();
    }
    if (reply.type === 'failed' && reply.code === 'BUSY') {
      this.#record(owner, ms, 'busy');
      this.#more.trouble = { code: 'ERR_TIMEOUT', message: reply.message };
      return this.#again();
    }
    this.#record(owner, ms, 'answer');
    if ('arc' in reply && owner.id !== this.#engine.self.id) this.#table.learned.learn(reply.arc, owner);
    if (reply.type === 'failed') return this.#fail({ code: reply.code, message: reply.message });
    this.#finish(reply, undefined, owner);
  }

  #missed(contact: Contact, answer: Answer): void {
    const outcome = answer.type === 'unreachable' ? 'unreachable' : 'timeout';
    this.#record(contact, answer.ms, outcome);
    this.#more.trouble = {
      code: answer.type === 'unreachable' ? 'ERR_UNREACHABLE' : 'ERR_TIMEOUT',
      message: `${contact.host}:${contact.port} (position ${contact.position}) did not answer`,
    };
  }

  /** Nobody is left to ask, or the owner was not ready: the ring gets a moment, then it starts afresh. */
  #again(): void {
    const engine = this.#engine;
    const detour = this.#more;
    if (this.#ended || detour.pause?.action !== undefined) return;
    detour.round += 1;
    const backoff = engine.profile.retryMs * 2 ** Math.min(detour.round - 1, 4);
    detour.pause = engine.after(engine.random.around(backoff), () => this.#start());
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
