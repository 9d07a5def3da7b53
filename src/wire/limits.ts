// Limits of the wire: how large each part of a message may ever be. They are the protocol's and the same for
// all nodes, because whoever sends more loses the connection. What a node takes as a write is decided above,
// by limits of its own, which may be lower: it still has to read what others allow. What a message costs
// while it arrives is bounded by frame-budget.ts.

/** Sizes in bytes unless said otherwise. */
export interface WireLimits {
  /** Payload of one frame, or of all parts of a message. A page of entries has to be cut so that it fits. */
  readonly frameBytes: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** One packet, and all packets of one message together. */
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
  /** Items of all lists of a message together: what it is read into takes more memory than its bytes. */
  readonly listedMax: number;
}

export const WIRE_LIMITS: WireLimits = {
  // The largest value behind the largest page, 64 and 16 MiB, and what the entries of a page have besides.
  frameBytes: 96 * 1_048_576,
  // It fits one part, and is longer than anybody needs.
  keyBytes: 65_536,
  // What a node can still hold a few times over, because a value is sent and stored as a whole.
  valueBytes: 64 * 1_048_576,
  messageBytes: 64 * 1_048_576,
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
  // As many packets as the largest page of messages has at the 8 bytes that each counts for, 16 MiB of them.
  listedMax: 2_097_152,
};
