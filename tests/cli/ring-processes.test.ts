// Rings of separate `chord node` processes over TLS: written through one, read through every other, through
// losses, farewells and mergers. Reads of many keys use one client each, because a process for every read
// would only cost time.
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ChordSocket } from '../../src/index.ts';
import { buildProject, type NodeProcess, Processes } from '../support/processes.ts';

// Within this an acknowledged entry has to be readable after a loss.
const RECOVERY_MS = 5_000;
const KEYS = Array.from({ length: 40 }, (_, i) => `key-${i}`);

let processes = new Processes();
let clients: ChordSocket[] = [];

beforeAll(() => buildProject(), 120_000);

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close({ force: true })));
  await processes.endAll();
  clients = [];
  processes = new Processes();
});

/** A ring of separate processes, all connected to the first. */
async function startRing(
  count: number,
  options: { listen?: string; first?: readonly string[] } = {},
): Promise<NodeProcess[]> {
  const first = await processes.startNode(options.first ?? [], options.listen);
  const others = Array.from({ length: count - 1 }, () => processes.startNode(['--connect', first.address]));
  return [first, ...(await Promise.all(others))];
}

/** What it writes to standard error from here on. */
function errorsOf({ child }: NodeProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  return () => text;
}

/** An address at which nobody listens any more. */
async function freeAddress(): Promise<string> {
  const { address, child, ended } = await processes.startNode([]);
  child.kill('SIGKILL');
  await ended;
  return address;
}

async function connect(node: NodeProcess): Promise<ChordSocket> {
  const client = new ChordSocket('127.0.0.1', 0, { profile: 'local' });
  clients.push(client);
  await client.connect(node.address);
  return client;
}

/** The keys that cannot be read as they were written, through one client. */
async function unreadable(client: ChordSocket, keys: readonly string[]): Promise<string[]> {
  const options = { timeoutMs: RECOVERY_MS };
  const values = await Promise.all(keys.map((key) => client.get(key, undefined, options)));
  return keys.filter((key, i) => values[i]?.toString() !== `value of ${key}`);
}

async function write(node: NodeProcess, keys: readonly string[]): Promise<void> {
  const client = await connect(node);
  await client.update(keys.map((key) => [key, `value of ${key}`] as const));
}

/** Waits until a walk from this node sees so many members that agree with each other. */
async function whole(node: NodeProcess, members: number): Promise<void> {
  const client = await connect(node);
  await client.ready({ members, timeoutMs: 15_000 });
}

describe('a ring of eight processes', () => {
  it('reads through each node what was set through one', async () => {
    const nodes = await startRing(8);
    const [first, ...others] = nodes;
    const set = await processes.run(['set', 'greeting', 'hällo', '--connect', first?.address ?? '']);
    expect(set).toMatchObject({ code: 0, stdout: '' });
    const gets = await Promise.all(
      others.map((node) => processes.run(['get', 'greeting', '--connect', node.address])),
    );
    expect(gets.map(({ code, stdout }) => [code, stdout])).toEqual(others.map(() => [0, 'hällo']));
  }, 60_000);

  it('keeps every entry through every survivor when one is killed', async () => {
    const nodes = await startRing(8);
    await write(nodes[0]!, KEYS);
    await whole(nodes[0]!, 8);
    nodes[3]?.child.kill('SIGKILL');
    await nodes[3]?.ended;
    const survivors = nodes.filter((node) => node !== nodes[3]);
    const missing = await Promise.all(survivors.map(async (node) => unreadable(await connect(node), KEYS)));
    expect(missing).toEqual(survivors.map(() => []));
  }, 60_000);

  it('hands over before it ends on SIGTERM', async () => {
    const [first, second, third] = await startRing(3);
    await write(first!, KEYS);
    await whole(first!, 3);
    for (const node of [first!, second!]) {
      node.child.kill('SIGTERM');
      const { code, signal, stdout } = await node.ended;
      expect([code, signal]).toEqual([0, null]);
      expect(stdout).toContain('{"event":"stopped","handedOver":true}');
    }
    expect(await unreadable(await connect(third!), KEYS)).toEqual([]);
  }, 60_000);

  it('ends by itself when all its processes are told to at once', async () => {
    const nodes = await startRing(8);
    await write(nodes[0]!, KEYS);
    for (const node of nodes) node.child.kill('SIGTERM');
    const ends = await Promise.all(nodes.map((node) => node.ended));
    // A node that is not done within 4.5 s ends itself with another code.
    expect(ends.map(({ code }) => code)).toEqual(nodes.map(() => 0));
  }, 60_000);

  it('is made of two rings of four that were started apart, entries included', async () => {
    const address = await freeAddress();
    const first = await startRing(4, { first: ['--connect', address] });
    await write(first[0]!, KEYS.slice(0, 20));
    const second = await startRing(4, { listen: address });
    await write(second[0]!, KEYS.slice(20));
    await whole(second[1]!, 8);
    // The entries follow their ring: each side learns the other's within a sweep or two.
    const readers = await Promise.all([...first, ...second].map(connect));
    const missing = async (): Promise<string[]> =>
      (await Promise.all(readers.map((reader) => unreadable(reader, KEYS)))).flat();
    await vi.waitFor(async () => expect(await missing()).toEqual([]), RECOVERY_MS);
    const check = await processes.run(['check', '--connect', first[3]!.address]);
    expect(check).toMatchObject({ code: 0, stderr: '' });
  }, 60_000);
});

describe('a node', () => {
  it('starts a ring of its own while its peers are down, and joins them once they are up', async () => {
    const address = await freeAddress();
    const early = await processes.startNode(['--connect', address]);
    expect(early.ready).toMatchObject({ serving: true, waiting: [address] });
    await processes.startNode([], address);
    await whole(early, 2);
  }, 60_000);

  it('serves nothing as a leech', async () => {
    const member = await processes.startNode([]);
    const leech = await processes.startNode(['--leech', '--connect', member.address]);
    expect(leech.ready.serving).toBe(false);
    await whole(member, 1);
    const ring = await processes.run(['check', '--json', '--connect', member.address]);
    expect(JSON.parse(ring.stdout)).toMatchObject({ members: 1 });
  });

  it('takes the two signals that npm makes of one Ctrl-C for one', async () => {
    const first = await processes.startNode([]);
    const second = await processes.startNode(['--connect', first.address]);
    second.child.kill('SIGINT');
    second.child.kill('SIGTERM');
    const { code, stdout } = await second.ended;
    expect([code, stdout.trimEnd().split('\n').at(-1)]).toEqual([0, '{"event":"stopped","handedOver":true}']);
  });

  it('takes its own address in --connect for itself', async () => {
    const member = await processes.startNode([]);
    const own = await freeAddress();
    const node = await processes.startNode(['--connect', `${own},${member.address}`], own);
    expect(node.ready).toMatchObject({ serving: true, waiting: [] });
  });

  it('takes an address at which it answers itself for its own', async () => {
    const own = await freeAddress();
    const otherName = own.replace('127.0.0.1', 'localhost');
    const node = await processes.startNode(['--connect', otherName], own);
    expect(node.ready).toMatchObject({ serving: true, waiting: [] });
  });
});

describe('a node that waits for another one', () => {
  it('says so when that is up, and of another network', async () => {
    const address = await freeAddress();
    const errors = errorsOf(await processes.startNode(['--connect', address, '--subnet', 'here']));
    const other = await processes.startNode(['--subnet', 'there'], address);
    const refusal = `refused: ${address} belongs to another network: subnet is "there" there and "here" here`;
    await vi.waitFor(() => expect(errors()).toContain(refusal), { timeout: 20_000 });
    other.child.kill('SIGKILL');
    await other.ended;
    await processes.startNode(['--subnet', 'here'], address);
    await vi.waitFor(() => expect(errors()).toContain(`connected to ${address}`), { timeout: 20_000 });
    // Tried every few moments, and told of once.
    expect(errors().split('refused:')).toHaveLength(2);
  });
});
