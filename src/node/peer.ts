// Peer: how other nodes are shown to users. It owns the translation from the core's contacts.
import type { Contact } from '../core/contact.ts';

export interface Peer {
  /** base58(SHA-256(public key)). */
  readonly id: string;
  /** In [0, 2**k). */
  readonly position: number;
  /** The address it announces: host and port; '' and 0 for a client, which is never dialled. */
  readonly addr: readonly [host: string, port: number];
}

export function toPeer(contact: Contact): Peer {
  return { id: contact.id, position: contact.position, addr: [contact.host, contact.port] };
}
