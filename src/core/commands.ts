// Commands: carries out what the user asked: lookups with a question for the owner, and walks of the ring.
// Join and leave are the machine's own (machine.ts). Every command settles once: with its result, a
// failure, or not at all if cancelled.
import { firstOf } from './changes.ts';
import type {
  Command,
  ExplainResult,
  MessageCommand,
  OperateResult,
  ScanCursor,
  ScanResult,
} from './command.ts';
import type { Contact } from './contact.ts';
import type { Failure } from './effect.ts';
import type { Engine } from './engine.ts';
import type { Goal, LookupResult } from './lookup.ts';
import { Lookup } from './lookup.ts';
import type { MemberDescription, Reply, Request } from './message.ts';
import { NumberTable } from './number-table.ts';
import type { RoutingTable } from './routing-table.ts';
import type { Timer } from './timers.ts';

export interface CommandsView {
  /** Answers a question as the owner of the position; false where we are not. */
  answerHere(position: number, request: Request, respond: (reply: Reply) => void): boolean;
  describe(): MemberDescription | undefined;
}

/** What is asked of the ring; the others are the business of tenure.ts and messages.ts. */
type DictionaryCommand = Exclude<Command, MessageCommand | { type: 'join' | 'leave' }>;
type Walk = Extract<Command, { type: 'scan' }>;

export class Commands {
  readonly #engine: Engine;
  readonly #table: RoutingTable;
  readonly #view: CommandsView;
  readonly #running = new NumberTable<{ cancel(): void }>();
  #operations = 0;

  constructor(engine: Engine, table: RoutingTable, view: CommandsView) {
    this.#engine = engine;
    this.#table = table;
    this.#view = view;
  }

  start(number: number, command: DictionaryCommand, timeoutMs: number): void {
    const { limits, now } = this.#engine;
    if (this.#running.size >= limits.inFlight) {
      const message = `${limits.inFlight} operations are under way already (limits.inFlight)`;
      return this.#fail(number, { code: 'ERR_LIMIT', message });
    }
    if (!this.#engine.member && this.#table.origin === undefined) {
      const message = 'no member is connected: connect to one first, or join to start a ring';
      return this.#fail(number, { code: 'ERR_NOT_CONNECTED', message });
    }
    const deadline = now + timeoutMs;
    if (command.type === 'operate') this.#operate(number, command, deadline);
    else if (command.type === 'explain') this.#explain(number, command.key, deadline);
    else if (command.type === 'scan') this.#scan(number, command, deadline);
    else if (command.type === 'changes') this.#changes(number, command, deadline);
    else this.#ring(number, deadline);
  }

  cancel(number: number): void {
    this.#running.take(number)?.cancel();
  }

  /** Looks a position up and asks its owner, for any part of the machine. */
  lookup(goal: Goal, done: (result: LookupResult) => void): Lookup {
    return new Lookup(this.#engine, this.#table, goal, done);
  }

  #operate(number: number, command: Extract<Command, { type: 'operate' }>, deadline: number): void {
    const { key, operation, consistency } = command;
    this.#operations += 1;
    const { id, incarnation } = this.#engine.self;
    /** When it was first asked for in vain without being told that nothing was done; and the last time. */
    let [startedAt, askedAt] = [Infinity, Infinity];
    const undone = (): void => void (askedAt = Infinity);
    const operationId = operation.type === 'get' ? '' : `${id}:${incarnation}:${this.#operations}`;
    const request = (budgetMs: number): Request => {
      startedAt = Math.min(startedAt, askedAt);
      askedAt = this.#engine.now;
      const sinceMs = startedAt === Infinity ? 0 : Math.ceil(this.#engine.now - startedAt);
      return { type: 'operate', key, operation, consistency, operationId, sinceMs, budgetMs };
    };
    this.#ask(
      number,
      this.#engine.positionOf(key),
      request,
      deadline,
      (reply, { cost, hops }) => {
        if (reply.type !== 'operated') return undefined;
        return { result: reply.result, cost, hops } satisfies OperateResult;
      },
      undone,
    );
  }

  #explain(number: number, key: string, deadline: number): void {
    const position = this.#engine.positionOf(key);
    const request = (): Request => ({ type: 'locate', position });
    this.#ask(number, position, request, deadline, (reply, { owner, cost, hops }) => {
      if (reply.type !== 'located') return undefined;
      return { position, owner, replicas: reply.replicas, cost, hops } satisfies ExplainResult;
    });
  }

  #scan(number: number, command: Walk, deadline: number): void {
    const { cursor, prefix, withValues } = command;
    const { position, afterKey } = cursor;
    const request = (budgetMs: number): Request => {
      return { type: 'scan', position, afterKey, prefix, withValues, budgetMs };
    };
    this.#ask(number, position, request, deadline, (reply) => {
      if (reply.type !== 'scanned') return undefined;
      const next = reply.next === undefined ? this.#behind(reply.arc, position) : cursorAt(reply.next);
      return { entries: reply.entries, next } satisfies ScanResult;
    });
  }

  #changes(number: number, command: Extract<Command, { type: 'changes' }>, deadline: number): void {
    const waitMs = Math.floor(this.#engine.profile.requestMaxMs / 2);
    const request = (budgetMs: number): Request => ({ ...command, waitMs, budgetMs });
    const position = firstOf(command.arc, this.#engine.size);
    this.#ask(number, position, request, deadline, (reply) => (reply.type === 'changed' ? reply : undefined));
  }

  /** Where a walk goes on behind an arc; undefined where the arc reaches the last position. */
  #behind(arc: { from: number; to: number }, position: number): ScanCursor | undefined {
    const done = arc.from === arc.to || arc.to < position || arc.to + 1 >= this.#engine.size;
    return done ? undefined : { position: arc.to + 1, afterKey: undefined };
  }

  #ask(
    number: number,
    position: number,
    request: (budgetMs: number) => Request,
    deadline: number,
    read: (reply: Reply, result: LookupResult) => unknown,
    undone?: () => void,
  ): void {
    const asking = new Asking(position, deadline, request, (respond) => {
      const budgetMs = Math.max(1, deadline - this.#engine.now);
      const isHere = this.#view.answerHere(position, request(budgetMs), respond);
      if (!isHere) undone?.();
      return isHere;
    });
    asking.undone = undone;
    this.#running.add(number, asking);
    asking.lookup = this.lookup(asking, (result) => {
      this.#running.take(number);
      const { reply, failure } = result;
      if (reply === undefined) return this.#fail(number, failure ?? unexpected('no answer'), result);
      const value = read(reply, result);
      if (value === undefined) return this.#fail(number, unexpected(reply.type), result);
      this.#engine.settle(number, { ok: true, value });
    });
  }

  /** Goes from member to member along the first successors; a member that does not answer is passed over. */
  #ring(number: number, deadline: number): void {
    const walk = new RingWalk(this.#engine, this.#table, this.#view, deadline, (members, failure) => {
      this.#running.take(number);
      if (failure !== undefined) this.#fail(number, failure);
      else this.#engine.settle(number, { ok: true, value: members });
    });
    this.#running.add(number, walk);
    walk.begin();
  }

  #fail(number: number, failure: Failure, result?: LookupResult): void {
    const details = result === undefined ? failure.details : { ...failure.details, hops: result.hops };
    this.#engine.settle(number, {
      ok: false,
      failure: details === undefined ? failure : { ...failure, details },
    });
  }
}

/** A command that asks one owner; a class for the reason that is given at Timer. */
class Asking implements Goal {
  readonly position: number;
  readonly deadline: number;
  readonly request: (budgetMs: number) => Request;
  readonly here: (respond: (reply: Reply) => void) => boolean;
  lookup: Lookup | undefined;
  undone: (() => void) | undefined;

  constructor(position: number, deadline: number, request: Goal['request'], here: Goal['here']) {
    this.position = position;
    this.deadline = deadline;
    this.request = request;
    this.here = here;
    this.lookup = undefined;
  }

  cancel(): void {
    this.lookup?.cancel();
  }
}

class RingWalk {
  readonly #engine: Engine;
  readonly #table: RoutingTable;
  readonly #view: CommandsView;
  readonly #deadline: number;
  readonly #done: (members: readonly MemberDescription[], failure?: Failure) => void;
  readonly #members: MemberDescription[] = [];
  readonly #seen = new Set<string>();
  /** Members to try, the next one last. */
  #queue: Contact[] = [];
  #timer: Timer | undefined;
  /** Whether one that was asked has not answered. */
  #isSilent = false;
  #ended = false;

  constructor(
    engine: Engine,
    table: RoutingTable,
    view: CommandsView,
    deadline: number,
    done: (members: readonly MemberDescription[], failure?: Failure) => void,
  ) {
    this.#engine = engine;
    this.#table = table;
    this.#view = view;
    this.#deadline = deadline;
    this.#done = done;
  }

  begin(): void {
    this.#timer = this.#engine.after(this.#deadline - this.#engine.now, () => {
      const message = `the walk round the ring saw ${this.#members.length} members and then ran out of time`;
      this.#end([], { code: 'ERR_TIMEOUT', message });
    });
    const own = this.#view.describe();
    if (own === undefined) this.#askHome();
    else this.#take(own);
  }

  #askHome(): void {
    const origin = this.#table.origin;
    this.#isSilent = false;
    if (origin !== undefined) this.#queue = [origin];
    this.#next();
  }

  cancel(): void {
    this.#ended = true;
    this.#engine.cancelTimer(this.#timer);
  }

  #take(member: MemberDescription): void {
    this.#seen.add(member.self.id);
    this.#members.push(member);
    // The nearest successor goes on top; those behind it are for the case that it does not answer.
    const first = this.#members[0];
    const around = member.successors.findIndex((contact) => contact.id === first?.self.id);
    const ahead = around === -1 ? member.successors : member.successors.slice(0, around);
    this.#queue = ahead.toReversed();
    this.#next();
  }

  #next(): void {
    if (this.#ended) return;
    const contact = this.#queue.pop();
    if (contact === undefined) return this.#finish();
    // Met again from behind: the walk is round.
    if (this.#seen.has(contact.id)) return this.#finish();
    this.#engine.call(contact, { type: 'describe' }, (answer) => {
      if (this.#ended) return;
      const member =
        answer.type === 'reply' && answer.body.type === 'described' ? answer.body.member : undefined;
      if (answer.type === 'silence') this.#isSilent = true;
      if (member === undefined) this.#next();
      else this.#take(member);
    });
  }

  #finish(): void {
    if (this.#members.length > 0) return this.#end(this.#members);
    if (!this.#isSilent) return this.#end([], { code: 'ERR_UNREACHABLE', message: 'no member answered' });
    // An answer may be late or lost: while there is time, the home is asked again, or who is home by then.
    const { random, profile } = this.#engine;
    this.#engine.after(random.around(profile.retryMs), () => {
      if (!this.#ended) this.#askHome();
    });
  }

  #end(members: readonly MemberDescription[], failure?: Failure): void {
    if (this.#ended) return;
    this.cancel();
    this.#done(members, failure);
  }
}

function cursorAt(place: { position: number; key: string }): ScanCursor {
  return { position: place.position, afterKey: place.key };
}

function unexpected(what: string): Failure {
  return { code: 'ERR_UNREACHABLE', message: `the owner's answer was not understood (${what})` };
}
