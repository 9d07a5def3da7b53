// Responder: answers the requests of other nodes, one case a kind of request, and the questions that this
// node puts to itself as the owner of a position. It owns no state but the dial-backs under way; each
// answer is made by the part it concerns.
import { Changes, firstOf } from './changes.ts';
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { History } from './history.ts';
import { tablesDigest } from './home.ts';
import type { Membership } from './membership.ts';
import type { Entry } from './entry.ts';
import type { MemberDescription, MessageRequest, Reply, Request } from './message.ts';
import type { Arrival, Operations } from './operations.ts';
import { oversize } from './oversize.ts';
import type { Owner } from './owner.ts';
import type { Arc } from './position.ts';
import { advance } from './position.ts';
import type { Replica } from './replica.ts';
import type { RoundOutcome } from './rounds.ts';
import type { RoutingTable } from './routing-table.ts';
import type { Segment } from './segment.ts';
import type { MemoryStore } from './store.ts';

export interface ResponderParts {
  readonly engine: Engine;
  readonly table: RoutingTable;
  readonly membership: Membership;
  readonly owner: Owner;
  readonly operations: Operations;
  readonly replica: Replica;
  readonly store: MemoryStore;
  readonly history: History;
  /** A node has said what it is now. */
  met(contact: Contact, member: boolean): void;
  /** A request that carries users' messages. */
  messages(from: string, request: MessageRequest, respond: (reply: Reply) => void): void;
  /** A member has left by its own will. */
  departed(contact: Contact): void;
}

type CopyRequest = Extract<
  Request,
  {
    type:
      | 'inspect'
      | 'prepare'
      | 'accept'
      | 'install'
      | 'replicate'
      | 'copy'
      | 'summarise'
      | 'digest'
      | 'fetch'
      | 'pull'
      | 'pull-past'
      | 'void'
      | 'collect';
  }
>;

/** Questions for the owner of a position. */
type OwnedRequest = Extract<Request, { type: 'operate' | 'locate' | 'scan' | 'changes' }>;

function isOwned(request: Request): request is OwnedRequest {
  return ['operate', 'locate', 'scan', 'changes'].includes(request.type);
}

/** Entries looked at for one page of a scan, so that a rare prefix does not hold up everything else. */
const SCANNED_MAX = 8_192;

export class Responder {
  readonly #parts: ResponderParts;
  readonly #changes: Changes;
  readonly #verifying = new Map<number, { readonly from: string; readonly number: number }>();
  #lastToken = 0;

  constructor(parts: ResponderParts) {
    this.#parts = parts;
    const { engine, store, history, operations } = parts;
    this.#changes = new Changes(engine, store, history, operations);
    operations.onSettled = (position, entry) => this.#changes.changed(position, entry);
    history.onStored = (stored, former) => this.#changes.stored(stored, former);
    history.onRemoved = (key) => operations.removed(key);
    history.onLearned = (stored) => this.#changes.learned(stored);
  }

  handle(from: string, number: number, request: Request): void {
    const { engine, membership } = this.#parts;
    engine.peers.heard(from);
    const respond = (body: Reply): void => engine.reply(from, number, body);
    switch (request.type) {
      case 'ping':
        return respond({ type: 'pong', wallMs: membership.clock.wallMs });
      case 'neighbourhood':
        membership.vigil.heard(from);
        return respond(membership.handleNeighbourhood(from, request.position, request.known));
      case 'notify':
      case 'leave':
      case 'announce':
      case 'dial-back':
        return this.#about(from, number, request, respond);
      case 'introduce':
        respond({ type: 'introduced' });
        return membership.handleIntroduce(from, request.contacts);
      case 'check':
        return membership.detector.handleCheck(from, number, request.suspect);
      case 'tables':
        return respond(this.#tables(request.known));
      case 'describe':
        return respond({ type: 'described', member: this.describe() });
      case 'find':
        return respond(this.#find(request.position, request.followers));
      case 'operate':
      case 'locate':
      case 'scan':
      case 'changes':
        return this.#owned(request, respond);
      case 'offer':
        return this.#offered(from, request, respond);
      case 'cast':
      case 'whisper':
      case 'tally':
      case 'recall':
      case 'register':
      case 'whereis':
        return this.#parts.messages(from, request, respond);
      default:
        return this.#copies(request, respond);
    }
  }

  /** Answers as the owner of the position; false where the ring gives it to another. */
  answerHere(position: number, request: Request, respond: (reply: Reply) => void): boolean {
    const { engine, owner } = this.#parts;
    if (owner.segmentAt(position) === undefined) {
      if (!engine.member || !owner.owns(position) || owner.servedBy(position) !== undefined) return false;
    }
    if (!isOwned(request)) return false;
    this.#owned(request, respond);
    return true;
  }

  /** This node as `ring()` shows it; undefined for a client. */
  describe(): MemberDescription | undefined {
    const { engine, membership, owner, store } = this.#parts;
    const arc = membership.arc;
    if (!engine.member || arc === undefined) return undefined;
    const entries = store.countValues(arc);
    return {
      ...membership.neighbourhood,
      self: engine.self,
      arc,
      serving: owner.serving,
      served: owner.segments.map((segment) => segment.arc),
      entries,
      copies: store.countValues(WHOLE) - entries,
      gateway: engine.gateway,
      underReplicated: owner.underReplicated,
    };
  }

  handleVerified(token: number, reached: boolean, reason: string): void {
    const waiting = this.#verifying.get(token);
    this.#verifying.delete(token);
    if (waiting === undefined) return;
    this.#parts.engine.reply(waiting.from, waiting.number, { type: 'dialled-back', reached, reason });
  }

  /** Requests in which a node speaks of itself: it may speak of nobody else. */
  #about(
    from: string,
    number: number,
    request: Extract<Request, { type: 'notify' | 'leave' | 'announce' | 'dial-back' }>,
    respond: (reply: Reply) => void,
  ): void {
    const { engine, membership } = this.#parts;
    const about = request.type === 'dial-back' ? request.contact : request.self;
    if (about.id !== from) {
      return respond({ type: 'failed', code: 'BUSY', message: `${from} spoke in the name of ${about.id}` });
    }
    if (request.type === 'notify' || (request.type === 'announce' && request.member)) {
      this.#parts.table.revive(from);
      membership.moved(about);
    }
    switch (request.type) {
      case 'notify':
        return respond(membership.handleNotify(about));
      case 'leave':
        respond({ type: 'left' });
        this.#parts.departed(about);
        return membership.handleLeave(about, request.neighbourhood);
      case 'announce':
        respond({ type: 'announced' });
        this.#parts.met(about, request.member);
        if (!request.member) membership.drop(about, true);
        return;
      case 'dial-back':
        this.#lastToken += 1;
        this.#verifying.set(this.#lastToken, { from, number });
        engine.effect({ type: 'verify', token: this.#lastToken, contact: about });
    }
  }

  /** Requests between the members that hold copies of an arc. */
  #copies(request: CopyRequest, respond: (reply: Reply) => void): void {
    const { replica } = this.#parts;
    switch (request.type) {
      case 'inspect':
        return replica.inspect(request, respond);
      case 'prepare':
        return replica.prepare(request, respond);
      case 'accept':
        return replica.accept(request, respond);
      case 'install':
        return replica.install(request, respond);
      case 'replicate':
        return replica.replicate(request, respond);
      case 'copy':
        return replica.copy(request, respond);
      case 'summarise':
        return respond(replica.summarise(request));
      case 'digest':
        return respond(replica.digest(request));
      case 'fetch':
        return respond(replica.fetch(request));
      case 'pull':
        return respond(replica.pull(request));
      case 'pull-past':
        return respond(replica.pullPast(request));
      case 'void':
        return replica.voidEntries(request, respond);
      case 'collect':
        return replica.collect(request, respond);
    }
  }

  /** What another member holds of our arc. */
  #offered(
    from: string,
    request: Extract<Request, { type: 'offer' }>,
    respond: (reply: Reply) => void,
  ): void {
    const { engine, membership, owner, replica, table } = this.#parts;
    const arc = membership.arc;
    if (!engine.member || arc === undefined || !owner.owns(request.position)) {
      return respond(this.#redirect(request.position));
    }
    replica.offer(from, table.contactOf(from), request, arc, respond);
  }

  #tables(known: number): Reply {
    const { engine, table } = this.#parts;
    if (!engine.member) {
      // Whoever took this client for a member is sent on to its home.
      const tables = table.origin === undefined ? undefined : table.tables(table.origin);
      return { type: 'tables-are', digest: 0, tables };
    }
    const tables = table.tables(engine.self);
    const digest = tablesDigest(tables);
    return { type: 'tables-are', digest, tables: digest === known ? undefined : tables };
  }

  #find(position: number, wanted: boolean): Reply {
    const { engine, table, membership, owner } = this.#parts;
    const arc = this.#arc();
    if (engine.member && owner.owns(position)) {
      const followers = wanted ? membership.neighbourhood.successors : [];
      return { type: 'found', arc, owner: true, contacts: [engine.self], followers };
    }
    const listed = engine.member ? table.ownerByList(position) : undefined;
    if (listed !== undefined) {
      const followers = wanted ? table.following(listed) : [];
      return { type: 'found', arc, owner: true, contacts: [listed], followers };
    }
    return { type: 'found', arc, owner: false, contacts: table.route(position).preceding, followers: [] };
  }

  /**
   * Our arc as answers carry it. One that does not end at our own position says nothing (a client, a member
   * in motion).
   */
  #arc(): Arc {
    const { engine, membership } = this.#parts;
    const elsewhere = advance(engine.self.position, 1, engine.size);
    return membership.arc ?? { from: elsewhere, to: elsewhere };
  }

  #owned(request: OwnedRequest, respond: (reply: Reply) => void): void {
    const { engine, owner } = this.#parts;
    if (request.type === 'operate' && request.operation.type !== 'get' && engine.isWaking) {
      const message = 'this member has just gone on after it stood still';
      return respond({ type: 'failed', code: 'BUSY', message });
    }
    const position =
      request.type === 'operate'
        ? engine.positionOf(request.key)
        : request.type === 'changes'
          ? firstOf(request.arc, engine.size)
          : request.position;
    if (owner.segmentAt(position) === undefined) {
      if (!engine.member || !owner.owns(position)) {
        this.#parts.membership.vigil.doubtPredecessor();
        return respond(this.#redirect(position));
      }
      const server = owner.servedBy(position);
      // While we only copy the arc, its former owner goes on serving it.
      if (server !== undefined) {
        return respond({ type: 'redirect', arc: this.#arc(), owner: true, contacts: [server] });
      }
    }
    const tooLarge = request.type === 'operate' ? oversize(request, this.#parts) : undefined;
    if (tooLarge !== undefined) return respond(tooLarge);
    owner.withSegment(
      position,
      (segment) => this.#run(request, position, segment, respond),
      ({ code, message }) => respond({ type: 'failed', code, message }),
    );
  }

  #run(request: OwnedRequest, position: number, segment: Segment, respond: (reply: Reply) => void): void {
    const { engine, operations } = this.#parts;
    const arc = this.#arc();
    if (request.type === 'locate') {
      const replicas = segment.configuration.members.map(({ contact }) => contact);
      return respond({ type: 'located', arc, replicas });
    }
    const deadline = engine.now + request.budgetMs;
    if (request.type === 'operate') {
      const arrival: Arrival = { request, position, segment, deadline, arc, respond };
      return operations.handle(arrival);
    }
    if (request.type === 'changes') {
      const again = (): void => this.#owned({ ...request, waitMs: 0 }, respond);
      return this.#changes.answer(request, segment, deadline, respond, again);
    }
    const gone: Entry[] = [];
    const reply = this.#scan(request, segment.arc, gone);
    // As for a read: are we still the owner? What no majority may hold yet is brought to one.
    const shown = reply.type === 'scanned' ? reply.entries : [];
    const repairs = [...shown, ...gone].flatMap(({ key }) => operations.unsettledOf(key) ?? []);
    let open = Math.max(1, repairs.length);
    let agreed = true;
    for (const entry of repairs.length > 0 ? repairs : [undefined]) {
      const done = (outcome: RoundOutcome): void => {
        if (outcome === 'agreed' && entry !== undefined)
          operations.settled(engine.positionOf(entry.key), entry);
        agreed &&= outcome === 'agreed';
        open -= 1;
        if (open > 0) return;
        const message = 'the copies did not confirm the arc';
        respond(agreed ? reply : { type: 'failed', code: 'BUSY', message });
      };
      segment.rounds.add({ position, entry, need: 'quorum', deadline, done });
    }
  }

  /** `gone`: what is not shown because of a deletion that no majority may hold yet. */
  #scan(request: Extract<Request, { type: 'scan' }>, arc: Arc, gone: Entry[]): Reply {
    const { store, operations, engine } = this.#parts;
    const { position, afterKey, prefix, withValues } = request;
    const { pageEntries, pageBytes } = engine.limits;
    const entries: Entry[] = [];
    let bytes = 0;
    let seen = 0;
    let last = { position, key: afterKey ?? '' };
    // From the position itself to the end of the arc, or to the last position where the arc wraps round.
    const rest: Arc = {
      from: position - 1,
      to: arc.to < position || arc.from === arc.to ? engine.size : arc.to,
    };
    const after = afterKey === undefined ? undefined : { position, key: afterKey };
    for (const stored of store.walk(rest, after)) {
      if (entries.length >= pageEntries || bytes >= pageBytes || seen >= SCANNED_MAX) {
        return { type: 'scanned', arc, entries, next: last };
      }
      seen += 1;
      last = { position: stored.position, key: stored.entry.key };
      const entry = operations.live(stored.entry.key);
      if (!stored.entry.key.startsWith(prefix)) continue;
      const unsettled = entry === undefined ? operations.unsettledOf(stored.entry.key) : undefined;
      if (unsettled !== undefined) gone.push(unsettled);
      if (entry === undefined) continue;
      entries.push(withValues ? entry : { ...entry, value: EMPTY });
      bytes += entry.key.length + (withValues ? (entry.value?.length ?? 0) : 0);
    }
    return { type: 'scanned', arc, entries, next: undefined };
  }

  #redirect(position: number): Reply {
    const { table, engine } = this.#parts;
    const owner = engine.member ? table.ownerByList(position) : undefined;
    const contacts = owner === undefined ? table.route(position).preceding : [owner];
    return { type: 'redirect', arc: this.#arc(), owner: owner !== undefined, contacts };
  }
}

const EMPTY = new Uint8Array(0);
const WHOLE: Arc = { from: Number.MAX_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };
