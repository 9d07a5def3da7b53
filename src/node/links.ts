// Links: all authenticated connections of one node. It listens and dials, keeps one connection a pair,
// delivers messages to ids, and bounds how many connections there are and what waits for them. It knows no
// ring: who is worth a connection is decided by who sends. How a connection comes about is in connector.ts,
// its handshake in handshake.ts.
import type { Contact } from '../core/contact.ts';
import type { Destination } from '../core/effect.ts';
import type { Message, Tables } from '../core/message.ts';
import type { Listener } from '../transport/transport.ts';
import { WireError } from '../wire/bytes.ts';
import { Codec } from '../wire/codec.ts';
import { PROTOCOL_VERSION } from '../wire/handshake-message.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import { isWhole } from '../wire/parts.ts';
import { type Address, showAddress } from './address.ts';
import { Connector } from './connector.ts';
import { ChordError } from './errors.ts';
import { idOf, sha256 } from './identity.ts';
import type { Link } from './link.ts';
import { type DialOptions, LINK_TIMINGS, type LinksOptions, type LinkTimings } from './link-options.ts';
import { LinkTable } from './link-table.ts';
import { Outbox } from './outbox.ts';
import { addressOf, listenError, type Objection, overLimit } from './refusal.ts';

export type { DialOptions, LinkEvents, LinkLimits, LinksOptions, LinkTimings } from './link-options.ts';

/** Connections that are kept although nobody uses them: fingers, successors and the owners asked of late. */
const IDLE_CONNECTIONS_KEPT = 256;
/** But only up to this share of those allowed, so that there is room for whoever comes next. */
const IDLE_SHARE = 0.75;

export class Links {
  readonly #options: LinksOptions;
  readonly #timings: LinkTimings;
  readonly #codec: Codec;
  readonly #connector: Connector;
  readonly #table: LinkTable;
  readonly #outbox: Outbox;
  /** To be told in a later turn. */
  readonly #unreachable = new Set<string>();
  #unflushed: Link[] = [];
  /** Whether a flush follows in this turn. */
  #held = false;
  #listener: Listener | undefined;
  #closing: Promise<void> | undefined;

  /** Throws TypeError for a secret without encryption. */
  constructor(options: LinksOptions) {
    const { protocol, k, secrets, identity, limits } = options;
    const { subnet, encryption } = protocol;
    if (secrets.length > 0 && encryption === 'Plaintext') {
      throw new TypeError("a secret needs encryption 'SSL': in plaintext anybody on the way could use it");
    }
    this.#options = options;
    this.#timings = { ...LINK_TIMINGS, ...options.timings };
    this.#codec = new Codec({ k, hash: sha256, idOf, limits: WIRE_LIMITS });
    this.#table = new LinkTable(identity.id, this.#timings.handshakeMs);
    this.#outbox = new Outbox(limits.queueBytes);
    this.#connector = new Connector({
      links: options,
      timings: this.#timings,
      terms: { version: PROTOCOL_VERSION, subnet, encryption, k },
      codec: this.#codec,
      object: (id, remote) => this.#object(id, remote),
      opened: (link, peer, member, tables) => this.#handleOpened(link, peer, member, tables),
      message: (link, message) => options.events.message(link.peer?.id ?? '', message),
      over: (link, reason) => this.#drop(link, reason),
    });
  }

  /**
   * Resolves to the address with the port that was picked where 0 is given. Rejects with ERR_ADDRESS_IN_USE.
   */
  async listen(host: string, port: number): Promise<Address> {
    if (this.#closing !== undefined) throw closed();
    const address = { host, port };
    const { transport } = this.#options;
    let listener: Listener;
    try {
      listener = await transport.listen(address, (stream) => this.#connector.accept(stream));
    } catch (cause) {
      throw listenError(address, cause);
    }
    this.#listener = listener;
    // Closed meanwhile: close() did not see the listener.
    if (this.#closing === undefined) return listener.address;
    await listener.close();
    throw closed();
  }

  /**
   * Opens a connection and resolves to who answered, once both sides have proved who they are. Rejects with
   * ERR_UNREACHABLE, ERR_TIMEOUT, ERR_PROTOCOL_MISMATCH, ERR_UNAUTHORIZED, ERR_CLOCK_SKEW, ERR_LIMIT or
   * ERR_CLOSED, or the signal's reason.
   */
  dial(host: string, port: number, options: DialOptions = {}): Promise<Contact> {
    return this.#connector.dial({ host, port }, options);
  }

  /**
   * Proves over a fresh connection that the contact's node answers at its address; rejects as dial() where it
   * does not.
   */
  async verify(contact: Contact): Promise<void> {
    const { host, port, id } = contact;
    const answering = await this.#whoAnswers({ host, port });
    if (answering === id) return;
    const message = `another node answers at ${showAddress(contact)}: ${answering}, not ${id}`;
    throw new ChordError('ERR_UNREACHABLE', message, { address: addressOf(contact) });
  }

  /** The id of the node at an address; it may be this one. */
  async #whoAnswers(address: Address): Promise<string> {
    try {
      return (await this.#connector.dial(address, { verifyOnly: true })).id;
    } catch (error) {
      if (error instanceof ChordError && error.self === true) return this.#options.identity.id;
      throw error;
    }
  }

  /**
   * Delivers in order, over the connection to that node or, to a contact that can be dialled, over a new one.
   * Where it cannot, unreachable(id) is told, in a later turn; so it is where the message is beyond the
   * limits of the wire.
   */
  send(to: Destination, message: Message): void {
    const id = typeof to === 'string' ? to : to.id;
    const frame = this.#encode(id, message);
    if (frame === undefined) return;
    const link = this.#table.current(id);
    if (link !== undefined) return this.#write(id, link, frame, message.direction === 'reply');
    if (typeof to === 'string' || to.port === 0 || this.#closing !== undefined)
      return this.#reportUnreachable(id);
    const isUnderWay = this.#outbox.has(id);
    if (!this.#outbox.put(id, frame)) return this.#reportUnreachable(id);
    if (!isUnderWay) this.#connectTo(to);
  }

  /** Promises a flush in this turn: until then, nobody else sees to it that what is sent leaves. */
  hold(): void {
    this.#held = true;
  }

  /** Writes what was sent since the last flush; without it, that happens when the turn is over. */
  flush(): void {
    this.#held = false;
    const links = this.#unflushed;
    if (links.length === 0) return;
    this.#unflushed = [];
    const now = performance.now();
    for (const link of links) {
      link.unflushed = false;
      link.flush(now);
    }
  }

  connectedIds(): readonly string[] {
    return this.#table.ids();
  }

  /** The addresses ('host:port') of connections whose other side is not known yet. */
  awaiting(): readonly string[] {
    return this.#connector.awaiting();
  }

  /**
   * Ends everything: what was sent is still delivered, within closeMs, then the connections are broken off.
   * Dials under way reject with ERR_CLOSED. Afterwards nothing of it keeps the process alive.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const listening = this.#listener?.close();
    await this.#connector.close(this.#timings.closeMs);
    await listening;
  }

  #encode(id: string, message: Message): Uint8Array | undefined {
    try {
      return this.#codec.encode(message);
    } catch (cause) {
      if (!(cause instanceof WireError)) throw cause;
      const text = `a message to ${id} was not sent: ${cause.message}`;
      this.#reportUnreachable(id);
      this.#reportError(new ChordError('ERR_LIMIT', text, { cause }));
      return undefined;
    }
  }

  /** `isReply`: without an answer the asker asks again, so that one which finds no room may be left out. */
  #write(id: string, link: Link, frame: Uint8Array, isReply: boolean): void {
    if (!link.unflushed) {
      link.unflushed = true;
      this.#unflushed.push(link);
    }
    if (link.send(frame, this.#held)) return;
    const { queueBytes } = this.#options.limits;
    if (isReply && !isWhole(frame)) {
      const text = `an answer of ${frame.length} bytes to ${id} was left out: too many wait for it already`;
      return this.#reportError(new ChordError('ERR_LIMIT', text, { address: addressOf(link.remote) }));
    }
    const reason = `it does not read: more than ${queueBytes} bytes wait (limits.queueBytes)`;
    const message = `the connection to ${id} at ${showAddress(link.remote)} was closed, because ${reason}`;
    this.#reportUnreachable(id);
    this.#reportError(new ChordError('ERR_LIMIT', message, { address: addressOf(link.remote) }));
    link.destroy(reason);
  }

  /** Makes the connection that the outbox waits for. */
  #connectTo(contact: Contact): void {
    const { id, host, port } = contact;
    const settled = (): void => {
      // Nothing is left where the node itself was connected to, over this connection or another one.
      if (this.#outbox.take(id).length > 0) this.#options.events.unreachable(id);
    };
    this.#connector.dial({ host, port }, { expectedId: id }).then(settled, settled);
  }

  #handleOpened(link: Link, peer: Contact, member: boolean, tables: Tables | undefined): void {
    const { id } = peer;
    const replacement = this.#table.add(id, link);
    this.#connector.dropDialsTo(id);
    for (const frame of this.#outbox.take(id)) {
      this.#write(id, this.#table.current(id) ?? link, frame, false);
    }
    this.#options.events.connected(peer, member, tables);
    if (replacement !== undefined) {
      const { loser, isDead } = replacement;
      if (isDead) loser.destroy('that node was started anew');
      else if (loser.role === 'dialler') this.#retire(loser);
    }
    this.#dropIdle();
  }

  /**
   * Ends a link that is not used for sending any more, once nothing arrives over it either. Only the side
   * that dialled it does so: should the two ever disagree about which one to keep, both are kept.
   */
  #retire(link: Link): void {
    const { retireMs } = this.#timings;
    const check = (): void => {
      if (this.#table.current(link.peer?.id ?? '') === link || !link.isOpen) return;
      const isUnused = performance.now() - link.lastUsedAt >= retireMs;
      if (isUnused) this.#letGo(link, 'another connection to the same node took its place');
      else this.#retire(link);
    };
    setTimeout(check, retireMs).unref();
  }

  #dropIdle(): void {
    const share = Math.ceil(this.#options.limits.connections * IDLE_SHARE);
    const excess = this.#table.count - Math.min(IDLE_CONNECTIONS_KEPT, share);
    if (excess <= 0) return;
    const before = performance.now() - this.#timings.idleMs;
    for (const link of this.#table.idle(before, excess)) this.#letGo(link, 'it was not used');
  }

  #letGo(link: Link, reason: string): void {
    link.end(reason, this.#timings.handshakeMs);
    this.#drop(link, reason);
  }

  #drop(link: Link, reason: string): void {
    const id = link.peer?.id;
    if (id !== undefined && this.#table.remove(id, link)) this.#options.events.disconnected(id, reason);
  }

  #object(id: string, remote: Address): Objection | undefined {
    const { connections } = this.#options.limits;
    if (this.#table.count < connections || this.#table.has(id)) return undefined;
    return overLimit(remote, `all ${connections} connections are taken (limits.connections)`);
  }

  #reportUnreachable(id: string): void {
    if (this.#unreachable.size === 0) queueMicrotask(() => this.#tellUnreachable());
    this.#unreachable.add(id);
  }

  #tellUnreachable(): void {
    const ids = [...this.#unreachable];
    this.#unreachable.clear();
    for (const id of ids) this.#options.events.unreachable(id);
  }

  #reportError(error: ChordError): void {
    queueMicrotask(() => this.#options.events.error(error));
  }
}

function closed(): ChordError {
  return new ChordError('ERR_CLOSED', 'the socket is closed');
}
