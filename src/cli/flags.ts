// The flags that commands share, each also an environment variable, parsed into values that need no further
// checks. What is done with them is connection.ts's and the commands' affair.
import { type Command, InvalidArgumentError, Option } from 'commander';

/** Timers have 31 bits. */
const MS_MAX = 2 ** 31 - 1;

export interface Address {
  readonly host: string;
  readonly port: number;
}

export type Encryption = 'SSL' | 'Plaintext';
export type ProfileName = 'local' | 'lan' | 'wan';

/** Flags of every command that talks to a ring. Absent means: not given. */
export interface RingFlags {
  readonly connect?: readonly Address[];
  readonly k?: number;
  readonly subnet?: string;
  readonly encryption?: Encryption;
  readonly profile?: ProfileName;
  readonly secretFile?: string;
  readonly timeout?: number;
  readonly json?: boolean;
}

/**
 * Adds --connect, --k, --subnet, --encryption, --profile, --timeout, --secret-file and --json; `terms` says
 * what absent terms mean.
 */
export function addRingFlags(command: Command, terms: 'taken from the node' | 'defaults'): Command {
  const absent = (value: string): string =>
    terms === 'defaults' ? `default: ${value}` : 'default: the node’s';
  return command
    .addOption(addressesFlag())
    .addOption(flag('--k <bits>', `the ring has 2^k positions, 1 to 48 (${absent('32')})`).argParser(parseK))
    .addOption(flag('--subnet <name>', `name of the network (${absent('chord')})`))
    .addOption(
      flag('--encryption <kind>', `SSL or Plaintext (${absent('SSL')})`).choices(['SSL', 'Plaintext']),
    )
    .addOption(
      flag(
        '--profile <name>',
        'timings for one machine, a data centre or the internet (default: lan)',
      ).choices(['local', 'lan', 'wan']),
    )
    .addOption(
      flag(
        '--timeout <ms>',
        'how long connecting and each operation may take (default: the profile’s)',
      ).argParser(parseMs),
    )
    .addOption(flag('--secret-file <file>', 'the secret of the network, one a line; the first proves'))
    .addOption(flag('--json', 'machine-readable output; errors remain text on standard error'));
}

/**
 * An option that the environment can set too: --log-level as CHORD_LOG_LEVEL. An empty variable is not set,
 * and a flag without a value is not given by `0`, `false` and `no`.
 */
export function flag(flags: string, description: string): Option {
  const option = new Option(flags, description);
  const name = `CHORD_${option.name().replaceAll('-', '_').toUpperCase()}`;
  const value = process.env[name];
  const isOff = option.isBoolean() && value !== undefined && /^(0|false|no)$/i.test(value);
  if (value !== '' && !isOff) return option.env(name);
  // Commander takes a flag for given as soon as its variable is there; the help shows it all the same.
  option.description += ` (env: ${name})`;
  return option;
}

/** `HOST:PORT` or `[IPV6]:PORT`; port 0 to 65535. */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([^[\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || !(port <= 65_535)) {
    throw new InvalidArgumentError('Expected HOST:PORT, such as 127.0.0.1:4444 or [::1]:4444.');
  }
  return { host, port };
}

/** The address as parseAddress reads it. */
export function formatAddress(address: Address): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** A peer's `[host, port]`, as parseAddress reads it. */
export function formatPair([host, port]: readonly [host: string, port: number]): string {
  return formatAddress({ host, port });
}

/** k as the library takes it: an integer, 1 to 48. */
export function parseK(text: string): number {
  const k = parsePositive(text);
  if (k > 48) throw new InvalidArgumentError('Expected an integer from 1 to 48.');
  return k;
}

/** An integer, 0 or above. */
export function parseCount(text: string): number {
  if (!/^(0|[1-9]\d{0,14})$/.test(text)) throw new InvalidArgumentError('Expected an integer of 0 or more.');
  return Number(text);
}

/** A positive integer. */
export function parsePositive(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('Expected a positive integer.');
  return Number(text);
}

/**
 * A duration in whole milliseconds, from 1 to what a timer holds. The library would refuse a longer one too,
 * but only when it is used, which for a hand-over is at the end.
 */
export function parseMs(text: string): number {
  const ms = parsePositive(text);
  if (ms > MS_MAX) throw new InvalidArgumentError(`Expected at most ${MS_MAX} milliseconds.`);
  return ms;
}

/** An address to connect to needs a port; the flag may be repeated, the variable holds a list with commas. */
function addressesFlag(): Option {
  const option = flag('--connect <host:port>', 'a node to connect to; repeat it to give several');
  return option.argParser((text: string, before: readonly Address[] | undefined) => {
    const added = text.split(',').map(parseAddress);
    if (added.some(({ port }) => port === 0))
      throw new InvalidArgumentError('Port 0 cannot be connected to.');
    return [...(before ?? []), ...added];
  });
}
