// Contact: what one node knows about another: who it is, where it stands on the ring and how to reach it.
// It owns the comparison of contacts. Reading one from the wire, which recomputes id and position from the
// key, is the codec's work; proving that a peer holds the key is the handshake's.
import type { Hash } from './position.ts';
import { memberPosition } from './position.ts';

/** A node of the network. Immutable and shared between messages and tables. */
export interface Contact {
  /** base58(SHA-256(publicKey)). */
  readonly id: string;
  /** The compressed P-256 public key, 33 bytes (any bytes in a simulation). */
  readonly publicKey: Uint8Array;
  /** Chosen by the member to land on a free position; in [0, SALT_MAX]. */
  readonly salt: number;
  /** memberPosition(publicKey, salt). */
  readonly position: number;
  /**
   * Counts the starts of this identity, so that a restart without memory is not taken for its former self.
   */
  readonly incarnation: number;
  /** Where it can be dialled; port 0 for a client, which never is. */
  readonly host: string;
  readonly port: number;
}

/**
 * Salts stay small, so that choosing a position costs a bounded number of hashes and nobody can aim exactly
 * in a large ring.
 */
export const SALT_MAX = 0xffff;

/** The same identity with another salt. */
export function withSalt(contact: Contact, salt: number, hash: Hash, k: number): Contact {
  return { ...contact, salt, position: memberPosition(hash, contact.publicKey, salt, k) };
}

/** Whether two contacts are the same node, at the same place and in the same life. */
export function sameContact(a: Contact | undefined, b: Contact | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return (
    a.id === b.id &&
    a.position === b.position &&
    a.incarnation === b.incarnation &&
    a.host === b.host &&
    a.port === b.port
  );
}
