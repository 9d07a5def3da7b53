// ChordError: the one class of error that users meet, and the table of its codes. It owns the codes and what
// to do about each. It knows nothing of what failed: whoever throws writes the sentence. docs/ERRORS.md says
// the same; a test holds both together.
import type { Difference, Terms } from '../wire/handshake-message.ts';

export type ErrorCode =
  | 'ERR_KEY_NOT_FOUND'
  | 'ERR_TIMEOUT'
  | 'ERR_UNREACHABLE'
  | 'ERR_QUORUM'
  | 'ERR_CONFLICT'
  | 'ERR_NOT_CONNECTED'
  | 'ERR_CLOSED'
  | 'ERR_PROTOCOL_MISMATCH'
  | 'ERR_UNAUTHORIZED'
  | 'ERR_CLOCK_SKEW'
  | 'ERR_RING_FULL'
  | 'ERR_VALUE_TOO_LARGE'
  | 'ERR_KEY_TOO_LARGE'
  | 'ERR_LIMIT'
  | 'ERR_ADDRESS_IN_USE'
  | 'ERR_NOT_A_NUMBER'
  | 'ERR_NOT_JSON'
  | 'ERR_NOT_UTF8'
  | 'ERR_STORE';

export interface ErrorDescription {
  /** What happened, in one sentence. */
  readonly description: string;
  /** What a user can do about it. */
  readonly advice: string;
}

/** Every code, with what it means and what to do. */
export const ERRORS: Readonly<Record<ErrorCode, ErrorDescription>> = {
  ERR_KEY_NOT_FOUND: {
    description: 'The ring answered that there is no entry under the key.',
    advice: 'Use `get(key, fallback)` where a missing key is no error.',
  },
  ERR_TIMEOUT: {
    description: 'No answer came within `timeoutMs`.',
    advice:
      'Try again, or pass a larger `timeoutMs`. A write may have been applied all the same: read before ' +
      'repeating it.',
  },
  ERR_UNREACHABLE: {
    description: 'The node, or every owner of the key, could not be reached.',
    advice:
      'Check that the other process runs, that host and port are right, and that `outAddr` is an address ' +
      'that others can dial.',
  },
  ERR_QUORUM: {
    description: 'Too few of the copies of the key are reachable for the consistency that was asked.',
    advice:
      'Bring the missing members back: the message names those that do not answer. Where a member still ' +
      'serves the key, `consistency: "one"` reads what it has, which may be stale.',
  },
  ERR_CONFLICT: {
    description:
      'A condition (`ifAbsent`, `ifVersion`) failed; `version` is the stored one, if there is any.',
    advice: 'Read the entry again and decide anew.',
  },
  ERR_NOT_CONNECTED: {
    description: 'The socket is a client without a connection to any member.',
    advice: 'Call `connect(addr, port)` or `join()` first.',
  },
  ERR_CLOSED: {
    description: 'The socket was closed, or the watch was ended before it was ready.',
    advice: 'Make a new socket; a closed one does not open again.',
  },
  ERR_PROTOCOL_MISMATCH: {
    description: 'The other side does not belong to this network: `differs` lists what differs.',
    advice: 'Give both sides the same subnet, encryption and `k`, and the same version of the protocol.',
  },
  ERR_UNAUTHORIZED: {
    description: 'The other side could not prove its identity or the shared secret, or did not accept ours.',
    advice: 'Give all nodes the same `secret`; to rotate it, list both everywhere before changing the first.',
  },
  ERR_CLOCK_SKEW: {
    description:
      'The clocks of the two nodes differ by more than `clockSkewMaxMs`. As an `error` event: the clock of ' +
      'this node has gone that far from the others’, whose time it uses until it is right again.',
    advice: 'Set the clocks (NTP), or allow a larger `clockSkewMaxMs` on both sides.',
  },
  ERR_RING_FULL: {
    description: 'All 2**k positions of the ring are taken.',
    advice: 'Go on as a client, or build the ring with a larger `k`.',
  },
  ERR_VALUE_TOO_LARGE: {
    description:
      'The value has more bytes than the `limits` of this node, or of the member that owns the key, allow.',
    advice: 'Split the value, or raise the limit: on every member, and on the clients that write.',
  },
  ERR_KEY_TOO_LARGE: {
    description:
      'The key has more bytes than the `limits` of this node, or of the member that owns it, allow.',
    advice:
      'Use a shorter key, for example a hash of it, or raise the limit: on every member, and on the ' +
      'clients that write.',
  },
  ERR_LIMIT: {
    description:
      'A bound of this node or of the other one was reached: connections, queue or requests in flight.',
    advice: 'Wait for what is under way, or raise the limit that the message names.',
  },
  ERR_ADDRESS_IN_USE: {
    description:
      'The address cannot be listened on, because another process does so or it is not of this machine.',
    advice: 'Use an address of this machine, and another port, or port 0 for a free one.',
  },
  ERR_NOT_A_NUMBER: {
    description:
      'The stored value is no decimal integer within ±(2**53 - 1), or the sum would leave that range.',
    advice:
      'Read the value as bytes to see what another program has written; `set` a number to count from, or ' +
      'use another key.',
  },
  ERR_NOT_JSON: {
    description: 'The stored value is no JSON object, or no JSON at all.',
    advice:
      'Read the value as bytes to see what another program has written: `applyDelta` needs a JSON object, ' +
      "and a `map` view with `valueEncoding: 'json'` needs JSON.",
  },
  ERR_NOT_UTF8: {
    description: 'The stored key or value is no UTF-8, and the view takes it for text.',
    advice:
      "Use `'bytes'` for what other programs write: `map({ keyEncoding: 'bytes' })` shows every key. A " +
      '`prefix` keeps a walk to the keys of this program.',
  },
  ERR_STORE: {
    description: 'The store of a member could not be opened, read or written.',
    advice:
      'The message says why, and what to do: a full disk, another process in the directory, another `k` or ' +
      'subnet, damage. docs/OPERATING.md tells more of each. Writes are taken again, without a restart, as ' +
      'soon as the store takes them; one that failed may have been applied all the same. Reads go on ' +
      'meanwhile, but `get` of a key whose write failed does so only with `consistency: "one"`, and a walk ' +
      'over its arc only when there is space again.',
  },
};

/** What belongs to a code beside its sentence. */
export interface ErrorDetails {
  readonly cause?: unknown;
  /** ERR_PROTOCOL_MISMATCH: what differs; empty where the other side speaks another protocol altogether. */
  readonly differs?: readonly Difference[];
  readonly ours?: Terms;
  /** Absent where the other side's bytes could not be read. */
  readonly theirs?: Terms;
  /** ERR_CONFLICT: the version that is stored. */
  readonly version?: string;
  /** A bulk operation: what failed, by key. */
  readonly failed?: ReadonlyMap<string | Uint8Array, ChordError>;
  /** The address that the error is about. */
  readonly address?: readonly [host: string, port: number];
  /** ERR_UNREACHABLE: true where the node that answers at the address is this one itself. */
  readonly self?: boolean;
  /** ERR_CLOCK_SKEW: milliseconds that the other clock is ahead of ours. */
  readonly skewMs?: number;
}

/** The only class of error that a socket rejects with, apart from TypeError and RangeError for misuse. */
export class ChordError extends Error {
  readonly code: ErrorCode;
  // Declared only: a detail that an error does not have is no property of it, so that it prints short.
  declare readonly differs?: readonly Difference[];
  declare readonly ours?: Terms;
  declare readonly theirs?: Terms;
  declare readonly version?: string;
  declare readonly failed?: ReadonlyMap<string | Uint8Array, ChordError>;
  declare readonly address?: readonly [host: string, port: number];
  declare readonly self?: boolean;
  declare readonly skewMs?: number;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const { cause, ...rest } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    for (const [name, value] of Object.entries(rest)) {
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable: true });
    }
  }

  override get name(): string {
    return 'ChordError';
  }

  /** With the message, which an Error hides from JSON: a log that is written as JSON loses no reason. */
  toJSON(): Readonly<Record<string, unknown>> {
    const { name, message, failed } = this;
    const lists = failed === undefined ? {} : { failed: [...failed] };
    return { name, message, ...Object.fromEntries(Object.entries(this)), ...lists };
  }
}
