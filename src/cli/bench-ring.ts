// The rings that are measured: all members in this process, or one process each. It owns their start and
// their end; what is done with them is the caller's.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChordError, ChordSocket, Protocol } from '../index.ts';
import type { Encryption } from './flags.ts';

export interface RingTerms {
  readonly nodes: number;
  readonly encryption: Encryption;
  /** Whether members write down what they hold, each in a directory that is gone at the end. */
  readonly durable: boolean;
}

export interface BenchRing {
  /** Where values are put, and another node, where they are asked for. */
  readonly writer: ChordSocket;
  readonly reader: ChordSocket;
  /** Milliseconds from nothing to a ring that every node sees whole. */
  readonly startMs: number;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const START_MS = 120_000;
/** Joins under way at once: more of them fight for the same arcs. */
const JOINS_AT_ONCE = 4;

/** All members in this process; two of them are the writer and the reader. */
export async function startInProcess({ nodes, encryption, durable }: RingTerms): Promise<BenchRing> {
  const data = await Data.make(durable);
  const begun = performance.now();
  const members = Array.from({ length: nodes }, () => makeSocket(encryption, data.next()));
  const close = async (): Promise<void> => {
    await Promise.all(members.map((member) => member.close({ force: true })));
    await data.remove();
  };
  try {
    const [writer, ...others] = members;
    if (writer === undefined) throw new RangeError('a ring has at least one member');
    await writer.join();
    const waiting = [...others];
    const lane = async (): Promise<void> => {
      for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
        await node.connect(...writer.outAddr);
        await node.join({ timeoutMs: START_MS });
      }
    };
    await Promise.all(Array.from({ length: JOINS_AT_ONCE }, lane));
    await Promise.all(members.map((member) => member.ready({ members: nodes, timeoutMs: START_MS })));
    return { writer, reader: others[0] ?? writer, startMs: performance.now() - begun, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One process a member, and two clients of theirs in this one. */
export async function startProcesses({ nodes, encryption, durable }: RingTerms): Promise<BenchRing> {
  const data = await Data.make(durable);
  const begun = performance.now();
  const children: ChildProcess[] = [];
  const clients = [makeSocket(encryption), makeSocket(encryption)] as const;
  const close = async (): Promise<void> => {
    await Promise.all(clients.map((client) => client.close({ force: true })));
    await Promise.all(children.map(endChild));
    await data.remove();
  };
  const start = (first?: string): Promise<string> =>
    startMember(children, encryption, { '--connect': first, '--data': data.next() });
  try {
    const first = await start();
    const lane = async (): Promise<void> => {
      while (children.length < nodes) await start(first);
    };
    await Promise.all(Array.from({ length: JOINS_AT_ONCE }, lane));
    for (const client of clients) {
      await client.connect(first);
      await client.ready({ members: nodes, timeoutMs: START_MS });
    }
    const [writer, reader] = clients;
    return { writer, reader, startMs: performance.now() - begun, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Directories of the members, in one for all. */
class Data {
  readonly #root: string | undefined;
  #given = 0;

  private constructor(root: string | undefined) {
    this.#root = root;
  }

  static async make(durable: boolean): Promise<Data> {
    return new Data(durable ? await mkdtemp(join(tmpdir(), 'chord-bench-')) : undefined);
  }

  /** Another directory; undefined where nothing is written down. */
  next(): string | undefined {
    this.#given += 1;
    return this.#root === undefined ? undefined : join(this.#root, String(this.#given));
  }

  async remove(): Promise<void> {
    if (this.#root !== undefined) await rm(this.#root, { recursive: true, force: true });
  }
}

function makeSocket(encryption: Encryption, directory?: string): ChordSocket {
  const protocol = new Protocol('chord', encryption);
  return new ChordSocket(HOST, 0, { profile: 'local', protocol, storage: directory });
}

/** Resolves to the address that the member prints once it has joined. */
function startMember(
  children: ChildProcess[],
  encryption: Encryption,
  flags: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const main = fileURLToPath(new URL('main.js', import.meta.url));
  const terms = ['--encryption', encryption, '--profile', 'local', '--json'];
  const given = Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
  const child = spawn(process.execPath, [main, 'node', '--listen', `${HOST}:0`, ...terms, ...given], {
    env: ownEnvironment(),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', (line: Buffer) => {
      const { addr } = JSON.parse(line.toString('utf8')) as { addr: [string, number] };
      resolve(addr.join(':'));
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      reject(new ChordError('ERR_UNREACHABLE', `a member's process ended with ${code} before it was ready`));
    });
  });
}

/**
 * Without the variables that are flags: they are for the user's own ring, which a member that reads them
 * would join, or whose directory it would write to.
 */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CHORD_')));
}

function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
