// Limits of the wire: how large each part of a message may be. Both ends should agree on them: a message
// within the sender's limits and above the receiver's costs the connection. What a node does about a value
// that is too large for a user is decided above; these are the last line, and they bound what a stranger's
// bytes can cost.

/** Sizes in bytes unless said otherwise. */
export interface WireLimits {
  /** Payload of one frame. A page of entries has to be cut so that it fits. */
  readonly frameBytes: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** The packets of one message. */
  readonly messageBytes: number;
  /** An announced host: a DNS name has at most 253 characters. */
  readonly hostBytes: number;
  /** Host and port of a gateway, with the colon and brackets. */
  readonly gatewayBytes: number;
  /** Subnet, encryption and fingerprint in the handshake. */
  readonly nameBytes: number;
  /** Identification of a write: an id of 44 characters, a colon and a counter of 16 digits. */
  readonly operationBytes: number;
  /** A sentence for people; the sender cuts longer ones. */
  readonly sentenceBytes: number;
  /** Signature or MAC of the handshake's proof: 64 and 32 in this version. */
  readonly proofBytes: number;
  /** Contacts in one list. */
  readonly contactsMax: number;
  /** Entries, versions, keys, packets or messages in one list. */
  readonly itemsMax: number;
  /** Arcs in one list. */
  readonly arcsMax: number;
}

export const WIRE_LIMITS: WireLimits = {
  // The largest value and its entry, with as much again for the others of a page.
  frameBytes: 2 * 1_048_576,
  keyBytes: 1_024,
  valueBytes: 1_048_576,
  messageBytes: 1_048_576,
  hostBytes: 255,
  gatewayBytes: 263,
  nameBytes: 255,
  operationBytes: 128,
  sentenceBytes: 1_024,
  proofBytes: 128,
  // Successors and fingers are a few dozen even with k = 48; the rest is room for merges.
  contactsMax: 256,
  // A page of keys: 4,096 of them at 100 bytes fit a fifth of a frame.
  itemsMax: 4_096,
  arcsMax: 256,
};
