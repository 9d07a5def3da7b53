// From flags to a connected socket. A command that only uses a ring is a client: it takes what it was not
// told about the network (k, subnet, encryption) from the node it connects to. Members decide these terms
// themselves.
import { readFileSync } from 'node:fs';
import { ChordError, ChordSocket, type ChordOptions, Protocol } from '../index.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import { codeOf, CommandFailure } from './failure.ts';
import { type Address, type Encryption, formatAddress, type RingFlags } from './flags.ts';

/** What all nodes of a ring agree on. */
export interface Terms {
  readonly subnet: string;
  readonly encryption: Encryption;
  readonly k: number;
}

const DEFAULT_TERMS: Terms = { subnet: 'chord', encryption: 'SSL', k: 32 };

/** What the ring allows is not known here: all that may be sent is, and owners refuse what they must. */
const CLIENT_LIMITS = { keyBytes: WIRE_LIMITS.keyBytes, valueBytes: WIRE_LIMITS.valueBytes };

// SSL and k = 32, then perhaps plaintext, then what the node says of itself.
const ATTEMPTS_MAX = 3;

/** The terms that a member of the ring goes by: as given, else the defaults. */
export function ownTerms(flags: RingFlags): Terms {
  return {
    subnet: flags.subnet ?? DEFAULT_TERMS.subnet,
    encryption: flags.encryption ?? DEFAULT_TERMS.encryption,
    k: flags.k ?? DEFAULT_TERMS.k,
  };
}

/** The options of a socket with these flags and terms. Reads the secret's file, where one is given. */
export function socketOptions(flags: RingFlags, terms: Terms): ChordOptions {
  return {
    k: terms.k,
    protocol: new Protocol(terms.subnet, terms.encryption),
    profile: flags.profile,
    secret: flags.secretFile === undefined ? undefined : readSecrets(flags.secretFile),
  };
}

/** The time-out of every operation, where one was given. */
export function callOptions(flags: RingFlags): { timeoutMs: number | undefined } {
  return { timeoutMs: flags.timeout };
}

export interface ClientOptions {
  /** Sees the client before it is connected. */
  readonly begin?: (client: ChordSocket) => void;
  /** Ends the connecting: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Connects a client, has it used, and closes it whatever happens. */
export async function withClient<T>(
  flags: RingFlags,
  use: (client: ChordSocket) => Promise<T>,
  options: ClientOptions = {},
): Promise<T> {
  const client = await connectClient(flags, options);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** A client of the first node given that answers. */
async function connectClient(flags: RingFlags, options: ClientOptions): Promise<ChordSocket> {
  const addresses = flags.connect ?? [];
  if (addresses.length === 0) {
    throw new CommandFailure('ERR_USAGE', 'no node to connect to was given', {
      exitCode: 2,
      advice:
        'Give one: --connect HOST:PORT, or set CHORD_CONNECT. ' +
        '`chord demo` starts a ring here and prints its address.',
    });
  }
  const failures: unknown[] = [];
  for (const address of addresses) {
    try {
      return await connectAdapting(address, flags, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      failures.push(error);
    }
  }
  const [first] = failures;
  throw isNobodyThere(first) ? nobodyThere(addresses, first) : first;
}

/** Connects to a node; where it refuses because of terms that were not given, connects again with its own. */
async function connectAdapting(
  address: Address,
  flags: RingFlags,
  { begin, signal }: ClientOptions,
): Promise<ChordSocket> {
  let terms = ownTerms(flags);
  for (let attempt = 1; ; attempt++) {
    const client = new ChordSocket('127.0.0.1', 0, { ...socketOptions(flags, terms), limits: CLIENT_LIMITS });
    begin?.(client);
    try {
      await client.connect(address.host, address.port, { ...callOptions(flags), signal });
      return client;
    } catch (error) {
      await client.close({ force: true });
      if (codeOf(error) !== 'ERR_PROTOCOL_MISMATCH') throw error;
      const next = attempt < ATTEMPTS_MAX ? adapt(terms, flags, theirTerms(error, terms)) : undefined;
      if (next === undefined) throw error;
      terms = next;
    }
  }
}

/** The terms to try next, or undefined where the flags rule out what the node wants. */
export function adapt(tried: Terms, flags: RingFlags, theirs: Terms | undefined): Terms | undefined {
  if (theirs === undefined) return undefined;
  // A secret is never used in plaintext.
  const encryption = flags.encryption ?? (flags.secretFile === undefined ? undefined : 'SSL');
  const next: Terms = {
    subnet: flags.subnet ?? theirs.subnet,
    encryption: encryption ?? theirs.encryption,
    k: flags.k ?? theirs.k,
  };
  const same = next.subnet === tried.subnet && next.encryption === tried.encryption && next.k === tried.k;
  return same ? undefined : next;
}

/** What a refusal says of the other side, as far as it says anything that a node can be. */
function theirTerms(error: unknown, tried: Terms): Terms | undefined {
  if (!(error instanceof ChordError)) return undefined;
  if (error.theirs === undefined) {
    // Bytes that cannot be read can still be told apart: that side encrypts otherwise, or is no node at all.
    const other: Encryption = tried.encryption === 'SSL' ? 'Plaintext' : 'SSL';
    return error.differs?.includes('encryption') ? { ...tried, encryption: other } : undefined;
  }
  const { subnet, encryption, k } = error.theirs;
  return encryption === 'SSL' || encryption === 'Plaintext' ? { subnet, encryption, k } : undefined;
}

function isNobodyThere(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ERR_UNREACHABLE' || code === 'ERR_TIMEOUT';
}

function nobodyThere(addresses: readonly Address[], cause: unknown): CommandFailure {
  const list = addresses.map(formatAddress).join(', ');
  const reason = cause instanceof Error ? ` (${cause.message})` : '';
  if (codeOf(cause) === 'ERR_TIMEOUT') {
    return new CommandFailure('ERR_TIMEOUT', `no answer in time from ${list}${reason}`, {
      cause,
      advice: 'A node there may be busy, stopped or far away: try again, or allow more with --timeout MS',
    });
  }
  return new CommandFailure(codeOf(cause) ?? 'ERR_UNREACHABLE', `no node answers at ${list}${reason}`, {
    cause,
    advice:
      'Start one with `chord node --listen HOST:PORT` or `chord demo`, ' +
      'or give the address of one that runs: --connect HOST:PORT',
  });
}

/** One secret a line; the first proves, all are accepted from others. */
function readSecrets(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure('ERR_INPUT', `the secret cannot be read: ${reason}`, { cause: error });
  }
  const secrets = text.split(/\r?\n/).filter((line) => line !== '');
  if (secrets.length > 0) return secrets;
  throw new CommandFailure('ERR_INPUT', `${file} holds no secret`, {
    advice:
      'Write the secret into it, on a line of its own; further lines are accepted from others, for rotation.',
  });
}
