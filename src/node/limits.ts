// Limits: every bound of a node that a user may set, each with its default, its range and its reason. It
// owns the table and its checks. The machine enforces the bounds of CoreLimits, the links those of
// connections. What may be sent at all, whatever a node's limits are, is in wire/limits.ts.
import { CORE_LIMITS, type CoreLimits } from '../core/limits.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';

export interface Limits extends CoreLimits {
  /** Bytes of the packets of one message that this node sends; it receives and passes on larger ones. */
  readonly messageBytes: number;
  /**
   * Bytes that one connection may hold of a frame that is arriving; at least a value, its key and a page
   * beside it must fit. Of what other nodes' limits allow beyond, all connections together hold 256 MiB.
   */
  readonly frameBytes: number;
  /** Connections open at once, both directions together; one more is refused with a reason. */
  readonly connections: number;
  /** Connections whose handshake is under way: a stranger can hold no more than these. */
  readonly handshakes: number;
  /** Messages that wait for `recv`, and their bytes; when there are more, the oldest are dropped. */
  readonly messageQueue: number;
  readonly messageQueueBytes: number;
  /**
   * Bytes that wait to be written to one connection, of messages above 64 KiB eight times as many; a peer
   * that reads more slowly is dropped. Of this node's own writes of large values, as many bytes are under
   * way.
   */
  readonly queueBytes: number;
  /** Bytes that wait for the store; writes beyond fail with ERR_STORE. */
  readonly storeQueueBytes: number;
}

/**
 * What a frame carries besides a value and a page's bytes: its header, and an entry's version, operation
 * and lengths.
 */
const FRAME_OVERHEAD_BYTES = 65_536;
const ENTRY_OVERHEAD_BYTES = 256;

const MIB = 1_048_576;

interface Bound {
  readonly standard: number;
  readonly least: number;
  readonly most: number;
}

// The least bounds keep a ring working at all; the most keep every sum of bytes exact and every buffer
// allocatable.
const BOUNDS: Readonly<Record<Exclude<keyof Limits, 'frameBytes'>, Bound>> = {
  // A key is held by every copy and named in every digest: 1 KiB is a long path, and still cheap.
  keyBytes: { standard: CORE_LIMITS.keyBytes, least: 16, most: WIRE_LIMITS.keyBytes },
  // One value travels in one frame and is held in memory by asker, owner and replicas at once.
  valueBytes: { standard: CORE_LIMITS.valueBytes, least: 1, most: WIRE_LIMITS.valueBytes },
  // Zave's proof needs r + 1 members; below 4, two losses at once could cut the ring.
  successors: { standard: CORE_LIMITS.successors, least: 4, most: 64 },
  learnedArcs: { standard: CORE_LIMITS.learnedArcs, least: 16, most: MIB },
  peers: { standard: CORE_LIMITS.peers, least: 64, most: MIB },
  remembered: { standard: CORE_LIMITS.remembered, least: 8, most: 65_536 },
  inFlight: { standard: CORE_LIMITS.inFlight, least: 1, most: MIB },
  parked: { standard: CORE_LIMITS.parked, least: 1, most: MIB },
  watches: { standard: CORE_LIMITS.watches, least: 1, most: MIB },
  // At least what repeated writes of a busy second need; each costs its value.
  history: { standard: CORE_LIMITS.history, least: 256, most: MIB },
  // As much as the queue of a connection: what passes through must not stay.
  historyBytes: { standard: CORE_LIMITS.historyBytes, least: 65_536, most: 1_024 * MIB },
  pageEntries: { standard: CORE_LIMITS.pageEntries, least: 1, most: WIRE_LIMITS.itemsMax },
  pageBytes: { standard: CORE_LIMITS.pageBytes, least: 1_024, most: 16 * MIB },
  // A message is held by every node on its way, so it may be as large as a value and no larger.
  messageBytes: { standard: MIB, least: 1, most: WIRE_LIMITS.messageBytes },
  // Longer than it takes to evict a member and mend the ring in any profile.
  messageWindowMs: { standard: CORE_LIMITS.messageWindowMs, least: 1_000, most: 3_600_000 },
  messageWindowBytes: { standard: CORE_LIMITS.messageWindowBytes, least: 65_536, most: 1_024 * MIB },
  messageSenders: { standard: CORE_LIMITS.messageSenders, least: 16, most: MIB },
  // About 100 bytes each.
  directory: { standard: CORE_LIMITS.directory, least: 16, most: 16 * MIB },
  // What `recv` has not taken: enough for a pause of seconds at hundreds of messages a second.
  messageQueue: { standard: 1_024, least: 1, most: MIB },
  messageQueueBytes: { standard: 16 * MIB, least: 1_024, most: 1_024 * MIB },
  storeBytes: { standard: CORE_LIMITS.storeBytes, least: MIB, most: Number.MAX_SAFE_INTEGER },
  // A member talks to its successors, fingers and clients; 4,096 descriptors are within the usual limit of
  // a service.
  connections: { standard: 4_096, least: 8, most: 65_536 },
  // Enough for a whole rack to reconnect at once, few enough that half-open connections stay cheap.
  handshakes: { standard: 256, least: 4, most: 65_536 },
  // Several of the largest values; a peer that lets this much pile up is not keeping up.
  queueBytes: { standard: 16 * MIB, least: 65_536, most: 1_024 * MIB },
  // About a second of a fast disk; what waits longer is better refused than piled up.
  storeQueueBytes: { standard: 64 * MIB, least: MIB, most: 4_096 * MIB },
};

/**
 * Fills in defaults. Throws TypeError for an unknown name or a wrong type, RangeError for a value out of
 * its range.
 */
export function parseLimits(given: unknown): Limits {
  const named = given === undefined ? {} : given;
  if (typeof named !== 'object' || named === null || Array.isArray(named)) {
    throw new TypeError(`limits must be an object, got ${typeof given}`);
  }
  const known = [...Object.keys(BOUNDS), 'frameBytes'];
  for (const name of Object.keys(named)) {
    if (!known.includes(name)) {
      throw new TypeError(`unknown limit '${name}'; known limits are ${known.join(', ')}`);
    }
  }
  const values = named as Readonly<Record<string, unknown>>;
  const limits: Record<string, number> = {};
  for (const [name, bound] of Object.entries(BOUNDS)) limits[name] = parseLimit(name, values[name], bound);
  const least = frameLeast(limits as unknown as Omit<Limits, 'frameBytes'>);
  limits['frameBytes'] = parseLimit('frameBytes', values['frameBytes'], {
    standard: Math.max(least, 2 * MIB),
    least,
    most: 1_024 * MIB,
  });
  return limits as unknown as Limits;
}

/**
 * The smallest frame that carries whatever the other limits let through: one value, or one message, on top
 * of a full page.
 */
function frameLeast(limits: Omit<Limits, 'frameBytes'>): number {
  const overhead = FRAME_OVERHEAD_BYTES + limits.pageEntries * ENTRY_OVERHEAD_BYTES;
  return Math.max(limits.valueBytes, limits.messageBytes) + limits.pageBytes + limits.keyBytes + overhead;
}

function parseLimit(name: string, value: unknown, bound: Bound): number {
  if (value === undefined) return bound.standard;
  if (typeof value !== 'number') throw new TypeError(`limits.${name} must be a number, got ${typeof value}`);
  if (!Number.isInteger(value) || value < bound.least || value > bound.most) {
    throw new RangeError(
      `limits.${name} must be an integer from ${bound.least} to ${bound.most}, got ${value}`,
    );
  }
  return value;
}
