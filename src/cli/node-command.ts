// The command node: one node of a ring until it is told to stop. It owns the order of starting and stopping,
// and the ready line that supervisors and tests wait for; the ring itself is ChordSocket's.
import type { Command } from 'commander';
import type { Logger } from 'pino';
import { ChordError, ChordSocket } from '../index.ts';
import { callOptions, ownTerms } from './connection.ts';
import { codeOf, CommandFailure, describeFailure } from './failure.ts';
import { type Address, formatAddress, formatPair } from './flags.ts';
import { addNodeFlags, type NodeFlags, nodeOptions } from './node-flags.ts';
import { goOnWithoutOutput, paint, paintError, stderrLine, writeJson, writeLine } from './output.ts';
import { exitWithin, StopSignal } from './stop-signal.ts';
import { tellOfWaits } from './wait-notice.ts';

// With the hand-over, which comes first, the end stays below the 5 s that supervisors are promised.
const CLOSE_MS = 1_500;

/** What is kept of logs that cannot be written, until they can be again; more is dropped. */
const LOG_BYTES_MAX = 2 ** 20;

export function addNode(program: Command): void {
  const node = program
    .command('node')
    .description('run one node until SIGINT or SIGTERM, which hands its entries over first');
  addNodeFlags(node).action(runNode);
}

async function runNode(flags: NodeFlags): Promise<void> {
  const stop = new StopSignal();
  goOnWithoutOutput();
  const node = new ChordSocket(flags.listen.host, flags.listen.port, {
    ...nodeOptions(flags),
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

async function startNode(node: ChordSocket, flags: NodeFlags): Promise<void> {
  if (flags.leech && flags.connect === undefined) {
    const warning = 'no --connect was given, and a client without one knows no ring that it could use';
    stderrLine(`${paintError('yellow', 'warning')}: ${warning}`);
  }
  await node.listen();
  const waitingFor = await connectAll(node, flags);
  tellOfWaits(node, waitingFor);
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
  await writeLine(`  listens on  ${formatPair(node.addr)}${announced(node)}`);
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
  const out = formatPair(node.outAddr);
  return out === formatPair(node.addr) ? '' : `, announced as ${out}`;
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

/** Loaded only where logs are wanted, because it costs start-up time. */
async function createLogger(level: string): Promise<Logger> {
  const { destination, pino } = await import('pino');
  const log = destination({ fd: 2, sync: true, maxLength: LOG_BYTES_MAX });
  // A log that is full must not end the node that it tells of.
  log.on('error', () => undefined);
  return pino({ level, base: null }, log);
}
