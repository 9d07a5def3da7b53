// Events: what sockets emit, with the arguments of each. It owns the types; emitting is the socket's.
import type { ErrorCode } from './errors.ts';
import type { Peer } from './peer.ts';
import type { RefusedNotice } from './link.ts';

/** Own neighbours after a change; undefined and empty for a member that is alone, and for a client. */
export interface Neighbours {
  readonly predecessor: Peer | undefined;
  /** Clockwise, nearest first. */
  readonly successors: readonly Peer[];
}

/** A change of an entry that this node owns. */
export interface Change {
  readonly key: Buffer;
  readonly version: string;
}

/** Service goes on with fewer copies than promised; the sentence says what that means for the data. */
export interface Degradation {
  readonly message: string;
}

/** Messages that this node will not receive. */
export interface MessageGap {
  /** The id of the node that sent them. */
  readonly sender: string;
  readonly count: number;
  /**
   * `window`: lost on the way, and no neighbour had them within limits.messageWindowMs. `queue`: dropped
   * here, because `recv` did not keep up (limits.messageQueue, limits.messageQueueBytes).
   */
  readonly reason: 'window' | 'queue';
}

/** The argument list of each event, by name. */
export interface SocketEvents {
  /**
   * An authenticated connection was opened, in either direction. Once a node, however many connections
   * there are to it.
   */
  connect: [peer: Peer];
  /** The last connection to that node is gone; `reason` is a sentence. */
  disconnect: [peer: Peer, reason: string];
  /** A connection was refused, by us or by the other side, once on each side. */
  refused: [notice: RefusedNotice];
  /** A message was queued: `recv` will give it. Takes nothing, and handlers have seen it before. */
  message: [];
  /** Messages of a sender were lost, and how. */
  gap: [gap: MessageGap];
  /** Predecessor or successors of this node changed. */
  neighbours: [neighbours: Neighbours];
  /** Copies were lost beyond a majority, and the survivors went on. */
  degraded: [degradation: Degradation];
  /**
   * Something failed that no call is waiting for: a ChordError, or what a function of the user's threw.
   * Where nobody listens it is logged: it never ends the process.
   */
  error: [error: Error & { readonly code?: ErrorCode }];
  /** Everything is closed; the last event. */
  close: [];
  /**
   * Chord sockets only, on the owner of the key, once an acknowledged change: a key that had no value has
   * one. Where the owner dies right after, its successor may tell of the last change again; `watch` never
   * does. Like all events it costs no request.
   */
  add: [change: Change];
  /** As `add`: a key has another value. */
  update: [change: Change];
  /** As `add`: a key has no value any more, because it was deleted or because its time was over. */
  delete: [change: Change];
}

/** Emits one event to the user; must not throw. */
export type Emit = <Name extends keyof SocketEvents>(name: Name, ...args: SocketEvents[Name]) => void;
