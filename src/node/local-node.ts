// LocalNode: everything a socket is made of, put together: identity, machine, codec, links, driver. It owns
// the life cycle (client, listening, member, closed) and the translation of what happens into events. What
// users call is in the sockets.
import { setMaxListeners } from 'node:events';
import type { Command } from '../core/command.ts';
import type { Contact } from '../core/contact.ts';
import type { Delivery } from '../core/effect.ts';
import type { Key } from '../core/entry.ts';
import type { Machine } from '../core/machine.ts';
import type { MachineHealth } from '../core/machine-options.ts';
import type { Neighbourhood, Tables } from '../core/message.ts';
import { type Address, showAddress } from './address.ts';
import { type Call, type CallDefaults, Deadline } from './call-options.ts';
import { closeDown } from './closing.ts';
import { ConnectedPeers } from './connected-peers.ts';
import { DebugLog } from './debug-log.ts';
import { closedError, Driver, type RunOptions } from './driver.ts';
import { ChordError } from './errors.ts';
import type { Emit } from './events.ts';
import { type HomelessView, needsMember, runOnceHome } from './homeless.ts';
import { announced } from './lan-address.ts';
import type { Limits } from './limits.ts';
import { LateLinks } from './late-links.ts';
import type { LinkEvents } from './links.ts';
import { type EventView, reportEvent } from './machine-events.ts';
import { makeLinks } from './node-links.ts';
import { NodeMemory } from './node-memory.ts';
import type { SocketConfig } from './options.ts';
import { keyPositions, makeMachine } from './node-machine.ts';
import { pause, settled, untilClosed, within } from './pause.ts';
import { type Peer, toPeer } from './peer.ts';
import type { WatchRunner } from './watch.ts';

/** Unexpected errors that `status` shows: enough to see a pattern. */
const FAULTS_MAX = 16;

const NOBODY: Neighbourhood = { predecessor: undefined, successors: [] };

export class LocalNode implements WatchRunner {
  readonly config: SocketConfig;
  readonly id: string;
  readonly machine: Machine;
  readonly links: LateLinks;
  readonly log: DebugLog;
  readonly #emit: Emit;
  readonly #deliver: (delivery: Delivery) => void;
  readonly #driver: Driver;
  readonly #memory: NodeMemory;
  readonly #connected = new ConnectedPeers();
  readonly #faults: Error[] = [];
  /** What is listened on, and what is announced; the port may be 0 before. */
  #addr: Address;
  #outAddr: Address;
  #listening: Promise<void> | undefined;
  #joining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  readonly #force = new AbortController();
  readonly #over = new AbortController();
  readonly #told: EventView = {
    emit: (name, ...args) => this.#emit(name, ...args),
    deliver: (delivery) => this.#deliver(delivery),
    note: () => this.#note(),
    fault: (error) => this.#handleFault(error),
    log: (level, message, details) => this.log.write(level, message, details),
  };
  readonly #homeless: HomelessView = {
    connections: () => this.#connected.size,
    seeksHome: () => this.machine.seeksHome,
    patienceMs: () => this.config.profile.requestMaxMs,
    pause: (ms, signal) => this.pause(ms, signal),
    isOver: () => this.#closing !== undefined,
    run: (command, options) => this.#run(command, options),
  };
  /** Whether an address is being tried again and again, so that a connection may come by itself. */
  #remembers = false;

  #gateway: Address | undefined;

  /** `deliver` is told of every message that arrives; like `emit` it must not throw. */
  constructor(config: SocketConfig, emit: Emit, deliver: (delivery: Delivery) => void) {
    this.config = config;
    this.#emit = emit;
    this.#deliver = deliver;
    this.#addr = { host: config.host, port: config.port };
    this.#outAddr = announced(config, config.port);
    // Every wait listens to it, and leaves when it ends.
    setMaxListeners(0, this.closed);
    const { logger, debugLevel } = config;
    this.log = new DebugLog({ logger, debugLevel, port: () => this.#outAddr.port });
    this.#memory = new NodeMemory(config, this.log, (error) => this.#handleFault(error));
    const { identity } = this.#memory;
    this.id = identity.id;
    this.machine = makeMachine(config, this.#memory);
    this.links = new LateLinks(() => makeLinks(config, identity, this.machine, this.#linkEvents()));
    this.#driver = new Driver({
      machine: this.machine,
      wires: this.links,
      log: this.log,
      save: (token, records) => this.#memory.save(token, records),
      report: (event) => reportEvent(event, this.#told),
      fault: (error) => this.#handleFault(error),
    });
  }

  get defaults(): CallDefaults {
    return { consistency: this.config.consistency, timeoutMs: this.config.profile.timeoutMs };
  }

  get limits(): Limits {
    return this.config.limits;
  }

  get positions(): number {
    return 2 ** this.config.k;
  }

  /** Whether it stores data for a ring. Once it is told to close, nothing that the machine does is shown. */
  get member(): boolean {
    return this.#closing === undefined && this.machine.member;
  }

  get neighbourhood(): Neighbourhood {
    return this.#closing === undefined ? this.machine.neighbourhood : NOBODY;
  }

  /** Members we know. */
  known(): readonly Contact[] {
    return this.#closing === undefined ? this.machine.known() : [];
  }

  health(): MachineHealth {
    const health = this.machine.health();
    return this.#closing === undefined ? health : { ...health, member: false, serving: false };
  }

  positionOf(key: Key): number {
    return keyPositions(this.config.k).of(key);
  }

  get addr(): readonly [string, number] {
    return [this.#addr.host, this.#addr.port];
  }

  get outAddr(): readonly [string, number] {
    return [this.#outAddr.host, this.#outAddr.port];
  }

  /** Aborted with ERR_CLOSED once this node is told to close. */
  get closed(): AbortSignal {
    return this.#over.signal;
  }

  get gateway(): Address | undefined {
    return this.#gateway;
  }

  set gateway(address: Address | undefined) {
    this.#gateway = address;
    this.machine.handleGateway(address === undefined ? '' : showAddress(address));
  }

  /** The latest unexpected errors, oldest first. */
  get faults(): readonly Error[] {
    return this.#faults;
  }

  /** What is known of a node; of one that is neither connected nor in the tables only the id. */
  peerOf(id: string): Peer {
    const { machine } = this;
    const known = id === this.id ? machine.self : machine.known().find((contact) => contact.id === id);
    if (known !== undefined) return toPeer(known);
    return this.#connected.get(id) ?? { id, position: 0, addr: ['', 0] };
  }

  /** Whether a node that knows no member may come to know one without being told to connect. */
  mayConnect(): boolean {
    return this.#remembers || this.#joining !== undefined || this.#connected.size > 0;
  }

  /** Throws ERR_CLOSED once it is told to close. */
  assertOpen(): void {
    if (this.#closing !== undefined) throw closedError();
  }

  /** Throws what operations reject with where there is nobody to ask: for those that ask for nothing. */
  assertUsable(): void {
    this.assertOpen();
    if (!this.machine.seeksHome || this.#connected.size > 0) return;
    throw new ChordError(
      'ERR_NOT_CONNECTED',
      'no member is connected: connect to one first, or join to start a ring',
    );
  }

  /** Ends early where this node is closed. */
  pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return pause(ms, signal, this.closed);
  }

  run<Result>(command: Command, options: RunOptions): Promise<Result> {
    const isHomeless = this.machine.seeksHome && this.#connected.size > 0;
    if (isHomeless && needsMember(command)) return runOnceHome(this.#homeless, command, options);
    return this.#run(command, options);
  }

  #run<Result>(command: Command, options: RunOptions): Promise<Result> {
    if (this.#closing !== undefined) return Promise.reject(closedError());
    return this.#driver.run(command, options);
  }

  /**
   * Binds once; after a failure it can be tried again. Where it gives up waiting, binding goes on: a large
   * store takes a while to open, and one that hangs must not hold up its user.
   */
  async listen(call: RunOptions = { timeoutMs: Infinity }): Promise<void> {
    this.assertOpen();
    this.#listening ??= this.#listen().catch((error: unknown) => {
      this.#listening = undefined;
      throw error;
    });
    const doing = 'opening the store and the port';
    await within(this.#listening, call.timeoutMs, doing, call.signal, this.closed);
  }

  /** An address where nobody answers is tried again with back-off, for as long as the node lives. */
  async connect({ host, port }: Address, call: Call): Promise<Peer> {
    this.assertOpen();
    const deadline = new Deadline(call);
    await within(this.#wake(), call.timeoutMs, 'opening the store', call.signal, this.closed);
    const { timeoutMs, signal } = deadline.next('connecting');
    const limits = signal === undefined ? { timeoutMs } : { timeoutMs, signal };
    try {
      const contact = await this.links.dial(host, port, limits);
      this.#remember(host, port);
      return toPeer(contact);
    } catch (error) {
      if (isSilence(error)) this.#remember(host, port);
      throw error;
    }
  }

  /** The address is tried for as long as this node lives. */
  #remember(host: string, port: number): void {
    this.#remembers = true;
    this.#driver.remember(host, port);
  }

  /** Joins once: a second call while the first is under way waits for that. */
  async join(call: Call): Promise<void> {
    this.assertOpen();
    if (this.machine.member) return;
    this.#joining ??= this.#join(call).finally(() => {
      this.#joining = undefined;
    });
    await this.#joining;
  }

  /**
   * Whoever has begun to leave, this waits until everything held here is acknowledged. A join under way comes
   * first: it would otherwise make this node a member a moment later.
   */
  async unjoin(call: Call): Promise<void> {
    let left = call;
    if (this.#joining !== undefined) {
      const deadline = new Deadline(call);
      await settled(this.#joining, call.timeoutMs, call.signal, this.closed);
      call.signal?.throwIfAborted();
      left = deadline.next('leaving the ring');
    }
    const { member } = this.machine;
    await this.run({ type: 'leave' }, left);
    if (member) this.log.write('info', 'left the ring');
  }

  /** Leaves first, unless forced; forced while it is leaving, it stops waiting. */
  async close(force: boolean): Promise<void> {
    if (force) this.#force.abort();
    this.#over.abort(closedError());
    this.#closing ??= this.#close();
    await this.#closing;
  }

  /** Before the first word to anybody, what was known before the restart is known again. */
  async #wake(): Promise<void> {
    await this.#memory.open({
      restore: (records, birth) => this.#driver.restore(records, birth),
      rememberMembers: (members) => {
        for (const { host, port } of members) this.#driver.remember(host, port, false);
        this.#remembers ||= members.length > 0;
      },
      handleSaved: (token) => this.#driver.handleSaved(token),
      handleSaveFailed: (token, message) => this.#driver.handleSaveFailed(token, message),
    });
    this.assertOpen();
  }

  /** One of the members that it knew is enough to find the ring again; with none, it goes on trying them. */
  async #findBack(call: Call): Promise<void> {
    if (this.#connected.size > 0) return;
    const timeoutMs = Math.min(call.timeoutMs, this.config.profile.requestMaxMs);
    const own = showAddress(this.#outAddr);
    const others = this.#memory.members.filter((address) => showAddress(address) !== own);
    await untilClosed(this.closed, { ...call, timeoutMs }, (limits) =>
      Promise.any(others.map(({ host, port }) => this.links.dial(host, port, limits))).catch(() => {}),
    );
  }

  async #listen(): Promise<void> {
    await this.#wake();
    const { host, port } = this.config;
    const links = await this.links.open();
    this.#addr = await links.listen(host, port);
    this.#outAddr = announced(this.config, this.#addr.port);
    this.#driver.handleListening(this.#outAddr.host, this.#outAddr.port);
    const [bound, out] = [showAddress(this.#addr), showAddress(this.#outAddr)];
    this.log.write('info', `listens on ${bound}, announced as ${out}`, { id: this.id });
  }

  /** Given up when the node is closed, so that it does not become a member while it leaves. */
  async #join(call: Call): Promise<void> {
    await untilClosed(this.closed, call, async (limits) => {
      const deadline = new Deadline({ ...call, ...limits });
      await this.listen(call);
      await this.#findBack(deadline.next('joining'));
      await this.run({ type: 'join' }, deadline.next('joining'));
    });
    this.log.write('info', `joined at position ${this.machine.self.position}`);
  }

  async #close(): Promise<void> {
    const { log, config } = this;
    const [driver, memory] = [this.#driver, this.#memory];
    const { timeoutMs } = config.profile;
    const listening = (): Promise<void> | undefined => this.#listening;
    await closeDown({ log, timeoutMs, driver, memory, listening }, this.#force.signal);
    this.#emit('close');
  }

  #linkEvents(): LinkEvents {
    return {
      connected: (contact, member, tables) => this.#handleConnected(contact, member, tables),
      disconnected: (id, reason) => this.#handleDisconnected(id, reason),
      message: (id, message) => {
        if (this.log.hears('trace')) this.log.write('trace', `received ${message.body.type}`, { from: id });
        this.#connected.heard(id, message);
        this.#driver.handleMessage(id, message);
      },
      unreachable: (id) => this.#driver.handleUnreachable(id),
      refused: (notice) => {
        // An address that another node told may be our own; a user who dials it is told by the call.
        if (notice.error.self === true) return;
        this.log.write('warn', 'a connection was refused', notice);
        this.#emit('refused', notice);
      },
      error: (error) => this.#handleFault(error),
    };
  }

  #handleConnected(contact: Contact, member: boolean, tables: Tables | undefined): void {
    const peer = this.#connected.add(contact);
    this.#driver.handleConnected(contact, member, tables);
    if (peer === undefined) return;
    this.log.write('debug', 'connected', { id: contact.id, member });
    this.#emit('connect', peer);
  }

  #handleDisconnected(id: string, reason: string): void {
    // What it has told since it was connected: it may have joined, or moved.
    const latest = this.machine.known().find((contact) => contact.id === id);
    const peer = latest === undefined ? this.#connected.get(id) : toPeer(latest);
    this.#connected.remove(id);
    this.#driver.handleDisconnected(id);
    if (peer === undefined) return;
    this.log.write('debug', 'disconnected', { id, reason });
    this.#emit('disconnect', peer, reason);
  }

  #note(): void {
    if (this.machine.member) this.#memory.note(this.machine.self, this.machine.known());
  }

  #handleFault(cause: unknown): void {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    this.#faults.push(error);
    if (this.#faults.length > FAULTS_MAX) this.#faults.shift();
    this.log.write('error', error.message, { error });
    this.#emit('error', error);
  }
}

/** Nobody answered; a refusal, in contrast, and this node itself will not change by trying again. */
function isSilence(error: unknown): boolean {
  if (!(error instanceof ChordError) || error.self === true) return false;
  return error.code === 'ERR_UNREACHABLE' || error.code === 'ERR_TIMEOUT';
}
