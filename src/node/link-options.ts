// What Links is given: its options, limits and timings, and the events that it tells. No code but the
// defaults.
import type { Contact } from '../core/contact.ts';
import type { Message, Tables } from '../core/message.ts';
import type { Transport } from '../transport/transport.ts';
import type { ChordError } from './errors.ts';
import type { Announcement } from './handshake.ts';
import type { Identity } from './identity.ts';
import type { RefusedNotice } from './link.ts';
import type { Protocol } from './protocol.ts';

/** A handler may call the links at once; nothing is told while a call of send is still running. */
export interface LinkEvents {
  /**
   * A connection was opened, in either direction; also a second one to a peer, whose role or address may be
   * new.
   */
  connected(peer: Contact, member: boolean, tables: Tables | undefined): void;
  /** The last connection to that peer is gone; `reason` is a part of a sentence. */
  disconnected(id: string, reason: string): void;
  message(id: string, message: Message): void;
  /** Something sent to that node was not delivered, because it cannot be reached or does not read. */
  unreachable(id: string): void;
  refused(notice: RefusedNotice): void;
  /** Nobody waits for this: a peer that sends no messages, or does not read them. */
  error(error: ChordError): void;
}

export interface LinkLimits {
  /** Open at once, both directions together; one more is refused with a reason. */
  readonly connections: number;
  /** Handshakes under way, for each direction. */
  readonly handshakes: number;
  /** Bytes that may wait for a connection to be made, or on one; of large messages eight times as many. */
  readonly queueBytes: number;
  /** Bytes that each connection may hold of a frame that is arriving. */
  readonly frameBytes: number;
}

/**
 * Above that: two of the largest frames at once, and half of a third. One that finds no room is left out, and
 * whoever waits for it asks again.
 */
export const LARGE_FRAMES_BYTES: number = 256 * 1_048_576;

/** Milliseconds. */
export interface LinkTimings {
  /** From dialling, or from accepting, to the end of the handshake. */
  readonly handshakeMs: number;
  /** How far the wall clocks of two nodes may differ. */
  readonly clockSkewMaxMs: number;
  /** A connection that another one replaced ends once it is unused for this long. */
  readonly retireMs: number;
  /** A connection that was used more recently is not idle. */
  readonly idleMs: number;
  /** How long close() waits for what was sent to be taken. */
  readonly closeMs: number;
}

export const LINK_TIMINGS: LinkTimings = {
  // Several round trips on the worst of networks, or a host that is busy with hundreds of handshakes.
  handshakeMs: 5_000,
  // What NTP never leaves and a wrong time zone always does.
  clockSkewMaxMs: 60_000,
  // Longer than any reply takes that the other side sent before it knew of the better connection.
  retireMs: 2_000,
  idleMs: 10_000,
  closeMs: 500,
};

export interface LinksOptions {
  readonly identity: Identity;
  readonly protocol: Protocol;
  readonly k: number;
  readonly transport: Transport;
  /** The first proves, all are accepted; empty = an open network. Only with encryption 'SSL'. */
  readonly secrets: readonly Uint8Array[];
  readonly limits: LinkLimits;
  /** What all connections together may hold of frames above frameBytes; default: LARGE_FRAMES_BYTES. */
  readonly largeFramesBytes?: number | undefined;
  readonly timings?: Partial<LinkTimings> | undefined;
  /** Epoch milliseconds; default: the host's clock. */
  readonly wallMs?: (() => number) | undefined;
  /** Read for each connection. */
  readonly hello: () => Announcement;
  /** Read for each connection, when the peer is known. */
  readonly tables: () => Tables | undefined;
  readonly events: LinkEvents;
}

export interface DialOptions {
  /** Default: handshakeMs of the timings. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}
