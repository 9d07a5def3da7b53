// Link: one connection to another node, from its first byte to its last. It runs the handshake over a byte
// stream within a time limit, tells strangers from nodes, and turns bytes into messages. It owns one stream;
// which links a node keeps, and what their messages mean, is decided above.
import type { Contact } from '../core/contact.ts';
import type { Message, Tables } from '../core/message.ts';
import { type Opening, recogniseOpening } from '../transport/opening.ts';
import type { ByteStream, ChannelFacts, StreamEnd, StreamHandler } from '../transport/transport.ts';
import { WireError } from '../wire/bytes.ts';
import type { Codec } from '../wire/codec.ts';
import { FrameReader } from '../wire/frame.ts';
import type { FrameBudget } from '../wire/frame-budget.ts';
import type { Difference, HandshakeMessage, Terms } from '../wire/handshake-message.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import { isWhole } from '../wire/parts.ts';
import { type Address, showAddress } from './address.ts';
import { Bulk } from './bulk.ts';
import { ChordError } from './errors.ts';
import { type Announcement, Handshake, type HandshakeOptions, type Role } from './handshake.ts';
import { addressOf, foreign, messageOf, type Objection } from './refusal.ts';

/** A connection that was refused, by us or by the other side; told once on each side. */
export interface RefusedNotice {
  /** Of the other side, undefined where the host does not know it any more. */
  readonly address: readonly [host: string, port: number] | undefined;
  readonly direction: 'inbound' | 'outbound';
  readonly error: ChordError;
}

/** Why a link never opened. */
export interface LinkFailure {
  readonly error: ChordError;
  /** Whether one side refused the other, which is told to the user; else it just did not come about. */
  readonly refused: boolean;
  /** The session that was resumed is not the peer's: forget it and dial again. */
  readonly staleSession: boolean;
}

/** What a link tells, in this order: one of opened, verified and failed; messages, if it opened; over. */
export interface LinkHandler {
  opened(link: Link, peer: Contact, member: boolean, tables: Tables | undefined): void;
  verified(link: Link, peer: Contact): void;
  failed(link: Link, failure: LinkFailure): void;
  message(link: Link, message: Message): void;
  /** The peer sent what is no message; the link ends. */
  malformed(link: Link, error: ChordError): void;
  /** A message of the peer found no room; the link goes on. */
  leftOut(link: Link, error: ChordError): void;
  /** The stream is gone; `reason` is a part of a sentence. */
  over(link: Link, reason: string): void;
}

export interface LinkOptions {
  readonly stream: ByteStream;
  readonly role: Role;
  readonly codec: Codec;
  /** Of the node: for large messages that are arriving. */
  readonly budget: FrameBudget;
  /** Bytes of large messages that may wait. */
  readonly bulkBytes: number;
  /** All that the handshake needs besides what the stream tells. */
  readonly handshake: Omit<HandshakeOptions, 'role' | 'remote' | 'facts' | 'announcement'> & {
    readonly announcement: () => Announcement;
  };
  /** Milliseconds from now by which the handshake has to be over, connecting included. */
  readonly openMs: number;
  readonly handler: LinkHandler;
}

interface Stranger {
  readonly differs: readonly Difference[];
  /** What is said of one that came to us, and of one that we dialled. */
  readonly listener: string;
  readonly dialler: string;
}

const SPEAKS_TLS = "speaks TLS, and this node's encryption is Plaintext: give both the same encryption";
const TLS_STRANGER: Stranger = { differs: ['encryption'], listener: SPEAKS_TLS, dialler: SPEAKS_TLS };

/** Who it is that does not begin with a frame. */
const STRANGERS: Readonly<Record<Exclude<Opening, 'frames'>, Stranger>> = {
  tls: TLS_STRANGER,
  'tls-alert': TLS_STRANGER,
  http: {
    differs: [],
    listener: 'is an HTTP client: this port speaks the chord-socket protocol only',
    dialler: 'is an HTTP server: that port does not speak the chord-socket protocol',
  },
  unknown: {
    differs: [],
    listener: 'sent unknown bytes, which are no message of this protocol',
    dialler: 'answers with unknown bytes: another kind of server listens there',
  },
};

/** How long a side that was refused may take to read why. */
const LINGER_MS = 1_000;

/** What a stranger may send before it has proved who it is: a welcome with full tables has some 30 kB. */
const HANDSHAKE_BYTES_MAX = 131_072;

const HTTP_ANSWER =
  'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n' +
  'This is the port of a chord-socket node: it speaks the protocol of chord-socket only, not HTTP.\n';

export class Link implements StreamHandler {
  readonly role: Role;
  readonly remote: Address;
  /** Known once it is open. */
  peer: Contact | undefined;
  /** Monotonic milliseconds. */
  openedAt = 0;
  lastUsedAt = 0;
  /** Whether something was sent since the links were flushed last. */
  unflushed = false;
  readonly #options: LinkOptions;
  readonly #reader: FrameReader;
  readonly #bulk: Bulk;
  #ending = false;
  #handshake: Handshake | undefined;
  #facts: ChannelFacts | undefined;
  #receivedBytes = 0;
  #state: 'opening' | 'open' | 'lingering' | 'over' = 'opening';
  #timer: NodeJS.Timeout | undefined;
  #endReason: string | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.role = options.role;
    this.remote = options.stream.remote;
    const leftOut = (bytes: number): void => this.#tellLeftOut(bytes);
    this.#reader = new FrameReader(WIRE_LIMITS.frameBytes, { budget: options.budget, leftOut });
    this.#bulk = new Bulk(options.stream, options.bulkBytes);
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Whether nothing can have been said over it yet. */
  get isConnecting(): boolean {
    return this.#state === 'opening' && this.#facts === undefined;
  }

  /** Starts the stream and the clock. */
  begin(): void {
    const { stream, openMs } = this.#options;
    this.#arm(openMs, () => this.#handleTimeout());
    stream.start(this);
  }

  /**
   * Sends a frame, a large one in parts that let others pass; false when too much waits already. `held`: a
   * flush follows in this turn.
   */
  send(frame: Uint8Array, held: boolean): boolean {
    return isWhole(frame) ? this.#options.stream.send(frame, held) : this.#bulk.put(frame);
  }

  /** Writes what was sent, before the turn is over; `now` is monotonic milliseconds. */
  flush(now: number): void {
    this.lastUsedAt = now;
    this.#options.stream.flush();
  }

  /**
   * Ends our side after what was sent, receives what the other side still sends, and breaks off after
   * `graceMs`.
   */
  end(reason: string, graceMs: number): void {
    if (this.#state === 'over') return;
    this.#endReason ??= reason;
    this.#arm(graceMs, () => this.#options.stream.destroy());
    this.#ending = true;
    this.#endSent();
  }

  destroy(reason: string): void {
    this.#endReason ??= reason;
    this.#options.stream.destroy();
  }

  /** Refuses the other side while the handshake is under way. */
  refuse(objection: Objection): void {
    if (this.#state !== 'opening') return;
    this.#sendHandshake([messageOf(objection, this.#terms)]);
    this.#fail(objection.error, true);
    this.#linger();
  }

  /** Gives up while the handshake is under way; the error is what it fails with. */
  abandon(error: ChordError): void {
    if (this.#state !== 'opening') return;
    this.#fail(error, false);
    this.#options.stream.destroy();
  }

  opened(facts: ChannelFacts): void {
    this.#facts = facts;
    const { role, remote } = this;
    const announcement = this.#options.handshake.announcement();
    this.#handshake = new Handshake({ ...this.#options.handshake, announcement, role, remote, facts });
    // The dialler speaks first, so that a listener sees whether it is a node that has come.
    if (role === 'dialler') this.#sendHandshake(this.#handshake.start());
  }

  received(bytes: Uint8Array): void {
    if (this.#state === 'lingering') return;
    if (this.#receivedBytes === 0 && !this.#meet(bytes)) return;
    this.#receivedBytes += bytes.length;
    this.lastUsedAt = performance.now();
    try {
      this.#reader.push(bytes);
      let payload = this.#reader.next();
      while (payload !== undefined) {
        this.#take(payload);
        payload = this.#isReading ? this.#reader.next() : undefined;
      }
      if (this.#state === 'opening' && this.#receivedBytes > HANDSHAKE_BYTES_MAX) {
        throw new WireError(`more than ${HANDSHAKE_BYTES_MAX} bytes before the handshake is over`, 0);
      }
    } catch (error) {
      this.#reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  drained(): void {
    this.#bulk.pump();
    this.#endSent();
  }

  closed(end: StreamEnd): void {
    this.#bulk.clear();
    this.#reader.clear();
    if (this.#state === 'opening') this.#failBy(end);
    this.#state = 'over';
    clearTimeout(this.#timer);
    this.#options.handler.over(this, this.#endReason ?? end.message);
  }

  /** Ends our side once all that was sent is on its way. */
  #endSent(): void {
    if (!this.#ending || !this.#bulk.isEmpty) return;
    this.#ending = false;
    this.#options.stream.end();
  }

  get #terms(): Terms {
    return this.#options.handshake.terms;
  }

  get #isReading(): boolean {
    return this.#state === 'opening' || this.#state === 'open';
  }

  #take(payload: Uint8Array): void {
    const { codec, handler } = this.#options;
    if (this.#state === 'open') handler.message(this, codec.decode(payload));
    else this.#advance(codec.decodeHandshake(payload));
  }

  #advance(message: HandshakeMessage): void {
    const handshake = this.#handshake;
    if (handshake === undefined) return;
    this.#sendHandshake(handshake.handle(message));
    const { outcome } = handshake;
    if (outcome === undefined) return;
    const { handler } = this.#options;
    switch (outcome.type) {
      case 'open':
        this.#state = 'open';
        clearTimeout(this.#timer);
        this.peer = outcome.peer;
        this.openedAt = performance.now();
        handler.opened(this, outcome.peer, outcome.member, outcome.tables);
        return;
      case 'verified':
        this.#linger();
        handler.verified(this, outcome.peer);
        return;
      case 'refused':
        this.#fail(outcome.error, true, outcome.staleSession);
        this.#linger();
    }
  }

  /** Looks at the first bytes; false for a stranger, which is told so where it can be, and let go. */
  #meet(first: Uint8Array): boolean {
    const opening = recogniseOpening(first);
    if (opening !== 'frames') {
      this.#turnAway(opening);
      return false;
    }
    if (this.role === 'listener' && this.#handshake !== undefined)
      this.#sendHandshake(this.#handshake.start());
    return true;
  }

  #turnAway(opening: Exclude<Opening, 'frames'>): void {
    const { differs, listener, dialler } = STRANGERS[opening];
    const what = this.role === 'listener' ? listener : dialler;
    const objection = foreign(this.remote, this.#terms, differs, what);
    const { stream } = this.#options;
    if (opening === 'http' && this.role === 'listener') stream.send(Buffer.from(HTTP_ANSWER));
    // A TLS client cannot read this, but it notices at once that it is no TLS.
    if (opening === 'tls') this.#sendHandshake([messageOf(objection, this.#terms)]);
    this.#fail(objection.error, true);
    this.#linger();
  }

  /**
   * Bytes that are no message; or a fault of ours in reading them, which costs the connection as well, not
   * the process.
   */
  #reject(cause: Error): void {
    if (this.#state === 'opening') {
      const what = `sent bytes that are no message of this protocol: ${cause.message}`;
      this.refuse(foreign(this.remote, this.#terms, [], what, cause));
      return;
    }
    if (this.#state !== 'open') return;
    const message = `${showAddress(this.remote)} sent a malformed message: ${cause.message}`;
    const details = { cause, address: addressOf(this.remote), differs: [] };
    this.#options.handler.malformed(this, new ChordError('ERR_PROTOCOL_MISMATCH', message, details));
    this.destroy('it sent a malformed message');
  }

  #tellLeftOut(bytes: number): void {
    const { ownBytes } = this.#options.budget;
    const message =
      `a message of ${bytes} bytes from ${showAddress(this.remote)} was left out: too many bytes of ` +
      `messages above ${ownBytes} bytes are arriving already (limits.frameBytes)`;
    const details = { address: addressOf(this.remote) };
    this.#options.handler.leftOut(this, new ChordError('ERR_LIMIT', message, details));
  }

  #handleTimeout(): void {
    if (this.#state !== 'opening') return;
    const { openMs, stream } = this.#options;
    const message = `${showAddress(this.remote)} did not complete the handshake within ${openMs} ms`;
    // Told of a stranger that sits on our port; whoever dialled is told by the attempt that fails.
    this.#fail(
      new ChordError('ERR_TIMEOUT', message, { address: addressOf(this.remote) }),
      this.role === 'listener',
    );
    stream.destroy();
  }

  /** The stream ended before the handshake did. */
  #failBy(end: StreamEnd): void {
    const { remote } = this;
    switch (end.kind) {
      case 'not-tls': {
        const what = "does not speak TLS, and this node's encryption is SSL: give both the same encryption";
        this.#fail(foreign(remote, this.#terms, ['encryption'], what, end.cause).error, true);
        return;
      }
      case 'tls-failed':
        this.#fail(
          foreign(remote, this.#terms, [], `could not be spoken to: ${end.message}`, end.cause).error,
          true,
        );
        return;
      case 'ended':
      case 'broken':
      case 'unreachable':
      case 'destroyed': {
        const what = end.kind === 'unreachable' ? 'cannot be reached' : 'went away during the handshake';
        const message = `${showAddress(remote)} ${what}: ${end.message}`;
        const details = { cause: end.cause, address: addressOf(remote) };
        this.#fail(new ChordError('ERR_UNREACHABLE', message, details), false);
      }
    }
  }

  #fail(error: ChordError, refused: boolean, staleSession: boolean = false): void {
    this.#state = 'lingering';
    this.#options.handler.failed(this, { error, refused, staleSession });
  }

  /** What was sent goes out, the rest of what arrives is not looked at. */
  #linger(): void {
    this.#state = 'lingering';
    this.end('the handshake did not lead to a connection', LINGER_MS);
  }

  #sendHandshake(messages: readonly HandshakeMessage[]): void {
    for (const message of messages) this.#options.stream.send(this.#options.codec.encodeHandshake(message));
  }

  #arm(ms: number, action: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, ms);
    // The stream keeps the process alive while it is needed; a deadline alone need not.
    this.#timer.unref();
  }
}
