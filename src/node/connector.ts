// Connector: connections on their way from a socket to a known peer. It accepts and dials, runs handshakes
// within their limits, tells of refusals, and sees every stream to its end. A link that opened is handed
// over; what becomes of it is decided in links.ts.
import type { Contact } from '../core/contact.ts';
import type { Tables } from '../core/message.ts';
import type { ByteStream } from '../transport/transport.ts';
import type { Codec } from '../wire/codec.ts';
import { FrameBudget } from '../wire/frame-budget.ts';
import type { Terms } from '../wire/handshake-message.ts';
import { type Address, showAddress } from './address.ts';
import { ChordError } from './errors.ts';
import type { Role } from './handshake.ts';
import { Link, type LinkFailure, type LinkHandler } from './link.ts';
import { type DialOptions, LARGE_FRAMES_BYTES, type LinksOptions, type LinkTimings } from './link-options.ts';
import { addressOf, closing, type Objection, overLimit } from './refusal.ts';

/** What the connector needs of the links, besides their options. */
export interface ConnectorOptions {
  readonly links: LinksOptions;
  readonly timings: LinkTimings;
  readonly terms: Terms;
  readonly codec: Codec;
  /** A reason not to take this peer. */
  readonly object: (id: string, remote: Address) => Objection | undefined;
  /** What becomes of links that opened. */
  readonly opened: (link: Link, peer: Contact, member: boolean, tables: Tables | undefined) => void;
  readonly message: LinkHandler['message'];
  readonly over: LinkHandler['over'];
}

export interface AttemptOptions extends DialOptions {
  /** Whom the connection is for, if that is known. */
  readonly expectedId?: string;
  readonly verifyOnly?: boolean;
}

type AttemptResult =
  | { readonly ok: true; readonly peer: Contact }
  | { readonly ok: false; readonly failure: LinkFailure };

/** A dial of ours that has not ended. */
interface Attempt {
  readonly expectedId: string | undefined;
  readonly settle: (result: AttemptResult) => void;
}

/**
 * Large messages wait by the dozen where many ask one member at once for the largest values; all else that
 * waits is small.
 */
const BULK_QUEUES = 8;

export class Connector {
  readonly #options: ConnectorOptions;
  readonly #handler: LinkHandler;
  readonly #budget: FrameBudget;
  /** Everything that has a stream. */
  readonly #all = new Set<Link>();
  /** Handshakes of connections that we accepted, and of those that we dialled. */
  readonly #inbound = new Set<Link>();
  readonly #outbound = new Map<Link, Attempt>();
  #isClosing = false;
  #allOver: (() => void) | undefined;

  constructor(options: ConnectorOptions) {
    this.#options = options;
    const { limits, largeFramesBytes = LARGE_FRAMES_BYTES } = options.links;
    this.#budget = new FrameBudget(limits.frameBytes, largeFramesBytes);
    this.#handler = {
      opened: (link, peer, member, tables) => {
        const attempt = this.#forget(link);
        options.opened(link, peer, member, tables);
        attempt?.settle({ ok: true, peer });
      },
      verified: (link, peer) => this.#forget(link)?.settle({ ok: true, peer }),
      failed: (link, failure) => this.#handleFailed(link, failure),
      message: options.message,
      malformed: (_link, error) => options.links.events.error(error),
      leftOut: (_link, error) => options.links.events.error(error),
      over: (link, reason) => {
        this.#all.delete(link);
        options.over(link, reason);
        if (this.#all.size === 0) this.#allOver?.();
      },
    };
  }

  /** 'host:port' of the other sides that are not known yet. */
  awaiting(): readonly string[] {
    return Array.from([...this.#inbound, ...this.#outbound.keys()], (link) => showAddress(link.remote));
  }

  accept(stream: ByteStream): void {
    const { handshakes } = this.#options.links.limits;
    const { handshakeMs } = this.#options.timings;
    const link = this.#makeLink(stream, 'listener', handshakeMs, false);
    const isTooMany = this.#inbound.size >= handshakes;
    this.#inbound.add(link);
    link.begin();
    if (!isTooMany) return;
    // A flood is not worth an answer each.
    const what = `${handshakes} handshakes are under way (limits.handshakes)`;
    const { error } = overLimit(stream.remote, what);
    link.abandon(error);
    this.#notify(link, error);
  }

  /** Rejects with ChordError, or with the signal's reason. */
  async dial(address: Address, options: AttemptOptions): Promise<Contact> {
    let result = await this.#attempt(address, options);
    if (!result.ok && result.failure.staleSession) {
      this.#options.links.transport.forget(address);
      result = await this.#attempt(address, options);
    }
    if (result.ok) return result.peer;
    throw result.failure.error;
  }

  /** Drops dials for a node that is connected by now, as long as nothing was said over them. */
  dropDialsTo(id: string): void {
    for (const [link, { expectedId }] of this.#outbound) {
      if (expectedId === id && link.isConnecting) link.abandon(superfluous(link.remote));
    }
  }

  /** Ends everything: what was sent goes out within `graceMs`. Resolves when all streams are gone. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    for (const link of this.#inbound) link.refuse(closing(link.remote));
    for (const link of this.#outbound.keys()) link.abandon(closed());
    if (this.#all.size === 0) return;
    const allOver = new Promise<void>((resolve) => {
      this.#allOver = resolve;
    });
    for (const link of this.#all) link.end('this node closed', graceMs);
    // A stream that never says that it is gone must not hold the node, and a deadline that does not keep the
    // process alive would end it here, in the middle (exit code 13). So this one does.
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs * 2);
    });
    await Promise.race([allOver, late]);
    clearTimeout(timer);
    for (const link of this.#all) link.destroy('this node closed');
  }

  async #attempt(address: Address, options: AttemptOptions): Promise<AttemptResult> {
    if (this.#isClosing) throw closed();
    const { signal, timeoutMs = this.#options.timings.handshakeMs } = options;
    signal?.throwIfAborted();
    const { handshakes } = this.#options.links.limits;
    if (this.#outbound.size >= handshakes) {
      throw overLimit(address, `${handshakes} dials are under way (limits.handshakes)`).error;
    }
    const stream = this.#options.links.transport.dial(address);
    const link = this.#makeLink(stream, 'dialler', timeoutMs, options.verifyOnly === true);
    return new Promise<AttemptResult>((resolve, reject) => {
      const abort = (): void => {
        this.#forget(link);
        link.destroy('the dial was aborted');
        reject(reasonOf(signal));
      };
      const settle = (result: AttemptResult): void => {
        signal?.removeEventListener('abort', abort);
        resolve(result);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#outbound.set(link, { expectedId: options.expectedId, settle });
      link.begin();
    });
  }

  #makeLink(stream: ByteStream, role: Role, openMs: number, verifyOnly: boolean): Link {
    const { terms, timings, codec } = this.#options;
    const { identity, secrets, hello, tables, limits, wallMs = Date.now } = this.#options.links;
    const { clockSkewMaxMs } = timings;
    const { remote } = stream;
    const object = (id: string): Objection | undefined => this.#options.object(id, remote);
    const link = new Link({
      stream,
      role,
      codec,
      budget: this.#budget,
      bulkBytes: BULK_QUEUES * limits.queueBytes,
      openMs,
      handler: this.#handler,
      handshake: {
        identity,
        terms,
        secrets,
        announcement: hello,
        tables,
        wallMs,
        clockSkewMaxMs,
        verifyOnly,
        object,
      },
    });
    this.#all.add(link);
    return link;
  }

  #handleFailed(link: Link, failure: LinkFailure): void {
    const isKnown = this.#inbound.has(link) || this.#outbound.has(link);
    const attempt = this.#forget(link);
    if (!isKnown) return;
    // Dialled again, it is not refused.
    if (failure.refused && !failure.staleSession) this.#notify(link, failure.error);
    attempt?.settle({ ok: false, failure });
  }

  #notify({ remote, role }: Link, error: ChordError): void {
    if (this.#isClosing) return;
    this.#options.links.events.refused({
      address: remote.host === '' ? undefined : addressOf(remote),
      direction: role === 'listener' ? 'inbound' : 'outbound',
      error,
    });
  }

  #forget(link: Link): Attempt | undefined {
    this.#inbound.delete(link);
    const attempt = this.#outbound.get(link);
    this.#outbound.delete(link);
    return attempt;
  }
}

/** Whatever the user gave, usually an error. */
function reasonOf(signal: AbortSignal | undefined): Error {
  return signal?.reason as Error;
}

function closed(): ChordError {
  return new ChordError('ERR_CLOSED', 'the socket is closed');
}

function superfluous(remote: Address): ChordError {
  const message = `a connection to the node at ${showAddress(remote)} came about otherwise`;
  return new ChordError('ERR_UNREACHABLE', message, { address: addressOf(remote) });
}
