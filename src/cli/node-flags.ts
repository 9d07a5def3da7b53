// The flags of the command node, and the options of a socket that they stand for. It owns names, help texts
// and the ready line's description; ranges are the library's, which names the option that is out of its own,
// but for durations, which the library may not see before the end.
import type { Command, Option } from 'commander';
import type { ChordOptions, Storage, SyncPolicy } from '../index.ts';
import { ownTerms, socketOptions } from './connection.ts';
import { CommandFailure } from './failure.ts';
import {
  type Address,
  addRingFlags,
  flag,
  parseAddress,
  parseMs,
  parsePositive,
  type RingFlags,
} from './flags.ts';

// All processes of a ring may be stopped at once, and then nobody takes the entries over: hand-over gets this
// long, and the whole end stays below the 5 s that supervisors are promised.
const HAND_OVER_MS = 3_000;

export interface NodeFlags extends RingFlags {
  readonly listen: Address;
  readonly out?: Address;
  readonly leech?: boolean;
  readonly data?: string;
  readonly sync?: SyncPolicy;
  readonly replicas?: number;
  readonly onQuorumLost?: 'heal' | 'refuse';
  readonly valueBytes?: number;
  readonly storeBytes?: number;
  readonly clockSkew?: number;
  readonly handOver: number;
  readonly logLevel: string;
}

export function addNodeFlags(node: Command): Command {
  node
    .addOption(
      flag('--listen <host:port>', 'where to listen; port 0 picks a free port')
        .argParser(parseAddress)
        .makeOptionMandatory(),
    )
    .addOption(
      flag('--out <host:port>', 'the address to announce, where peers reach it otherwise').argParser(
        parseAddress,
      ),
    )
    .addOption(flag('--leech', 'use the ring without storing anything for it'));
  for (const option of [...storeFlags(), ...boundFlags()]) node.addOption(option);
  node
    .addOption(
      flag('--hand-over <ms>', 'how long a signal waits until others have acknowledged every entry')
        .argParser(parseMs)
        .default(HAND_OVER_MS),
    )
    .addOption(logLevelFlag())
    .addHelpText(
      'after',
      '\nWith --json the first line on standard output is\n' +
        '  {"event":"ready","addr":[host,port],"id":…,"position":…,"serving":…,"http":null,"resp":null,\n' +
        '   "outAddr":[host,port],"waiting":["host:port" of peers that do not answer yet, …]}\n' +
        'printed once it listens and has joined, or found its peers down: then it starts a ring of\n' +
        'its own and goes on trying them, and the rings become one as soon as one of them answers.\n' +
        'Where the ring is full it says so on standard error and goes on as a client, as with --leech:\n' +
        '"serving" is false then.',
    );
  return addRingFlags(node, 'defaults');
}

/** What the flags say, but the logger, which is loaded only where logs are wanted. */
export function nodeOptions(flags: NodeFlags): ChordOptions {
  return {
    ...socketOptions(flags, ownTerms(flags)),
    outAddr: flags.out === undefined ? undefined : [flags.out.host, flags.out.port],
    replicas: flags.replicas,
    onQuorumLost: flags.onQuorumLost,
    storage: storageOf(flags),
    clockSkewMaxMs: flags.clockSkew,
    limits: limitsOf(flags),
  };
}

function storeFlags(): Option[] {
  return [
    flag(
      '--data <dir>',
      'keep identity and entries in this directory; a node that starts with it again goes on where it was',
    ),
    flag(
      '--sync <policy>',
      'when a write to --data counts as done: on the disk (always), there within a second (interval), ' +
        'or when the system likes (never); a power cut loses the rest (default: always)',
    ).choices(['always', 'interval', 'never']),
    flag('--replicas <n>', 'copies of each entry, the owner’s included (default: 3)').argParser(
      parsePositive,
    ),
    flag(
      '--on-quorum-lost <what>',
      'when a majority of the copies of an entry stays away: go on with those left and say so (heal), ' +
        'or answer ERR_QUORUM until a majority is back (refuse) (default: heal)',
    ).choices(['heal', 'refuse']),
  ];
}

/** Bounds that all members of a ring should have alike. */
function boundFlags(): Option[] {
  return [
    flag('--value-bytes <n>', 'bytes of the largest value, up to 67108864 (default: 1048576)').argParser(
      parsePositive,
    ),
    flag(
      '--store-bytes <n>',
      'bytes of the values that this member holds at most; more is refused with ERR_LIMIT ' +
        '(default: 1073741824)',
    ).argParser(parsePositive),
    flag(
      '--clock-skew <ms>',
      'how far the clocks of two connected nodes may differ (default: 60000)',
    ).argParser(parseMs),
  ];
}

function storageOf({ data, sync }: NodeFlags): Storage | undefined {
  if (data !== undefined) return { directory: data, sync };
  if (sync === undefined) return undefined;
  throw new CommandFailure('ERR_USAGE', '--sync says how --data is written to, and none was given', {
    exitCode: 2,
  });
}

/** Those that were given: a limit may be left out, but not be undefined. */
function limitsOf({ valueBytes, storeBytes }: NodeFlags): ChordOptions['limits'] {
  return {
    ...(valueBytes === undefined ? {} : { valueBytes }),
    ...(storeBytes === undefined ? {} : { storeBytes }),
  };
}

function logLevelFlag(): Option {
  const levels = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'];
  return flag('--log-level <level>', 'log as JSON lines on standard error').choices(levels).default('silent');
}
