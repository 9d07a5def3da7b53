// DurableRing: five processes with a directory each, that are killed and started again. It owns their
// places and the order of a round: each in turn under load, then all at once.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChordSocket } from '../../src/index.ts';
import { DurableLoad, type LoadFigures } from './durable-load.ts';
import { type NodeProcess, Processes } from './processes.ts';

const MEMBERS = 5;
const READY_MS = 30_000;
/** All of them start at once, on a machine that may be busy: the default of 5 s is for one. */
const START_MS = 30_000;

export interface RoundResult {
  /** Empty where everything that was acknowledged is there. */
  readonly complaints: readonly string[];
  readonly figures: LoadFigures;
}

export class DurableRing {
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'chord-durable-'));
  readonly #processes = new Processes();
  readonly #nodes: NodeProcess[] = [];
  readonly #load = new DurableLoad();

  get nodes(): readonly NodeProcess[] {
    return this.#nodes;
  }

  /** Starts all, the first alone and the others through it. */
  async start(): Promise<void> {
    const first = await this.#startNode(0, []);
    this.#nodes.push(first);
    const others = Array.from({ length: MEMBERS - 1 }, (_, i) =>
      this.#startNode(i + 1, ['--connect', first.address]),
    );
    this.#nodes.push(...(await Promise.all(others)));
    await this.#whole();
  }

  /**
   * Kills and restarts each member in turn while clients write, then all of them at once; nobody is told of
   * any address. Resolves to what is missing then.
   */
  async round(): Promise<RoundResult> {
    const writer = await this.#client();
    this.#load.start(writer);
    try {
      for (let i = 0; i < MEMBERS; i++) {
        await this.#kill(i);
        await this.#restart(i);
        await this.#whole();
      }
    } finally {
      await this.#load.stop();
      await writer.close({ force: true });
    }
    await Promise.all(this.#nodes.map((_node, i) => this.#kill(i)));
    await Promise.all(this.#nodes.map((_node, i) => this.#restart(i)));
    await this.#whole();
    const reader = await this.#client();
    const complaints = await this.#load.check(reader);
    await reader.close({ force: true });
    return { complaints, figures: this.#load.figures };
  }

  /** Ends everything and removes the directories. */
  async close(): Promise<void> {
    await this.#processes.endAll();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #kill(index: number): Promise<void> {
    const node = this.#at(index);
    node.child.kill('SIGKILL');
    await node.ended;
  }

  /** At its former address, and as the same node. */
  async #restart(index: number): Promise<void> {
    const former = this.#at(index);
    const node = await this.#startNode(index, [], former.address);
    if (node.ready.id !== former.ready.id) throw new Error(`node ${index} came back as another one`);
    this.#nodes[index] = node;
  }

  #startNode(index: number, args: readonly string[], listen?: string): Promise<NodeProcess> {
    const own = ['--data', join(this.#folder, `node-${index}`), '--timeout', String(START_MS)];
    return this.#processes.startNode([...own, ...args], listen);
  }

  /** A walk from a client sees all members, in agreement and serving. */
  async #whole(): Promise<void> {
    const client = await this.#client();
    await client.ready({ members: MEMBERS, timeoutMs: READY_MS });
    await client.close({ force: true });
  }

  async #client(): Promise<ChordSocket> {
    const client = new ChordSocket('127.0.0.1', 0, { profile: 'local' });
    const answers = await Promise.allSettled(this.#nodes.map(({ address }) => client.connect(address)));
    if (answers.every(({ status }) => status === 'rejected')) throw new Error('no member answers a client');
    return client;
  }

  #at(index: number): NodeProcess {
    const node = this.#nodes[index];
    if (node === undefined) throw new RangeError(`no node ${index}`);
    return node;
  }
}
