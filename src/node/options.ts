// Options: what a socket is constructed with, parsed once into a value that needs no further checks. It
// owns names, types, ranges and defaults. Misuse throws TypeError or RangeError at once, unknown names
// included, because an option that is silently ignored is worse than none.
import { K_MAX } from '../core/position.ts';
import type { Consistency } from '../core/message.ts';
import { PROFILES, type Profile, type ProfileName } from '../core/profile.ts';
import type { Store } from '../storage/store.ts';
import type { Transport } from '../transport/transport.ts';
import { parsePort, unbracket } from './address.ts';
import { isConsistency, parseDuration, parseNamed } from './call-options.ts';
import { LOG_LEVELS, type Logger } from './debug-log.ts';
import { isWildcard } from './lan-address.ts';
import { type Limits, parseLimits } from './limits.ts';
import { Protocol } from './protocol.ts';
import { parseStorage, type Storage } from './storage-option.ts';

/** A shared network secret: text (its UTF-8 bytes) or bytes. */
export type Secret = string | Uint8Array;

/** Every option may be left out or undefined. */
export interface ChordOptions {
  /**
   * The ring has 2**k positions: at most 2**k members, at most k requests a lookup. Integer in 1..48;
   * default 32.
   */
  readonly k?: number | undefined;
  /** Default: the socket's own subnet over TLS. Peers with another protocol are refused. */
  readonly protocol?: Protocol | undefined;
  /** The same as `protocol`, under the reference's name. */
  readonly prot?: Protocol | undefined;
  /**
   * Host and port announced to peers. Default: the address listened on; for '0.0.0.0' and '::' the LAN
   * address.
   */
  readonly outAddr?: readonly [host: string, port: number] | undefined;
  /** The first proves this node, all are accepted from others. Default: an open network. */
  readonly secret?: Secret | readonly Secret[] | undefined;
  /** Copies of each entry, the owner's included. Integer in 1..16; default 3. */
  readonly replicas?: number | undefined;
  /** Default for operations; `one` may be stale. Default 'quorum'. */
  readonly consistency?: Consistency | undefined;
  /**
   * What happens when a majority of the copies of an arc stays away for longer than a dead member is waited
   * for. 'heal': the others go on from the copies left, and emit `degraded`; acknowledged writes may be lost,
   * and where both sides of a partition went on the newest version of each key wins afterwards. 'refuse':
   * operations fail with ERR_QUORUM until a majority is back. Default 'heal'.
   */
  readonly onQuorumLost?: 'heal' | 'refuse' | undefined;
  /**
   * Where the node keeps its identity and its entries: a directory, `{directory, sync}`, or an object that
   * meets the Store contract. A node that is made with it again is the same node, with what it had. Default:
   * in memory only.
   */
  readonly storage?: Storage | undefined;
  /** How far the wall clocks of two connected nodes may differ, in milliseconds; default 60,000. */
  readonly clockSkewMaxMs?: number | undefined;
  /** Timing presets, see PROFILES; default 'lan'. */
  readonly profile?: ProfileName | undefined;
  /** Any of the bounds in Limits. */
  readonly limits?: Partial<Limits> | undefined;
  /** A logger of pino's shape. Default: none. */
  readonly logger?: Logger | undefined;
  /**
   * Prints to standard error: 0 nothing, 1 errors, 2 warnings, 3 the life cycle, 4 connections, 5 every
   * message. Default 0.
   */
  readonly debugLevel?: number | undefined;
  /**
   * How bytes travel, for tests: a MemoryNetwork joins sockets of one process. Default: TCP, with TLS for
   * 'SSL'.
   */
  readonly transport?: Transport | undefined;
}

/** Validated options and address. */
export interface SocketConfig {
  readonly host: string;
  /** 0 = a free one. */
  readonly port: number;
  readonly k: number;
  readonly protocol: Protocol;
  readonly outAddr: readonly [host: string, port: number] | undefined;
  readonly secrets: readonly Uint8Array[];
  readonly replicas: number;
  readonly consistency: Consistency;
  readonly onQuorumLost: 'heal' | 'refuse';
  readonly profile: Profile;
  /** undefined = in memory. */
  readonly storage: Store | undefined;
  readonly clockSkewMaxMs: number;
  readonly limits: Limits;
  readonly logger: Logger | undefined;
  readonly debugLevel: number;
  readonly transport: Transport | undefined;
}

/** Each copy costs a request a write, and a successor list has to hold all of them. */
const REPLICAS_MAX = 16;
/** What NTP never leaves, and a wrong time zone always does. */
const CLOCK_SKEW_MAX_MS = 60_000;
/** The first proves, the others are accepted: a rotation needs two, a botched one perhaps three. */
const SECRETS_MAX = 8;

const NAMES: readonly (keyof ChordOptions)[] = [
  'k',
  'protocol',
  'prot',
  'outAddr',
  'secret',
  'replicas',
  'consistency',
  'onQuorumLost',
  'storage',
  'profile',
  'clockSkewMaxMs',
  'limits',
  'logger',
  'debugLevel',
  'transport',
];

/** Throws TypeError or RangeError for misuse. */
export function parseSocketConfig(
  addr: unknown,
  port: unknown,
  given: unknown,
  standard: Protocol,
): SocketConfig {
  if (typeof addr !== 'string' || addr === '') {
    throw new TypeError(`addr must be a host name or an IP address, got ${show(addr)}`);
  }
  const options = parseNamed(given, NAMES, 'options');
  const protocol = parseProtocol(options['protocol'], options['prot'], standard);
  return {
    host: unbracket(addr),
    port: parsePort(port, 0, 'port'),
    k: parseInteger(options['k'], { name: 'k', standard: 32, least: 1, most: K_MAX }),
    protocol,
    outAddr: parseOutAddr(options['outAddr']),
    secrets: parseSecrets(options['secret'], protocol),
    replicas: parseInteger(options['replicas'], {
      name: 'replicas',
      standard: 3,
      least: 1,
      most: REPLICAS_MAX,
    }),
    consistency: parseConsistency(options['consistency']),
    onQuorumLost: parseOnQuorumLost(options['onQuorumLost']),
    profile: parseProfile(options['profile']),
    storage: parseStorage(options['storage']),
    clockSkewMaxMs: parseDuration(options['clockSkewMaxMs'], 'clockSkewMaxMs') ?? CLOCK_SKEW_MAX_MS,
    limits: parseLimits(options['limits']),
    logger: parseLogger(options['logger']),
    debugLevel: parseInteger(options['debugLevel'], { name: 'debugLevel', standard: 0, least: 0, most: 5 }),
    transport: parseTransport(options['transport']),
  };
}

function parseOnQuorumLost(value: unknown): 'heal' | 'refuse' {
  if (value === undefined) return 'heal';
  if (value === 'heal' || value === 'refuse') return value;
  throw new TypeError(`onQuorumLost must be 'heal' or 'refuse', got ${show(value)}`);
}

function parseProtocol(protocol: unknown, alias: unknown, standard: Protocol): Protocol {
  if (protocol !== undefined && alias !== undefined && protocol !== alias) {
    throw new TypeError('protocol and prot are one option under two names: give one of them');
  }
  const given = protocol === undefined ? alias : protocol;
  const chosen = given === undefined ? standard : given;
  if (chosen instanceof Protocol) return chosen;
  throw new TypeError(`protocol must be a Protocol, as new Protocol('chord', 'SSL'); got ${show(chosen)}`);
}

function parseOutAddr(value: unknown): readonly [string, number] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length !== 2) {
    throw new TypeError(`outAddr must be [host, port], got ${show(value)}`);
  }
  const [host, port] = value as [unknown, unknown];
  if (typeof host !== 'string' || host === '') {
    throw new TypeError(`outAddr[0] must be a host name or an IP address, got ${show(host)}`);
  }
  if (isWildcard(unbracket(host))) {
    throw new TypeError(`outAddr[0] must be an address that others can dial, got ${show(host)}`);
  }
  return [unbracket(host), parsePort(port, 1, 'outAddr[1]')];
}

function parseSecrets(value: unknown, protocol: Protocol): readonly Uint8Array[] {
  if (value === undefined) return [];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || list.length > SECRETS_MAX) {
    throw new RangeError(`secret must be one secret or a list of 1 to ${SECRETS_MAX}, got ${list.length}`);
  }
  if (protocol.encryption === 'Plaintext') {
    throw new TypeError("a secret needs encryption 'SSL': in plaintext anybody on the way could use it");
  }
  return list.map(parseSecret);
}

function parseSecret(value: unknown): Uint8Array {
  const isBytes = value instanceof Uint8Array;
  if (typeof value !== 'string' && !isBytes) {
    throw new TypeError(`a secret must be a string or a Uint8Array, got ${show(value)}`);
  }
  if (value.length === 0) throw new RangeError('a secret must not be empty');
  return isBytes ? Uint8Array.from(value) : Buffer.from(value, 'utf8');
}

function parseConsistency(value: unknown): Consistency {
  if (value === undefined) return 'quorum';
  if (isConsistency(value)) return value;
  throw new TypeError(`consistency must be 'one', 'quorum' or 'all', got ${show(value)}`);
}

function parseProfile(value: unknown): Profile {
  if (value === undefined) return PROFILES.lan;
  if (typeof value === 'string' && Object.hasOwn(PROFILES, value)) return PROFILES[value as ProfileName];
  throw new TypeError(`profile must be 'local', 'lan' or 'wan', got ${show(value)}`);
}

function parseLogger(value: unknown): Logger | undefined {
  if (value === undefined) return undefined;
  const methods = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const missing = LOG_LEVELS.filter((level) => typeof methods[level] !== 'function');
  if (missing.length === 0) return value as Logger;
  throw new TypeError(
    `logger must have pino's methods (${LOG_LEVELS.join(', ')}); missing: ${missing.join(', ')}`,
  );
}

function parseTransport(value: unknown): Transport | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'object' && value !== null && 'listen' in value) return value as Transport;
  throw new TypeError(`transport must be a Transport, got ${show(value)}`);
}

interface IntegerOption {
  readonly name: string;
  readonly standard: number;
  readonly least: number;
  readonly most: number;
}

function parseInteger(value: unknown, { name, standard, least, most }: IntegerOption): number {
  if (value === undefined) return standard;
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, got ${show(value)}`);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be an integer from ${least} to ${most}, got ${value}`);
  }
  return value;
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}
