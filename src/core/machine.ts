// Machine: one node of the network without any input or output of its own (sans-IO). It owns the wiring of
// its parts and the answers to other nodes' requests; each part says in its own file what it owns.
//
// The caller's duties:
//   1. Every input comes with `now`, monotonic milliseconds that never go back: the machine reads no clock.
//   2. After one input, or several of one turn, `poll()` is called until it returns undefined; effects are
//      carried out in that order. Messages may be lost, repeated or late; who sent them has been proved.
//   3. `handleTimeout` is called at `nextTimeout()`, or a little later; inputs already there go first.
//   4. Methods are never called from within `poll()`'s effects before it has returned.
import { Collector } from './collector.ts';
import type { Command } from './command.ts';
import { Commands } from './commands.ts';
import type { Contact } from './contact.ts';
import type { Effect } from './effect.ts';
import type { Engine } from './engine.ts';
import { Fingers } from './fingers.ts';
import type { HomeView } from './home.ts';
import { History, recording } from './history.ts';
import { Home } from './home.ts';
import type { MachineHealth, MachineOptions } from './machine-options.ts';
import { engineOf } from './machine-options.ts';
import { Membership } from './membership.ts';
import type { MemberDescription, Message, Neighbourhood, Tables } from './message.ts';
import { Messages } from './messages.ts';
import { Operations } from './operations.ts';
import type { OwnerView } from './owner-view.ts';
import { Owner } from './owner.ts';
import { RememberedAddresses, type RememberedView } from './remembered.ts';
import { Replica } from './replica.ts';
import type { SavedRecord } from './saved.ts';
import { Responder } from './responder.ts';
import { RoutingTable } from './routing-table.ts';
import type { Stored } from './store.ts';
import { MemoryStore } from './store.ts';
import { Strangers } from './strangers.ts';
import { Sweep } from './sweep.ts';
import { Tenure } from './tenure.ts';
import { Voters } from './voters.ts';

export class Machine {
  readonly #engine: Engine;
  readonly #store: MemoryStore;
  readonly #history: History;
  readonly #voters: Voters;
  readonly #table: RoutingTable;
  readonly #membership: Membership;
  readonly #owner: Owner;
  readonly #home: Home;
  readonly #fingers: Fingers;
  readonly #sweep: Sweep;
  readonly #commands: Commands;
  readonly #messages: Messages;
  readonly #operations: Operations;
  readonly #remembered: RememberedAddresses;
  readonly #responder: Responder;
  /** Members that a connection is open to. */
  readonly #connected = new Map<string, Contact>();
  #lastCommand = 0;
  readonly #tenure: Tenure;
  readonly #strangers: Strangers;

  constructor(options: MachineOptions) {
    const engine = engineOf(options);
    this.#engine = engine;
    this.#table = new RoutingTable(engine);
    this.#history = new History(options.limits.history, options.limits.historyBytes);
    this.#store = new MemoryStore(recording(this.#history, engine.saver));
    this.#voters = new Voters(engine, options.replicas, this.#table);
    this.#operations = new Operations(engine, this.#store, this.#history);
    this.#membership = new Membership(engine, this.#table, {
      neighboursChanged: () => this.#neighboursChanged(),
      gone: (contact, left) => this.#gone(contact, left),
      displaced: (by) => this.#tenure.displaced(by),
    });
    const heals = options.onQuorumLost !== 'refuse';
    this.#owner = new Owner({ engine, voters: this.#voters, heals }, this.#ownerView());
    this.#voters.onBirth = () => this.#owner.reconcileSoon();
    this.#responder = this.#makeResponder();
    new Collector(engine, this.#store, this.#owner, this.#operations).begin();
    this.#commands = new Commands(engine, this.#table, {
      answerHere: (position, request, respond) => this.#responder.answerHere(position, request, respond),
      describe: () => this.#responder.describe(),
    });
    const lookup = this.#commands.lookup.bind(this.#commands);
    this.#messages = new Messages(engine, this.#table, this.#membership, lookup);
    this.#home = new Home(engine, this.#table, this.#homeView());
    this.#sweep = new Sweep(engine, this.#store, this.#owner, {
      arc: () => this.#membership.arc,
      nobody: () => this.seeksHome,
      lookup,
    });
    this.#fingers = new Fingers(engine, this.#table, {
      lookup,
      successors: () => this.#membership.neighbourhood.successors,
    });
    this.#tenure = new Tenure({
      engine,
      membership: this.#membership,
      table: this.#table,
      owner: this.#owner,
      home: this.#home,
      sweep: this.#sweep,
      fingers: this.#fingers,
      preferredSalt: options.preferredSalt,
      lookup,
    });
    this.#remembered = new RememberedAddresses(engine, this.#rememberedView());
    this.#strangers = new Strangers(engine, this.#table, this.#membership, this.#connected);
  }

  /** This node as others see it; host '' and port 0 until it listens. */
  get self(): Contact {
    return this.#engine.self;
  }

  /** Whether it stores data for a ring; else it is a client. */
  get member(): boolean {
    return this.#engine.member;
  }

  /** Whether its whole arc is being served. */
  get serving(): boolean {
    return this.#engine.member && this.#owner.serving;
  }

  /** Whether it answers for the position: for checks that look on. */
  servesAt = (position: number): boolean => this.#owner.segmentAt(position) !== undefined;

  get neighbourhood(): Neighbourhood {
    return this.#membership.neighbourhood;
  }

  /** Whether it is a client that no member serves yet. */
  get seeksHome(): boolean {
    return !this.#engine.member && this.#table.origin === undefined;
  }

  /** What a client of ours routes with; undefined while we are a client ourselves. */
  tables(): Tables | undefined {
    return this.#engine.member ? this.#table.tables(this.#engine.self) : undefined;
  }

  /** Members we know, neighbours first. */
  known(): readonly Contact[] {
    return this.#table.contacts();
  }

  /** This node's own row of `ring()`; undefined for a client. */
  describe(): MemberDescription | undefined {
    return this.#responder.describe();
  }

  health(): MachineHealth {
    return {
      member: this.#engine.member,
      serving: this.serving,
      fingersComplete: !this.#engine.member || this.#fingers.complete,
      underReplicated: this.#owner.underReplicated.length,
      entries: this.#store.size,
      storeBytes: this.#store.bytes,
      wallOffsetMs: this.#engine.wallOffset,
    };
  }

  /** Every entry held here, tombstones included, in no order: for checks that look on from outside. */
  held(): IterableIterator<Stored> {
    return this.#store.all();
  }

  /** Timers that are set: for checks that nothing grows. */
  get timers(): number {
    return this.#engine.timers;
  }

  /** Wall time is `now` + `offsetMs` from here on. */
  handleClock(offsetMs: number): void {
    this.#membership.clock.handleClock(offsetMs);
  }

  /** The node listens, and announces this address. */
  handleListening(now: number, host: string, port: number): void {
    this.#engine.now = now;
    this.#engine.self = { ...this.#engine.self, host, port };
  }

  /** The node has a gateway at host:port, or '' for none any more. */
  handleGateway(address: string): void {
    this.#engine.gateway = address;
  }

  /** A connection to a node is open, and the node has proved who it is. `tables` come from members. */
  handleConnected(now: number, peer: Contact, member: boolean, tables: Tables | undefined): void {
    this.#engine.now = now;
    this.#engine.peers.connected(peer.id);
    this.#table.revive(peer.id);
    this.#met(peer, member, tables);
  }

  /** The last connection to the node is gone. */
  handleDisconnected(now: number, id: string): void {
    this.#engine.now = now;
    this.#engine.peers.disconnected(id);
    this.#connected.delete(id);
    this.#engine.handleUnreachable(id);
    this.#voters.removeLeaver(id);
    this.#messages.disconnected(id);
    this.#membership.disconnected(id);
    this.#home.lost(id);
  }

  /** A message to the node could not be delivered. */
  handleUnreachable(now: number, id: string): void {
    this.#engine.now = now;
    this.#engine.handleUnreachable(id);
    this.#voters.removeLeaver(id);
    this.#home.lost(id);
  }

  /** A `dial` effect has failed; it is tried again with back-off. */
  handleDialFailed(now: number, _host: string, _port: number): void {
    this.#engine.now = now;
  }

  /** What became of a `verify` effect. */
  handleVerified(now: number, token: number, reached: boolean, reason: string): void {
    this.#engine.now = now;
    this.#responder.handleVerified(token, reached, reason);
  }

  /** A message from a connected node. */
  handleMessage(now: number, from: string, message: Message): void {
    this.#engine.now = now;
    const { direction, number, body } = message;
    if (direction === 'request') this.#responder.handle(from, number, body);
    else if (!this.#engine.handleReply(from, number, body)) this.#engine.peers.heard(from);
  }

  handleTimeout(now: number): void {
    this.#engine.now = now;
    this.#engine.runTimers();
  }

  /**
   * An address that is tried with back-off while no member is known there: for ever, or until a member was
   * known there.
   */
  remember(now: number, host: string, port: number, forEver = true): void {
    this.#engine.now = now;
    this.#remembered.add(host, port, forEver);
  }

  /** Starts a command; a `settle` effect with the returned number ends it, within `timeoutMs`. */
  start(now: number, command: Command, timeoutMs: number): number {
    this.#engine.now = now;
    this.#lastCommand += 1;
    const number = this.#lastCommand;
    if (command.type === 'join') this.#tenure.join(number, timeoutMs);
    else if (command.type === 'leave') this.#tenure.leave(number, timeoutMs);
    else if (command.type === 'send' || command.type === 'whisper') {
      this.#messages.start(number, command, timeoutMs);
    } else this.#commands.start(number, command, timeoutMs);
    return number;
  }

  /** Nobody waits for the command any more: no `settle` follows. A join is given up; a leave goes on. */
  cancel(now: number, command: number): void {
    this.#engine.now = now;
    this.#tenure.cancel(command);
    this.#commands.cancel(command);
  }

  /**
   * What a durable node wrote down in former lives, and the incarnation in which that memory began; before
   * anything else happens.
   */
  restore(now: number, records: Iterable<SavedRecord>, birth: number): void {
    this.#engine.now = now;
    this.#engine.birth = birth;
    for (const record of records) {
      if (record.type === 'registers') this.#owner.registers.restore(record);
      if (record.type !== 'entry') continue;
      this.#operations.clock.observe(record.entry.version);
      this.#store.restore(this.#engine.positionOf(record.entry.key), record.entry);
    }
  }

  /** A `save` effect is done. */
  handleSaved(now: number, token: number): void {
    this.#engine.now = now;
    this.#engine.saver.handleSaved(token);
  }

  /** A `save` effect could not be done; it comes again. */
  handleSaveFailed(now: number, token: number, message: string): void {
    this.#engine.now = now;
    this.#engine.saver.handleSaveFailed(token, message);
  }

  poll(): Effect | undefined {
    return this.#engine.poll();
  }

  nextTimeout(): number {
    return this.#engine.nextTimeout();
  }

  #makeResponder(): Responder {
    const [engine, operations] = [this.#engine, this.#operations];
    return new Responder({
      engine,
      table: this.#table,
      membership: this.#membership,
      owner: this.#owner,
      operations,
      replica: new Replica({
        engine,
        store: this.#store,
        history: this.#history,
        owner: this.#owner,
        isDue: (id) => this.#voters.isDue(this.#connected.get(id), this.#membership.neighbourhood.successors),
        clock: operations.clock,
        took: (key) => operations.took(key),
        counted: (arc) => this.#sweep.counted(arc),
      }),
      store: this.#store,
      history: this.#history,
      met: (contact, member) => this.#met(contact, member, undefined),
      messages: (from, request, respond) => this.#messages.handle(from, request, respond),
      departed: (contact) => this.#voters.addLeaver(contact),
    });
  }

  #ownerView(): OwnerView {
    const engine = this.#engine;
    return {
      arc: () => this.#membership.arc,
      neighbours: () => this.#membership.neighbourhood,
      exchange: (contact, arc) => ({
        engine,
        store: this.#store,
        history: this.#history,
        contact,
        arc,
        took: (key) => this.#operations.took(key),
        observe: (version) => this.#operations.clock.observe(version),
        born: (of, birth) => this.#voters.born(of, birth),
        overtaken: () => this.#owner.reconcileSoon(),
      }),
      changed: () => this.#tenure.servingChanged(),
    };
  }

  #homeView(): HomeView {
    return {
      connected: () => [...this.#connected.values()],
      remember: (contact) => this.#remembered.add(contact.host, contact.port, false),
      homed: () => {
        this.#messages.homed();
        // A client may hold copies of a former life.
        this.#sweep.touch();
      },
    };
  }

  #rememberedView(): RememberedView {
    return {
      knows: (host, port) => this.#table.contactAt(host, port) !== undefined,
      compare: (host, port) => this.#strangers.compare(this.#table.contactAt(host, port)),
    };
  }

  #met(peer: Contact, member: boolean, tables: Tables | undefined): void {
    this.#messages.met(peer.id, member);
    if (!member) {
      this.#connected.delete(peer.id);
      return this.#home.watch(peer.id);
    }
    if (this.#engine.peers.isConnected(peer.id)) this.#connected.set(peer.id, peer);
    const known = this.#table.contactOf(peer.id) !== undefined;
    this.#table.observe(peer);
    this.#home.connected(peer, tables);
    if (!known) this.#strangers.met(peer);
  }

  #neighboursChanged(): void {
    this.#owner.reconcile();
    this.#sweep.touch();
    this.#messages.neighboursChanged();
    this.#fingers.neighboursChanged(this.#membership.neighbourhood);
  }

  #gone(contact: Contact, left: boolean): void {
    if (left) this.#remembered.remove(contact.host, contact.port);
    else this.#remembered.add(contact.host, contact.port, false);
    if (!left) this.#voters.removeLeaver(contact.id);
    this.#home.lost(contact.id);
  }
}
