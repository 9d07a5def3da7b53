// Cluster: a ring of real sockets inside one process, for tests. It owns their start, one crash at a time,
// and their end; it asserts nothing and knows no test runner.
import { ChordSocket, type ChordOptions, Protocol } from '../index.ts';
import { MemoryNetwork } from '../transport/memory.ts';

/** Options of every node, and how they are joined. */
export interface ClusterOptions extends Omit<ChordOptions, 'transport' | 'outAddr' | 'storage'> {
  /**
   * 'tcp' on loopback with free ports, or 'memory': no sockets at all, and always in plaintext. Default
   * 'tcp'.
   */
  readonly transport?: 'tcp' | 'memory' | undefined;
  /** Milliseconds until the whole cluster has to be ready. Default 30,000. */
  readonly startMs?: number | undefined;
}

export interface Cluster extends AsyncDisposable {
  /** In the order in which they began to join; killed ones stay in the list, closed. */
  readonly nodes: readonly ChordSocket[];
  /** A new connected client (leech) of the ring, closed with the cluster. */
  client(options?: ChordOptions): Promise<ChordSocket>;
  /** Ends a node at once, without a word to the others, as a crash does. */
  kill(index: number): Promise<void>;
  /** Ends everything at once. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
/**
 * Joins under way at once: enough to hide their round trips, few enough that neighbours do not fight for
 * one arc.
 */
const JOINS_AT_ONCE = 4;
const START_MS = 30_000;

/**
 * Starts n members, joins them into one ring and resolves when it is whole: each of them serves its arc and
 * a walk from each sees all n. `profile` is 'local' and the subnet that of the default protocol unless
 * given; with 'memory' the encryption is 'Plaintext'. When it rejects, everything is closed again.
 */
export async function createCluster(n: number, options: ClusterOptions = {}): Promise<Cluster> {
  if (typeof n !== 'number') throw new TypeError(`a cluster takes a number of nodes, got ${typeof n}`);
  if (!Number.isInteger(n) || n < 1) throw new RangeError(`a cluster has at least 1 node, got ${n}`);
  const { transport = 'tcp', startMs = START_MS, ...shared } = options;
  if (transport !== 'tcp' && transport !== 'memory') {
    throw new TypeError(`transport must be 'tcp' or 'memory', got ${JSON.stringify(transport)}`);
  }
  const { storage, outAddr } = shared as ChordOptions;
  if (storage !== undefined || outAddr !== undefined) {
    throw new TypeError('storage and outAddr are of one node: nodes of a cluster cannot share them');
  }
  const cluster = new LocalCluster(transport === 'memory' ? new MemoryNetwork() : undefined, {
    profile: 'local',
    ...(transport === 'memory' ? { protocol: new Protocol('chord', 'Plaintext') } : {}),
    ...shared,
  });
  try {
    await cluster.grow(n, startMs);
  } catch (error) {
    await cluster.close();
    throw error;
  }
  return cluster;
}

class LocalCluster implements Cluster {
  readonly nodes: ChordSocket[] = [];
  readonly #clients: ChordSocket[] = [];
  readonly #killed = new Set<ChordSocket>();
  readonly #network: MemoryNetwork | undefined;
  readonly #options: ChordOptions;

  constructor(network: MemoryNetwork | undefined, options: ChordOptions) {
    this.#network = network;
    this.#options = options;
  }

  /**
   * The first begins the ring; the others join it, a few at a time, each through a member that has joined.
   */
  async grow(n: number, startMs: number): Promise<void> {
    const endsAt = performance.now() + startMs;
    const first = this.#make({});
    this.nodes.push(first);
    await first.join();
    const joined = [first];
    const waiting = Array.from({ length: n - 1 }, () => this.#make({}));
    this.nodes.push(...waiting);
    const join = async (): Promise<void> => {
      for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
        await node.connect(...pickAddress(joined));
        await node.join({ timeoutMs: remaining(endsAt) });
        joined.push(node);
      }
    };
    await Promise.all(Array.from({ length: JOINS_AT_ONCE }, join));
    await Promise.all(this.nodes.map((node) => node.ready({ members: n, timeoutMs: remaining(endsAt) })));
  }

  async client(options: ChordOptions = {}): Promise<ChordSocket> {
    const client = this.#make(options);
    this.#clients.push(client);
    await client.connect(...pickAddress(this.nodes.filter((node) => !this.#killed.has(node))));
    return client;
  }

  async kill(index: number): Promise<void> {
    const node = this.nodes[index];
    if (node === undefined) throw new RangeError(`no node ${index} in a cluster of ${this.nodes.length}`);
    this.#killed.add(node);
    await node.close({ force: true });
  }

  async close(): Promise<void> {
    const all = [...this.#clients, ...this.nodes];
    await Promise.all(all.map((socket) => socket.close({ force: true })));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #make(options: ChordOptions): ChordSocket {
    const transport = this.#network?.transport();
    return new ChordSocket(HOST, 0, {
      ...this.#options,
      ...(transport === undefined ? {} : { transport }),
      ...options,
    });
  }
}

function pickAddress(nodes: readonly ChordSocket[]): readonly [string, number] {
  const node = nodes[Math.floor(Math.random() * nodes.length)];
  if (node === undefined) throw new Error('every node of the cluster was killed');
  return node.outAddr;
}

function remaining(endsAt: number): number {
  return Math.max(1, endsAt - performance.now());
}
