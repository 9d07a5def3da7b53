// The rings that are measured: all members in this process, or one process each. It owns their start and
// their end; what is done with them is the caller's.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChordSocket, Protocol } from '../index.ts';
import { MemberProcesses } from './bench-processes.ts';
import type { Encryption } from './flags.ts';

export interface RingTerms {
  readonly nodes: number;
  readonly encryption: Encryption;
  /** Whether members write down what they hold, each in a directory that is gone at the end. */
  readonly durable: boolean;
}

/** A ring that every node sees whole. */
export interface WholeRing {
  /** Where values are put, and another node, where they are asked for. */
  readonly writer: ChordSocket;
  readonly reader: ChordSocket;
  /** Milliseconds that it took. */
  readonly startMs: number;
}

/** Starts once. What it leaves outside this process is gone also where the process ends without `close`. */
export interface BenchRing {
  start(): Promise<WholeRing>;
  /** Ends everything, also what is still starting. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const START_MS = 120_000;
/** Joins under way at once: more of them fight for the same arcs. */
const JOINS_AT_ONCE = 4;

/** All members in this process; two of them are the writer and the reader. */
export class LocalRing implements BenchRing {
  readonly #data: Data;
  readonly #members: readonly ChordSocket[];

  constructor({ nodes, encryption, durable }: RingTerms) {
    const data = new Data(durable);
    const protocol = ownProtocol(encryption);
    this.#members = Array.from({ length: nodes }, () => makeSocket(protocol, data.next()));
    this.#data = data;
    process.on('exit', this.#endAtOnce);
  }

  async start(): Promise<WholeRing> {
    const begun = performance.now();
    const members = this.#members;
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
    await Promise.all(
      members.map((member) => member.ready({ members: members.length, timeoutMs: START_MS })),
    );
    return { writer, reader: others[0] ?? writer, startMs: performance.now() - begun };
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close({ force: true })));
    await this.#data.remove();
    process.off('exit', this.#endAtOnce);
  }

  readonly #endAtOnce = (): void => this.#data.removeAtOnce();
}

/** One process a member, and two clients of theirs in this one. */
export class ProcessRing implements BenchRing {
  readonly #nodes: number;
  readonly #protocol: Protocol;
  readonly #data: Data;
  readonly #clients: readonly [ChordSocket, ChordSocket];
  readonly #members = new MemberProcesses();

  constructor({ nodes, encryption, durable }: RingTerms) {
    this.#nodes = nodes;
    this.#protocol = ownProtocol(encryption);
    this.#data = new Data(durable);
    this.#clients = [makeSocket(this.#protocol), makeSocket(this.#protocol)];
    process.on('exit', this.#endAtOnce);
  }

  async start(): Promise<WholeRing> {
    const begun = performance.now();
    const first = await this.#startMember();
    const lane = async (): Promise<void> => {
      while (this.#members.count < this.#nodes) await this.#startMember(first);
    };
    await Promise.all(Array.from({ length: JOINS_AT_ONCE }, lane));
    for (const client of this.#clients) {
      await client.connect(first);
      await client.ready({ members: this.#nodes, timeoutMs: START_MS });
    }
    const [writer, reader] = this.#clients;
    return { writer, reader, startMs: performance.now() - begun };
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close({ force: true })));
    await this.#members.end();
    await this.#data.remove();
    process.off('exit', this.#endAtOnce);
  }

  #startMember(first?: string): Promise<string> {
    const { subnet, encryption } = this.#protocol;
    const terms = ['--subnet', subnet, '--encryption', encryption, '--profile', 'local'];
    const given = Object.entries({ '--connect': first, '--data': this.#data.next() });
    const flags = given.flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
    return this.#members.start(['--listen', `${HOST}:0`, ...terms, ...flags]);
  }

  readonly #endAtOnce = (): void => {
    this.#members.endAtOnce();
    this.#data.removeAtOnce();
  };
}

/** Directories of the members, in one for all. */
class Data {
  readonly #root: string | undefined;
  #given = 0;

  constructor(durable: boolean) {
    this.#root = durable ? mkdtempSync(join(tmpdir(), 'chord-bench-')) : undefined;
  }

  /** Another directory; undefined where nothing is written down. */
  next(): string | undefined {
    this.#given += 1;
    return this.#root === undefined ? undefined : join(this.#root, String(this.#given));
  }

  async remove(): Promise<void> {
    if (this.#root !== undefined) await rm(this.#root, REMOVAL);
  }

  removeAtOnce(): void {
    if (this.#root !== undefined) rmSync(this.#root, REMOVAL);
  }
}

/** A member that was killed may write for a moment longer, so that a directory is not empty yet. */
const REMOVAL = { recursive: true, force: true, maxRetries: 10 } as const;

/** A network of its own for every ring, so that none meets another one, were it given its address. */
function ownProtocol(encryption: Encryption): Protocol {
  return new Protocol(`chord-bench-${randomUUID()}`, encryption);
}

function makeSocket(protocol: Protocol, directory?: string): ChordSocket {
  return new ChordSocket(HOST, 0, { profile: 'local', protocol, storage: directory });
}
