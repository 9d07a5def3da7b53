// MeshSocket: a node of a network as users hold it: identity, life cycle, connections, messages, the view of
// its neighbourhood. It owns the public names and the parsing of their arguments; LocalNode and Messenger do
// the work. The dictionary is ChordSocket's.
import { EventEmitter } from 'node:events';
import { inspect, type InspectOptions } from 'node:util';
import { parseAddress } from './address.ts';
import { type Call, type CallOptions, parseCall, parseNamed } from './call-options.ts';
import type { SocketEvents } from './events.ts';
import { exposureOf } from './exposure.ts';
import { LocalNode } from './local-node.ts';
import type { MessageHandler } from './mailbox.ts';
import type { Message } from './message.ts';
import { Messenger } from './messenger.ts';
import { type ChordOptions, parseSocketConfig } from './options.ts';
import { type Peer, toPeer } from './peer.ts';
import { meshProtocol, type Protocol } from './protocol.ts';
import { type Health, Readiness } from './readiness.ts';

/** How long to wait, and a way to stop waiting. */
export type WaitOptions = Omit<CallOptions, 'consistency'>;

export interface ReadyOptions extends WaitOptions {
  /** Members that must be seen; at least 1, the default. */
  readonly members?: number | undefined;
}

export interface CloseOptions {
  /** Ends at once, without handing the entries over. Default false. */
  readonly force?: boolean | undefined;
}

/** A socket in JSON. */
export interface SocketSummary {
  readonly id: string;
  readonly addr: readonly [host: string, port: number];
  readonly outAddr: readonly [host: string, port: number];
  readonly k: number;
  readonly position: number;
  readonly leeching: boolean;
  readonly protocol: Pick<Protocol, 'subnet' | 'encryption'>;
}

/**
 * A node of a peer-to-peer network. It binds and connects when told to, and is a client until it joins: a
 * client can use the ring, stores nothing for it and is never dialled.
 */
export class MeshSocket extends EventEmitter<SocketEvents> {
  // `console.log` and `util.inspect` show what JSON shows. Defined here, because the declarations of this
  // class cannot name the method.
  static {
    Object.defineProperty(this.prototype, inspect.custom, {
      value(this: MeshSocket, _depth: number, options: InspectOptions): string {
        return `${this.constructor.name} ${inspect(this.toJSON(), options)}`;
      },
    });
  }

  readonly #node: LocalNode;
  readonly #readiness: Readiness;
  #isExposureTold = false;
  readonly #messenger: Messenger;

  /**
   * `addr` is the host or IP address to listen on ('0.0.0.0' and '::' are all of them); `port` is in
   * 0..65535, 0 picks a free one. `standard` is the protocol where the options give none. Costs one key
   * pair (about 0.2 ms); nothing is bound yet.
   * @throws TypeError and RangeError for misuse, unknown options included.
   */
  constructor(addr: string, port: number, options?: ChordOptions, standard: Protocol = meshProtocol) {
    super();
    this.#node = new LocalNode(
      parseSocketConfig(addr, port, options, standard),
      (name, ...args) => this.#emitSafely(name, args),
      (delivery) => this.#messenger.deliver(delivery),
    );
    this.#messenger = new Messenger(this.#node, {
      queued: () => this.#emitSafely('message', []),
      dropped: ({ sender }) => this.#emitSafely('gap', [{ sender, count: 1, reason: 'queue' }]),
      failed: throwLater,
    });
    const { config, id } = this.#node;
    this.#readiness = new Readiness(
      this.#node,
      {
        id,
        isMember: () => this.#node.member,
        health: () => this.#node.health(),
        assertOpen: () => this.#node.assertOpen(),
        mayConnect: () => this.#node.mayConnect(),
      },
      config.profile.retryMs,
    );
  }

  /** The node behind this socket; for sockets that extend this one. */
  protected get node(): LocalNode {
    return this.#node;
  }

  /** The ring has 2**k positions. */
  get k(): number {
    return this.#node.config.k;
  }

  /** base58(SHA-256(public key)); made in the constructor. */
  get id(): string {
    return this.#node.id;
  }

  /** Where this node stands, in [0, 2**k). Joining chooses it, and it may change when rings merge. */
  get position(): number {
    return this.#node.machine.self.position;
  }

  /** The address listened on; port 0 before a free one is picked. */
  get addr(): readonly [host: string, port: number] {
    return this.#node.addr;
  }

  /** The address announced to peers; with '0.0.0.0' or '::' and no `outAddr` option, the LAN address. */
  get outAddr(): readonly [host: string, port: number] {
    return this.#node.outAddr;
  }

  /**
   * Where this node's gateway can be reached, for all to see in `ring()`; undefined while it has none.
   * Whoever opens a gateway sets it, and takes it back. Throws TypeError and RangeError for what is no
   * address.
   */
  get gateway(): readonly [host: string, port: number] | undefined {
    const address = this.#node.gateway;
    return address === undefined ? undefined : [address.host, address.port];
  }

  set gateway(address: readonly [host: string, port: number] | undefined) {
    this.#node.gateway = address === undefined ? undefined : parseAddress(address[0], address[1]);
  }

  get protocol(): Protocol {
    return this.#node.config.protocol;
  }

  /** True until joined, and again after unjoin and close: uses the ring without storing anything for it. */
  get leeching(): boolean {
    return !this.#node.member;
  }

  /**
   * The members that this node knows, by id: successors, fingers and predecessor, not the whole ring; none
   * once it is closed. A snapshot.
   */
  get routingTable(): ReadonlyMap<string, Peer> {
    return new Map(this.#node.known().map((contact) => [contact.id, toPeer(contact)]));
  }

  /** Connections that have not proved yet who they are, as 'host:port'. A snapshot. */
  get awaitingIds(): readonly string[] {
    return this.#node.links.awaiting();
  }

  /** The member behind this one, clockwise; undefined for a client and for a member that is alone. */
  get next(): Peer | undefined {
    const successor = this.#node.neighbourhood.successors[0];
    return successor === undefined ? undefined : toPeer(successor);
  }

  /** The member before this one; undefined for a client and for a member that is alone. */
  get prev(): Peer | undefined {
    const { predecessor } = this.#node.neighbourhood;
    return predecessor === undefined ? undefined : toPeer(predecessor);
  }

  /** 'Nominal', or the latest unexpected errors (16 at most), oldest first. */
  get status(): 'Nominal' | readonly Error[] {
    const { faults } = this.#node;
    return faults.length === 0 ? 'Nominal' : [...faults];
  }

  /**
   * Listens for others, once. An open listening socket keeps the process alive until it is closed. Where
   * there is a store, it is opened first, however long that takes; `close` ends the wait.
   * Rejects with ERR_ADDRESS_IN_USE, after which it may be tried again, and with ERR_CLOSED.
   */
  async listen(): Promise<void> {
    await this.#node.listen();
    this.#tellExposure();
  }

  /**
   * Opens a connection to a node, and resolves once both sides have proved who they are. Takes ('host',
   * port) or 'host:port', IPv6 as ('::1', port) or '[::1]:port'. It does not need `listen`. Costs two round
   * trips (TLS: three).
   *
   * The address is remembered: when the node is lost, or nobody answered this time, it is dialled again now
   * and then for as long as this socket is open.
   *
   * Rejects with ERR_PROTOCOL_MISMATCH {ours, theirs?, differs}, ERR_UNAUTHORIZED or ERR_CLOCK_SKEW when
   * refused, with ERR_UNREACHABLE or ERR_TIMEOUT when nobody answers, ERR_CLOSED, or `signal.reason`.
   */
  connect(addr: string, port: number, options?: WaitOptions): Promise<Peer>;
  connect(address: string, options?: WaitOptions): Promise<Peer>;
  async connect(addr: string, port?: number | WaitOptions, options?: WaitOptions): Promise<Peer> {
    const isApart = typeof port === 'object' && port !== null;
    const address = parseAddress(addr, isApart ? undefined : port);
    return this.#node.connect(address, this.#parseWait(isApart ? port : options));
  }

  /**
   * Becomes a member: listens, has a peer dial the announced address back, takes a free position and
   * resolves once it answers for its arc. Without a connection it begins a ring of its own, which becomes
   * one with others when they meet. A second call while one is under way waits for the first, with its
   * options.
   *
   * Rejects with ERR_RING_FULL when all 2**k positions are taken (it goes on as a client), with
   * ERR_UNREACHABLE when nobody can dial the announced address, with ERR_ADDRESS_IN_USE, ERR_TIMEOUT,
   * ERR_CLOSED, or `signal.reason`.
   */
  async join(options?: WaitOptions): Promise<void> {
    // Beside it, not before: a join is under way from the call on.
    await Promise.all([this.#node.join(this.#parseWait(options)), this.listen()]);
  }

  /**
   * Stops being a member; resolves once every entry held here is acknowledged by the members now
   * responsible, at once for a client that holds none and for the last member of a ring, which keeps its
   * entries. It is a client from the call on. Where this rejects, the hand-over goes on, and another call
   * waits for it, as does one beside the first.
   * Rejects with ERR_TIMEOUT, ERR_CLOSED, or `signal.reason`.
   */
  async unjoin(options?: WaitOptions): Promise<void> {
    await this.#node.unjoin(this.#parseWait(options));
  }

  /**
   * Resolves when a walk of the ring sees at least `members` members that agree with each other, and, for a
   * member, its own arc is being served. Walks again and again until then, each time one request a member.
   * Rejects with ERR_TIMEOUT, which says what was seen, at once with ERR_NOT_CONNECTED for a client that
   * knows nobody, ERR_CLOSED, or `signal.reason`.
   */
  async ready(options?: ReadyOptions): Promise<void> {
    const call = parseCall(options, this.#node.defaults, ['members']);
    await this.#readiness.wait(parseMembers(options?.members), call);
  }

  /**
   * Walks the ring once, one request a member, and says what that shows. What goes wrong is in the answer:
   * it rejects only with `signal.reason` and with TypeError or RangeError for misuse.
   */
  async health(options?: WaitOptions): Promise<Health> {
    return this.#readiness.health(this.#parseWait(options));
  }

  /**
   * Whether this process may end without an entry losing its last copy or its majority: everything held
   * here has all its other copies, and these are a majority without it. So it is false for a member with
   * entries where there are fewer than three copies (`replicas`, members): `unjoin` first there. True for a
   * client, unless it still holds entries that it has not handed over. A member walks the ring for this, one
   * request a member.
   * Rejects with ERR_TIMEOUT, ERR_UNREACHABLE, ERR_CLOSED, or `signal.reason`.
   */
  async safeToStop(options?: WaitOptions): Promise<boolean> {
    return this.#readiness.safeToStop(this.#node.config.replicas, this.#parseWait(options));
  }

  /**
   * Sends a message to every other node of the network, members and clients, once each, and in the order of
   * the calls. A packet is text or bytes and arrives as what it is. Passed on from member to member: one
   * message and one acknowledgement for each node, in about log2(members) steps.
   *
   * Resolves when every part of the network has acknowledged it. It need not be awaited: a failure that
   * nobody catches is logged. Rejects with TypeError for other packets or none, ERR_LIMIT (above
   * limits.messageBytes, or too many wait), ERR_NOT_CONNECTED, ERR_CLOSED, and with ERR_TIMEOUT where a part
   * has not acknowledged it in time; the neighbours go on trying for limits.messageWindowMs.
   */
  send(...packets: (string | Uint8Array)[]): Promise<void> {
    return this.#messenger.send(packets);
  }

  /**
   * Sends a message to one node, wherever in the network it is. Whispers to one node arrive once each and in
   * the order of the calls. Costs one message to a node that is known, and a lookup to find another.
   *
   * Resolves when that node has it. As with `send`, it need not be awaited. Rejects with ERR_UNREACHABLE
   * where no such node is found or it does not answer, ERR_TIMEOUT, and as `send`.
   */
  whisper(id: string, ...packets: (string | Uint8Array)[]): Promise<void> {
    return this.#messenger.whisper(id, packets);
  }

  /**
   * The oldest message that was not received yet, or undefined; with a number, at most so many. Messages
   * wait in a queue of limits.messageQueue messages and limits.messageQueueBytes bytes; when one more comes,
   * the oldest is dropped and `gap` emitted. Costs no request.
   * @throws TypeError or RangeError for anything but an integer of at least 0.
   */
  recv(): Message | undefined;
  recv(count: number): Message[];
  recv(count?: number): Message | undefined | Message[] {
    return count === undefined ? this.#messenger.receive() : this.#messenger.receiveMany(count);
  }

  /**
   * Has every message shown to the handler before it is queued, after the handlers registered before. A
   * handler that returns something truthy has dealt with the message: it goes no further. `connection` is
   * the node that handed it over, often not the sender. What a handler throws is an uncaught exception, and
   * the message goes on.
   * @throws TypeError for anything but a function of at most two parameters.
   */
  registerHandler(handler: MessageHandler): void {
    this.#messenger.register(handler);
  }

  /**
   * Leaves the ring, closes every connection, and ends what still waits with ERR_CLOSED; afterwards the
   * process can exit. Leaving ends when all that is held here is acknowledged by others, also where an
   * `unjoin` has begun it, or after 3 s (the profile's time-out where that is shorter); `force` skips it. To
   * be sure that entries are handed over, `unjoin` first: `close` goes on when that takes too long. It ends
   * within 5 s, even where the store hangs. Idempotent; with `force` it also hurries a close under way.
   */
  async close(options?: CloseOptions): Promise<void> {
    const force = parseNamed(options, ['force'], 'options')['force'] ?? false;
    if (typeof force !== 'boolean') throw new TypeError(`force must be true or false, got ${typeof force}`);
    await this.#node.close(force);
  }

  /** The same as `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What a log may show of a socket: who and where it is, and nothing of its secrets and entries. */
  toJSON(): SocketSummary {
    const { id, addr, outAddr, k, position, leeching } = this;
    const { subnet, encryption } = this.protocol;
    return { id, addr, outAddr, k, position, leeching, protocol: { subnet, encryption } };
  }

  /** Once: whoever reads the log knows it then. */
  #tellExposure(): void {
    if (this.#isExposureTold) return;
    this.#isExposureTold = true;
    const [host, port] = this.addr;
    const warning = exposureOf(this.#node.config, { host, port });
    if (warning !== undefined) this.#node.log.write('warn', warning);
  }

  #parseWait(options: WaitOptions | undefined): Call {
    return parseCall(options, this.#node.defaults);
  }

  /**
   * An error in a user's listener is the user's to see, as an uncaught exception, but the node must not
   * stop half-way for it.
   */
  #emitSafely(name: keyof SocketEvents, args: SocketEvents[keyof SocketEvents]): void {
    if (name === 'error' && this.listenerCount('error') === 0) return;
    try {
      this.emit(name, ...args);
    } catch (error) {
      throwLater(error);
    }
  }
}

function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

function parseMembers(value: unknown): number {
  if (value === undefined) return 1;
  if (typeof value !== 'number') throw new TypeError(`members must be a number, got ${typeof value}`);
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`members must be an integer of at least 1, got ${value}`);
  }
  return value;
}
