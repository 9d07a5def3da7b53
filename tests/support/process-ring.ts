// ProcessRing: a ring of `chord node` processes that a test kills, replaces and starts again, each by its
// own process id. It owns their addresses and when the ring counts as whole; what is asked of the ring
// meanwhile is the caller's business.
import { createInterface } from 'node:readline';
import { ChordSocket } from '../../src/index.ts';
import { type NodeProcess, Processes } from './processes.ts';

const WHOLE_MS = 30_000;
const LOOK_MS = 50;

export class ProcessRing {
  readonly nodes: NodeProcess[] = [];
  readonly processes: Processes = new Processes();
  /** Called when a member says that it went on without a majority. */
  onDegraded: (line: string) => void = () => {};
  readonly #clients: ChordSocket[] = [];

  /** The first alone, the others through it; each with the arguments that `argsOf` gives it. */
  async start(count: number, argsOf: (index: number) => readonly string[] = () => []): Promise<void> {
    const first = await this.#spawn(argsOf(0));
    this.nodes.push(first);
    const others = Array.from({ length: count - 1 }, (_, i) =>
      this.#spawn(['--connect', first.address, ...argsOf(i + 1)]),
    );
    this.nodes.push(...(await Promise.all(others)));
    await this.whole();
  }

  /** A member more, through the first one. */
  async add(args: readonly string[] = []): Promise<NodeProcess> {
    const node = await this.#spawn(['--connect', this.at(0).address, ...args]);
    this.nodes.push(node);
    return node;
  }

  async kill(index: number): Promise<NodeProcess> {
    const node = this.at(index);
    node.child.kill('SIGKILL');
    await node.ended;
    return node;
  }

  /** A process at the address of the one that was killed; without a directory it is another node. */
  async restart(index: number, args: readonly string[] = []): Promise<NodeProcess> {
    const other = this.nodes.find((_node, i) => i !== index);
    const connect = other === undefined ? [] : ['--connect', other.address];
    const node = await this.#spawn([...connect, ...args], this.at(index).address);
    this.nodes[index] = node;
    return node;
  }

  /** Ends one in good order and takes it off the list. */
  async stop(index: number): Promise<void> {
    const [node] = this.nodes.splice(index, 1);
    node?.child.kill('SIGTERM');
    await node?.ended;
  }

  /** Resolves when a walk sees just these members, in agreement, and every entry has all its copies. */
  async whole(members: number = this.nodes.length): Promise<void> {
    const client = await this.client();
    const end = performance.now() + WHOLE_MS;
    for (;;) {
      const health = await client.health();
      if (health.ok && health.members === members) break;
      if (performance.now() > end) {
        const seen = `${health.members} members, ${health.underReplicated} arcs with too few copies`;
        throw new Error(`not whole with ${members} members within ${WHOLE_MS} ms: ${seen}`, {
          cause: health.error,
        });
      }
      await new Promise((resolve) => {
        setTimeout(resolve, LOOK_MS);
      });
    }
    await client.close({ force: true });
  }

  /** A client that knows every member. */
  async client(): Promise<ChordSocket> {
    const client = new ChordSocket('127.0.0.1', 0, { profile: 'local' });
    this.#clients.push(client);
    const answers = await Promise.allSettled(this.nodes.map(({ address }) => client.connect(address)));
    if (answers.every(({ status }) => status === 'rejected')) throw new Error('no member answers a client');
    return client;
  }

  at(index: number): NodeProcess {
    const node = this.nodes[index];
    if (node === undefined) throw new RangeError(`no node ${index}`);
    return node;
  }

  /** Ends everything that was started. */
  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close({ force: true })));
    await this.processes.endAll();
  }

  async #spawn(args: readonly string[], listen?: string): Promise<NodeProcess> {
    const node = await this.processes.startNode(args, listen);
    if (node.child.stderr) {
      createInterface({ input: node.child.stderr }).on('line', (line) => {
        if (line.includes('degraded')) this.onDegraded(line);
      });
    }
    return node;
  }
}
