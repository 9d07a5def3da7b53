// CoreLimits: every bound of the machine, so that nothing it keeps can grow with what others send.

export interface CoreLimits {
  /**
   * Bytes of a key and of a value that this node writes, or takes as a write to an arc of its own. Copies and
   * reads of what others allow are not bounded by them.
   */
  readonly keyBytes: number;
  readonly valueBytes: number;
  /**
   * Members in a successor list (r). 16 lists every member of a small ring, and half of a large ring may
   * die at once.
   */
  readonly successors: number;
  /** Learned arcs, and peers whose round trip is remembered. */
  readonly learnedArcs: number;
  readonly peers: number;
  /** Former members and configured addresses that are probed. */
  readonly remembered: number;
  /** Operations of this node that may be under way at once; one more fails with ERR_LIMIT. */
  readonly inFlight: number;
  /**
   * Operations of others that wait at the owner, for its arc to be taken over or for a write before them;
   * more get BUSY.
   */
  readonly parked: number;
  /** Questions of watches that wait at the owner for a change; more get BUSY, and are put again and again. */
  readonly watches: number;
  /**
   * Replaced entries that are remembered, so that a repeated write is recognised and a watch can go on; the
   * oldest go first.
   */
  readonly history: number;
  /** Bytes of keys and values of these: large ones are forgotten sooner. */
  readonly historyBytes: number;
  /** Entries and bytes in one page of a scan, a digest or a transfer. */
  readonly pageEntries: number;
  readonly pageBytes: number;
  /** Entries and bytes in the store: more are refused with ERR_LIMIT. */
  readonly storeBytes: number;
  /**
   * How long casts are kept for nodes that missed them, and gaps are waited for. Copies are recognised for
   * twice as long.
   */
  readonly messageWindowMs: number;
  /** Bytes of casts that are kept, and of those that wait to be passed on. */
  readonly messageWindowBytes: number;
  /** Senders whose casts and whispers are told apart from copies of them. */
  readonly messageSenders: number;
  /** Nodes whose whereabouts are kept for others, and of others. */
  readonly directory: number;
}

export const CORE_LIMITS: CoreLimits = {
  keyBytes: 1_024,
  valueBytes: 1_048_576,
  successors: 16,
  learnedArcs: 16_384,
  peers: 4_096,
  remembered: 256,
  inFlight: 16_384,
  parked: 16_384,
  watches: 16_384,
  history: 32_768,
  historyBytes: 32 * 1_048_576,
  pageEntries: 512,
  pageBytes: 262_144,
  storeBytes: 1_073_741_824,
  messageWindowMs: 60_000,
  messageWindowBytes: 16 * 1_048_576,
  messageSenders: 4_096,
  directory: 65_536,
};
