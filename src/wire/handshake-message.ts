// The handshake's messages, as plain data: what two nodes tell each other before either answers anything
// else. It owns the vocabulary only; handshake.ts in the node layer decides, and codec.ts turns it into
// bytes. Order: both sides send hello; each answers a hello that fits with proof, any other with refusal;
// each answers a proof that holds with welcome. A connection is open once the other's welcome has arrived.
import type { Tables } from '../core/message.ts';

/** The version of the protocol; nodes of different versions refuse each other. */
export const PROTOCOL_VERSION = 1;

/** What a network is: nodes whose terms differ in anything refuse each other. */
export interface Terms {
  readonly version: number;
  readonly subnet: string;
  readonly encryption: string;
  readonly k: number;
}

export type Difference = 'subnet' | 'encryption' | 'k' | 'version';

export interface Hello {
  readonly type: 'hello';
  /** In clear, so that a refusal can say what differs. */
  readonly terms: Terms;
  /** protocol.id + toBase58(k). */
  readonly fingerprint: string;
  readonly publicKey: Uint8Array;
  readonly salt: number;
  readonly incarnation: number;
  /** Whether the sender stores data for the ring; a client is never dialled. */
  readonly member: boolean;
  /** A client that has no home yet: it wants the tables of a member. */
  readonly seeksHome: boolean;
  /** The address it announces; '' and 0 for a client. */
  readonly host: string;
  readonly port: number;
  /** 32 random bytes, fresh for this connection. */
  readonly nonce: Uint8Array;
  /** Epoch milliseconds by the sender's clock. */
  readonly wallMs: number;
}

/** Why a connection is not wanted. The two lists below belong to 'mismatch'. */
export interface Refusal {
  readonly type: 'refusal';
  readonly reason: 'mismatch' | 'unauthorized' | 'clock-skew' | 'limit' | 'closing';
  /** The refusing side's terms. */
  readonly terms: Terms;
  readonly differs: readonly Difference[];
  readonly message: string;
}

export interface Proof {
  readonly type: 'proof';
  /**
   * Plaintext: a signature by the sender's key over label, both nonces and both ids. TLS: empty, the
   * certificate proves it.
   */
  readonly signature: Uint8Array;
  /**
   * Where a secret is set: an HMAC over the session's exporter value, the direction, both ids and
   * fingerprints; else empty.
   */
  readonly mac: Uint8Array;
}

export interface Welcome {
  readonly type: 'welcome';
  /** A member's routing tables for a client that seeks a home, so that it can route as from there. */
  readonly tables: Tables | undefined;
}

export type HandshakeMessage = Hello | Refusal | Proof | Welcome;
