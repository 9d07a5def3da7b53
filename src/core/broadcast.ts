// Broadcast: takes a message to every node of the network once. A member that has a message for an arc gives
// each finger in it the part of the arc up to the next finger, and so on (El-Ansary, Alima, Brand, Haridi,
// "Efficient broadcast in structured P2P networks", IPTPS 2003): N - 1 requests, about log2 N steps. Every
// hop is acknowledged; the part of a member that does not answer goes to the one behind it. Beyond the
// paper: clients get it from their home, and who dies after its acknowledgement is made up for by
// anti-entropy.ts. It owns the passing on and the clients; what is new is known by cast-log.ts.
import type { CastLog, Kept } from './cast-log.ts';
import { packetBytes, type Cast, type Packet } from './cast.ts';
import type { Contact } from './contact.ts';
import type { Failure } from './effect.ts';
import type { Answer, Engine } from './engine.ts';
import type { Goal, LookupResult } from './lookup.ts';
import type { MessageRequest, Reply } from './message.ts';
import type { Outflow } from './outflow.ts';
import type { Arc } from './position.ts';
import { advance, distance, holds } from './position.ts';
import type { RoutingTable } from './routing-table.ts';
import type { Timer } from './timers.ts';

export interface BroadcastParts {
  readonly engine: Engine;
  readonly table: RoutingTable;
  readonly log: CastLog;
  readonly flow: Outflow;
  /** This member's own arc; undefined for a client. */
  readonly arc: () => Arc | undefined;
  readonly lookup: (goal: Goal, done: (result: LookupResult) => void) => void;
  /** Something new has come from that node. */
  readonly fresh: (cast: Cast, from: string) => void;
}

/** A send under way: how many parts of the network have not acknowledged it. */
interface Sending {
  readonly kept: Kept;
  readonly deadline: number;
  open: number;
  timer: Timer | undefined;
  ended: boolean;
  readonly done: (failure?: Failure) => void;
}

/** One part of the ring and who takes the message there. */
interface Part {
  readonly to: Contact;
  readonly arc: Arc;
}

export class Broadcast {
  readonly #parts: BroadcastParts;
  /** Clients whose home this node is, and until when that is only supposed. */
  readonly #clients = new Map<string, number>();
  /** Sends of this client that no home has taken yet, oldest first. */
  readonly #unsent = new Set<Sending>();

  constructor(parts: BroadcastParts) {
    this.#parts = parts;
  }

  /** Settles when every part of the network has acknowledged the message, within `timeoutMs`. */
  send(packets: readonly Packet[], timeoutMs: number, done: (failure?: Failure) => void): void {
    const { engine, table, log, flow } = this.#parts;
    if (flow.isFull) {
      const most = engine.limits.messageWindowBytes;
      const message = `${most} bytes of messages wait (limits.messageWindowBytes): await each send`;
      return done({ code: 'ERR_LIMIT', message });
    }
    const friends = engine.peers.connectedIds();
    if (!engine.member && table.origin === undefined && friends.length === 0) {
      const message = 'no node is connected: connect to one first, or join to start a ring';
      return done({ code: 'ERR_NOT_CONNECTED', message });
    }
    const deadline = engine.now + timeoutMs;
    const kept = log.create(packets);
    const sending: Sending = { kept, deadline, open: 1, timer: undefined, ended: false, done };
    sending.timer = engine.after(timeoutMs, () => this.#late(sending, timeoutMs));
    this.#parts.fresh(kept.cast, engine.self.id);
    if (engine.member) this.#cover(sending.kept, engine.size - 1, sending);
    else if (table.origin !== undefined) this.#viaHome(sending);
    else for (const id of friends) this.#direct(sending.kept, id, sending);
    this.#passToClients(sending.kept, sending);
    if (engine.member || table.origin === undefined) this.#close(sending);
  }

  handle(
    from: string,
    request: Extract<MessageRequest, { type: 'cast' }>,
    respond: (reply: Reply) => void,
  ): void {
    const { engine, table, log } = this.#parts;
    const { arc, cast } = request;
    const start = arc === undefined ? undefined : advance(arc.from, 1, engine.size);
    const own = this.#parts.arc();
    const isOwner = start !== undefined && own !== undefined && holds(own, start);
    if (start !== undefined && !isOwner) respond(this.notHere(start));
    else respond({ type: 'taken', attached: engine.member || this.#isUpstream(from) });
    const isFresh = this.accept(cast, from);
    const kept = log.kept(cast.sender, cast.incarnation, cast.sequence) ?? unkept(cast, from, engine.now);
    if (arc !== undefined && isOwner) this.#cover(kept, this.#reach(arc));
    else if (arc === undefined && this.#isHomeOf(from, cast)) this.#cover(kept, engine.size - 1);
    else if (isFresh && !engine.member && table.origin === undefined) this.#flood(kept);
  }

  /** A cast that came by whichever way; whether it is new. This node's clients get it too. */
  accept(cast: Cast, from: string): boolean {
    const { log } = this.#parts;
    if (!log.receive(cast, from)) return false;
    this.#parts.fresh(cast, from);
    const kept = log.kept(cast.sender, cast.incarnation, cast.sequence);
    if (kept !== undefined) this.#passToClients(kept);
    return true;
  }

  /** A client is connected: until it says otherwise this node may be its home. */
  suppose(id: string): void {
    const { engine } = this.#parts;
    if (!this.#clients.has(id)) this.#clients.set(id, engine.now + engine.profile.requestMaxMs);
  }

  attach(id: string): void {
    this.#clients.set(id, Infinity);
  }

  detach(id: string): void {
    this.#clients.delete(id);
  }

  /** Those that have said that this node is their home. */
  get attached(): string[] {
    return [...this.#clients].filter(([, until]) => until === Infinity).map(([id]) => id);
  }

  /** A client has another home, or none and another try: what was not taken is sent again. */
  resend(): void {
    for (const sending of this.#unsent) this.#viaHome(sending);
  }

  // Over the ring.

  /** Takes it to the members up to that distance behind this one, those excepted that it has done so for. */
  #cover(kept: Kept, reach: number, sending?: Sending): void {
    if (reach <= kept.reach) return;
    kept.reach = reach;
    for (const part of this.#partition(reach)) this.#delegate(kept, part, sending);
  }

  /**
   * The first successor and the fingers, each with the arc up to the next. A suspected finger is left out:
   * the one before it takes its part. A suspected successor gets the message for itself alone.
   */
  #partition(reach: number): Part[] {
    const { engine, table } = this.#parts;
    const { self, size, peers } = engine;
    const offset = (contact: Contact): number => distance(self.position, contact.position, size);
    const isWithin = (contact: Contact): boolean => offset(contact) > 0 && offset(contact) <= reach;
    const successors = table.successors.filter(isWithin);
    const first = successors.find(({ id }) => !peers.isSuspected(id)) ?? successors[0];
    if (first === undefined) return [];
    const doubtful = successors.slice(0, successors.indexOf(first));
    const fingers = table
      .fingers()
      .filter((contact) => isWithin(contact) && !peers.isSuspected(contact.id))
      .filter((contact) => offset(contact) > offset(first))
      .toSorted((a, b) => offset(a) - offset(b));
    const heads = [first, ...fingers];
    const end = advance(self.position, reach, size);
    return [
      ...doubtful.map((to) => ({ to, arc: { from: this.#before(to.position), to: to.position } })),
      ...heads.map((to, i) => {
        const next = heads[i + 1];
        const last = next === undefined ? end : this.#before(next.position);
        return { to, arc: { from: this.#before(to.position), to: last } };
      }),
    ];
  }

  #delegate(kept: Kept, { to, arc }: Part, sending?: Sending): void {
    this.#open(sending);
    this.#call(to, kept, arc, (answer) => {
      if (answer.type === 'reply' && answer.body.type === 'taken') return this.#close(sending);
      // It has moved, or is no member any more: whoever owns its position now.
      if (answer.type === 'reply') return this.#route(kept, arc, sending);
      // What lies behind it, if anything does.
      if (arc.to === to.position) return this.#close(sending);
      this.#skip(kept, { to, arc: { from: to.position, to: arc.to } }, sending);
    });
  }

  /** The member did not answer: the next one takes what is left of its arc. */
  #skip(kept: Kept, { to, arc }: Part, sending?: Sending): void {
    const { successors } = this.#parts.table;
    const index = successors.findIndex((contact) => contact.id === to.id);
    const next = index === -1 ? undefined : successors[index + 1];
    if (next === undefined) return this.#route(kept, arc, sending);
    if (holds(arc, next.position)) {
      this.#delegate(kept, { to: next, arc: { from: this.#before(next.position), to: arc.to } }, sending);
    }
    this.#close(sending);
  }

  /** Finds who stands first in the arc. */
  #route(kept: Kept, arc: Arc, sending?: Sending): void {
    const { engine, log, lookup } = this.#parts;
    const deadline = sending?.deadline ?? engine.now + engine.profile.timeoutMs;
    const position = advance(arc.from, 1, engine.size);
    const goal: Goal = {
      position,
      deadline: Math.max(deadline, engine.now + 1),
      request: () => ({ type: 'cast', arc, cast: log.outgoing(kept) }),
      here: (respond) => {
        // Nobody is left between the arc's start and this node, which has it.
        const own = this.#parts.arc();
        if (own === undefined || !holds(own, position)) return false;
        respond({ type: 'taken', attached: true });
        return true;
      },
    };
    lookup(goal, (result) => {
      // Without an answer the neighbours of that arc make up for it, and the send waits for its time-out.
      if (result.reply?.type === 'taken') this.#close(sending);
    });
  }

  /** Who is nearer to a position that this node does not own. */
  notHere(position: number): Reply {
    const { engine, table } = this.#parts;
    if (!engine.member) return { type: 'failed', code: 'BUSY', message: 'not a member' };
    const owner = table.ownerByList(position);
    const contacts = owner === undefined ? table.route(position).preceding : [owner];
    const { position: here } = engine.self;
    const arc = this.#parts.arc() ?? {
      from: advance(here, 1, engine.size),
      to: advance(here, 1, engine.size),
    };
    return { type: 'redirect', arc, owner: owner !== undefined, contacts };
  }

  /** How far behind this node the arc goes; 0 where it ends before it. */
  #reach(arc: Arc): number {
    const { self, size } = this.#parts.engine;
    return holds(arc, self.position) ? distance(self.position, arc.to, size) : 0;
  }

  #before(position: number): number {
    const { size } = this.#parts.engine;
    return advance(position, size - 1, size);
  }

  // To and from clients.

  #passToClients(kept: Kept, sending?: Sending): void {
    const { engine } = this.#parts;
    if (!engine.member) return;
    for (const [id, until] of this.#clients) {
      if (until < engine.now) this.#clients.delete(id);
      else if (id !== kept.from && id !== kept.cast.sender) this.#direct(kept, id, sending);
    }
  }

  #direct(kept: Kept, id: string, sending?: Sending): void {
    this.#open(sending);
    this.#call(id, kept, undefined, (answer) => {
      const isElsewhere = answer.type === 'reply' && answer.body.type === 'taken' && !answer.body.attached;
      if (isElsewhere || answer.type === 'unreachable') this.detach(id);
      this.#close(sending);
    });
  }

  #viaHome(sending: Sending): void {
    const home = this.#parts.table.origin;
    this.#unsent.add(sending);
    if (home === undefined) return;
    this.#call(home, sending.kept, undefined, (answer) => {
      if (answer.type !== 'reply') return this.#retry(sending);
      const { body } = answer;
      if (body.type === 'failed') return this.#end(sending, { code: body.code, message: body.message });
      this.#unsent.delete(sending);
      this.#close(sending);
    });
  }

  #retry(sending: Sending): void {
    const { engine } = this.#parts;
    engine.after(engine.profile.requestMinMs, () => {
      if (this.#unsent.has(sending)) this.#viaHome(sending);
    });
  }

  /** A network without any member: whoever is connected passes it on. */
  #flood(kept: Kept): void {
    for (const id of this.#parts.engine.peers.connectedIds()) {
      if (id !== kept.from && id !== kept.cast.sender) this.#direct(kept, id);
    }
  }

  /** Whether a client's casts come from there: its home, or anybody while it has none. */
  #isUpstream(from: string): boolean {
    const { origin } = this.#parts.table;
    return origin === undefined || origin.id === from;
  }

  /** Whether it is a client's own cast, which goes from here to everybody. */
  #isHomeOf(from: string, cast: Cast): boolean {
    const { engine, table } = this.#parts;
    return engine.member && from === cast.sender && table.contactOf(from) === undefined;
  }

  #call(to: Contact | string, kept: Kept, arc: Arc | undefined, done: (answer: Answer) => void): void {
    const { engine, flow, log } = this.#parts;
    // What others sent is not piled up for those who do not keep up: their neighbours make up for it.
    if (flow.isFull && kept.cast.sender !== engine.self.id) return;
    flow.call(to, kept.bytes, () => ({ type: 'cast', arc, cast: log.outgoing(kept) }), done);
  }

  // The count of what is not acknowledged.

  #open(sending: Sending | undefined): void {
    if (sending !== undefined) sending.open += 1;
  }

  #close(sending: Sending | undefined): void {
    if (sending === undefined) return;
    sending.open -= 1;
    if (sending.open === 0) this.#end(sending);
  }

  #late(sending: Sending, timeoutMs: number): void {
    const message =
      `not every part of the network has acknowledged the message within ${timeoutMs} ms; ` +
      'its neighbours go on trying';
    this.#end(sending, { code: 'ERR_TIMEOUT', message });
  }

  #end(sending: Sending, failure?: Failure): void {
    if (sending.ended) return;
    sending.ended = true;
    this.#parts.engine.cancelTimer(sending.timer);
    this.#unsent.delete(sending);
    sending.done(failure);
  }
}

/** One that the window had no room for. */
function unkept(cast: Cast, from: string, now: number): Kept {
  return { cast, bornAt: now - cast.ageMs, from, bytes: packetBytes(cast.packets), reach: -1 };
}
