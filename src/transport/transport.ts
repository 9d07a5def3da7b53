// Transport: how bytes get from one node to another, whatever carries them. It owns the words for it:
// addresses, byte streams, what a channel is known to be, and how one ends. What the bytes mean is not known
// here.

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What is known of a channel once bytes can flow. */
export interface ChannelFacts {
  /** How the bytes travel; undefined in one process, where they do not. */
  readonly encryption: 'SSL' | 'Plaintext' | undefined;
  /**
   * The key that the other side has proved to hold (compressed P-256); undefined where the channel proves
   * none.
   */
  readonly peerKey: Uint8Array | undefined;
  /**
   * The peer showed no certificate this time: it continued a session that was opened with the holder of
   * `peerKey`. Whoever claims another key over it is not to be believed; dialled again after forget(), it has
   * to show one.
   */
  readonly resumed: boolean;
  /** 32 bytes that both ends of this very channel compute alike, and nobody else; undefined in plaintext. */
  readonly exporter: ((label: string) => Uint8Array) | undefined;
}

/** Why a stream is over. */
export type StreamEndKind =
  /** The other side ended it, or both did. */
  | 'ended'
  /** The connection could not be made. */
  | 'unreachable'
  /** It broke. */
  | 'broken'
  /** We dialled with TLS and the other side answered with something else. */
  | 'not-tls'
  /** The TLS handshake failed. */
  | 'tls-failed'
  /** We destroyed it. */
  | 'destroyed';

export interface StreamEnd {
  readonly kind: StreamEndKind;
  /** A part of a sentence, without the address. */
  readonly message: string;
  readonly cause?: Error;
}

/** What a stream tells. Nothing is called before start() has returned, and nothing after `closed`. */
export interface StreamHandler {
  /** Once, before any bytes. */
  opened(facts: ChannelFacts): void;
  /** The bytes are the receiver's to keep. */
  received(bytes: Uint8Array): void;
  /** What was sent is in the host's hands, where some of it had to wait: there is room for more. */
  drained(): void;
  /** Once, also without `opened` before it. */
  closed(end: StreamEnd): void;
}

/** A connection, in either direction. */
export interface ByteStream {
  /** Of the other side, as far as the host knows it. */
  readonly remote: Address;
  /** Bytes that were sent and are not yet in the host's hands. */
  readonly queuedBytes: number;
  /** To be called once, at once. */
  start(handler: StreamHandler): void;
  /**
   * Sends bytes; all that is sent during one turn of the event loop leaves in one write. False, and nothing
   * was taken, when more than the transport's `queueBytes` would wait; one piece is always taken when nothing
   * waits. `held`: the caller calls flush() before the turn is over, so that nothing else need see to it.
   */
  send(bytes: Uint8Array, held?: boolean): boolean;
  /** Writes what was sent, before the turn is over. */
  flush(): void;
  /** Sends what waits and ends our side; what the other side still sends is received until it ends too. */
  end(): void;
  /** Ends it now; what waits is lost. */
  destroy(): void;
}

export interface Listener {
  /** With the port that was picked where 0 was asked. */
  readonly address: Address;
  /** Takes no more connections; those that were accepted live on. Resolves when the port is free again. */
  close(): Promise<void>;
}

export interface Transport {
  /**
   * Rejects with the host's error, for example with code EADDRINUSE. Each stream that is accepted must be
   * started.
   */
  listen(address: Address, accept: (stream: ByteStream) => void): Promise<Listener>;
  dial(address: Address): ByteStream;
  /** Drops what is remembered for resuming a session with that address. */
  forget(address: Address): void;
}

/** Bounds of one connection. */
export interface TransportLimits {
  /** Bytes that may wait to be written to one connection. */
  readonly queueBytes: number;
}
