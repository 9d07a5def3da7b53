// The command node: one node of a ring until it is told to stop. It owns the order of starting and stopping,
// and the ready line that supervisors and tests wait for; the ring itself is ChordSocket's.
import type { Command, Option } from 'commander';
import type { Logger } from 'pino';
import { ChordError, ChordSocket, type Storage, type SyncPolicy } from '../index.ts';
import { callOptions, ownTerms, socketOptions } from './connection.ts';
import { codeOf, CommandFailure, describeFailure } from './failure.ts';
import {
  type Address,
  addRingFlags,
  flag,
  formatAddress,
  parseAddress,
  parsePositive,
  type RingFlags,
} from './flags.ts';
import { paint, paintError, stderrLine, writeJson, writeLine } from './output.ts';
import { exitWithin, StopSignal } from './stop-signal.ts';

// All processes of a ring may be stopped at once, and then nobody takes the entries over: hand-over gets this
// long, and the whole end stays below the 5 s that supervisors are promised.
const HAND_OVER_MS = 3_000;
const CLOSE_MS = 1_500;

interface NodeFlags extends RingFlags {
  readonly listen: Address;
  readonly out?: Address;
  readonly leech?: boolean;
  readonly data?: string;
  readonly sync?: SyncPolicy;
  readonly replicas?: number;
  readonly handOver: number;
  readonly logLevel: string;
}

export function addNode(program: Command): void {
  const node = program
    .command('node')
    .description('run one node until SIGINT or SIGTERM, which hands its entries over first')
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
    .addOption(flag('--leech', 'use the ring without storing anything for it'))
    .addOption(
      flag(
        '--data <dir>',
        'keep identity and entries in this directory; a node that starts with it again goes on where it was',
      ),
    )
    .addOption(
      flag(
        '--sync <policy>',
        'when a write to --data counts as done: on the disk (always), there within a second (interval), ' +
          'or when the system likes (never); a power cut loses the rest (default: always)',
      ).choices(['always', 'interval', 'never']),
    )
    .addOption(
      flag('--replicas <n>', 'copies of each entry, the owner’s included (default: 3)').argParser(
        parsePositive,
      ),
    )
    .addOption(
      flag('--hand-over <ms>', 'how long a signal waits until others have acknowledged every entry')
        .argParser(parsePositive)
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
  addRingFlags(node, 'defaults').action(runNode);
}

async function runNode(flags: NodeFlags): Promise<void> {
  const stop = new StopSignal();
  const terms = ownTerms(flags);
  const node = new ChordSocket(flags.listen.host, flags.listen.port, {
    ...socketOptions(flags, terms),
    outAddr: flags.out === undefined ? undefined : [flags.out.host, flags.out.port],
    replicas: flags.replicas,
    storage: storageOf(flags),
    logger: flags.logLevel === 'silent' ? undefined : await createLogger(flags.logLevel),
  });
  node.on('degraded', (event) => stderrLine(`${paintError('yellow', 'degraded')}: ${event.message}`));
  node.on('error', reportError);
  try {
    await Promise.race([startNode(node, flags), stop.stopped()]);
  } catch (error) {
    await node.close({ force: true });
    throw error;
  }
  await stop.stopped();
  await stopNode(node, flags);
}

function storageOf({ data, sync }: NodeFlags): Storage | undefined {
  if (data !== undefined) return { directory: data, sync };
  if (sync === undefined) return undefined;
  throw new CommandFailure('ERR_USAGE', '--sync says how --data is written to, and none was given', {
    exitCode: 2,
  });
}

async function startNode(node: ChordSocket, flags: NodeFlags): Promise<void> {
  if (flags.leech && flags.connect === undefined) {
    const warning = 'no --connect was given, and a client without one knows no ring that it could use';
    stderrLine(`${paintError('yellow', 'warning')}: ${warning}`);
  }
  await node.listen();
  const waitingFor = await connectAll(node, flags);
  const serving = !flags.leech && (await join(node, flags));
  await reportReady(node, flags, { waitingFor, serving });
}

/**
 * Connects to every address given, and returns those where nobody answers; the socket goes on trying these.
 * Its own address may be among them, so that all nodes can be given one list: the one that it listens on is
 * left out, and at any other one it answers itself. An announced address alone proves nothing, it may be
 * another node's by mistake.
 */
async function connectAll(node: ChordSocket, flags: NodeFlags): Promise<Address[]> {
  const own = formatAddress(flags.listen);
  const others = (flags.connect ?? []).filter((address) => formatAddress(address) !== own);
  const isSilent = await Promise.all(
    others.map(async (address) => {
      try {
        await node.connect(address.host, address.port, callOptions(flags));
        return false;
      } catch (error) {
        const code = codeOf(error);
        if (code !== 'ERR_UNREACHABLE' && code !== 'ERR_TIMEOUT') throw error;
        return !(error instanceof ChordError && error.self === true);
      }
    }),
  );
  return others.filter((_, i) => isSilent[i]);
}

/** Whether its whole arc is served, as it is when a join has ended; on a full ring it goes on as a client. */
async function join(node: ChordSocket, flags: NodeFlags): Promise<boolean> {
  try {
    await node.join(callOptions(flags));
    return true;
  } catch (error) {
    // A member that was restarted serves once enough of those that shared its entries are back.
    if (flags.data !== undefined && codeOf(error) === 'ERR_TIMEOUT' && !node.leeching) return false;
    if (codeOf(error) === 'ERR_RING_FULL') {
      reportError(error);
      return false;
    }
    if (codeOf(error) !== 'ERR_UNREACHABLE') throw error;
    throw new CommandFailure('ERR_UNREACHABLE', error instanceof Error ? error.message : String(error), {
      cause: error,
      advice:
        'Peers have to reach this node at the address that it announces. ' +
        'Give one that they can dial: --out HOST:PORT',
    });
  }
}

interface Readiness {
  /** Addresses that were given and do not answer yet. */
  readonly waitingFor: readonly Address[];
  readonly serving: boolean;
}

async function reportReady(
  node: ChordSocket,
  flags: NodeFlags,
  { waitingFor, serving }: Readiness,
): Promise<void> {
  const waiting = waitingFor.map(formatAddress);
  if (flags.json) {
    const { addr, outAddr, id, position } = node;
    const gateways = { http: node.gateway ?? null, resp: null };
    await writeJson({ event: 'ready', addr, id, position, serving, ...gateways, outAddr, waiting });
    return;
  }
  const { encryption, subnet } = ownTerms(flags);
  const isClient = node.leeching;
  await writeLine(`${paint('green', '●')} ${isClient ? 'client' : 'member'} ${node.id}`);
  await writeLine(`  listens on  ${node.addr.join(':')}${announced(node)}`);
  if (!isClient) await writeLine(`  position    ${node.position} of 2^${node.k}`);
  await writeLine(`  network     ${subnet}, ${encryption}, k = ${node.k}`);
  if (waiting.length > 0) {
    await writeLine(`  waits for   ${waiting.join(', ')}: nobody answers there yet`);
    const isAlone = !isClient && node.next === undefined;
    const meanwhile = isAlone ? 'Until then this is a ring of its own; it' : 'It';
    await writeLine(`              ${meanwhile} goes on trying and connects as soon as one is up.`);
  }
  if (!isClient && !serving) {
    await writeLine('  waits for   the other members that have its entries: it serves once most are back');
  }
  await writeLine(`  stop it with Ctrl-C${isClient ? '' : ': it hands its entries over first'}`);
}

function announced(node: ChordSocket): string {
  const out = node.outAddr.join(':');
  return out === node.addr.join(':') ? '' : `, announced as ${out}`;
}

/** Hands over, closes and says how that went. Ends the process whatever happens. */
async function stopNode(node: ChordSocket, flags: NodeFlags): Promise<void> {
  let handedOver = true;
  if (!flags.leech) {
    const alone = await heldAlone(node);
    if (process.stderr.isTTY) stderrLine('handing over; Ctrl-C once more ends it at once');
    try {
      await node.unjoin({ timeoutMs: flags.handOver });
      if (alone > 0) {
        handedOver = false;
        const fate = flags.data === undefined ? 'are gone' : `stay in ${flags.data}`;
        stderrLine(`stopped as the last member of the ring: its entries (${alone}) ${fate}`);
      }
    } catch (error) {
      handedOver = false;
      const failure = describeFailure(error);
      stderrLine(`stopped without handing everything over: ${failure.code}: ${failure.message}`);
    }
  }
  exitWithin(CLOSE_MS, 1);
  await node.close({ force: true });
  if (flags.json) await writeJson({ event: 'stopped', handedOver });
}

/** Entries that nobody else could take: those of the last member. */
async function heldAlone(node: ChordSocket): Promise<number> {
  if (node.leeching || node.next !== undefined) return 0;
  const members = await node.ring({ timeoutMs: CLOSE_MS }).catch(() => []);
  return members.length === 1 ? (members[0]?.entries ?? 0) : 0;
}

function reportError(error: unknown): void {
  const failure = describeFailure(error);
  stderrLine(`${paintError('red', failure.code)}: ${failure.message}`);
  if (failure.advice !== undefined) stderrLine(failure.advice);
}

function logLevelFlag(): Option {
  const levels = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'];
  return flag('--log-level <level>', 'log as JSON lines on standard error').choices(levels).default('silent');
}

/** Loaded only where logs are wanted, because it costs start-up time. */
async function createLogger(level: string): Promise<Logger> {
  const { destination, pino } = await import('pino');
  return pino({ level, base: null }, destination({ fd: 2, sync: true }));
}
