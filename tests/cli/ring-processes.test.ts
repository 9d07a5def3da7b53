// Rings of separate `chord node` processes over TLS: written through one, read through every other, through
// losses, farewells and mergers. Reads of many keys use one client each, because a process for every read
// would only cost time.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ChordSocket } from '../../src/index.ts';
import { buildProject, collect, firstLine, type NodeProcess, Processes } from '../support/processes.ts';

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
async function startRing(count: number): Promise<NodeProcess[]> {
  const first = await processes.startNode([]);
  const others = Array.from({ length: count - 1 }, () => processes.startNode(['--connect', first.address]));
  return [first, ...(await Promise.all(others))];
}

async function connect(node: NodeProcess): Promise<ChordSocket> {
  const client = new ChordSocket('127.0.0.1', 0, { profile: 'local' });
  clients.push(client);
  await client.connect(node.address);
  return client;
}

/** The keys that cannot be read as they were written, through one node. */
async function unreadable(node: NodeProcess, keys: readonly string[]): Promise<string[]> {
  const client = await connect(node);
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
    const missing = await Promise.all(survivors.map((node) => unreadable(node, KEYS)));
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
    expect(await unreadable(third!, KEYS)).toEqual([]);
  }, 60_000);

  it('ends within five seconds when all its processes are told to at once', async () => {
    const nodes = await startRing(8);
    await write(nodes[0]!, KEYS);
    const begin = performance.now();
    for (const node of nodes) node.child.kill('SIGTERM');
    const codes = (await Promise.all(nodes.map((node) => node.ended))).map(({ code }) => code);
    expect(codes).toEqual(nodes.map(() => 0));
    expect(performance.now() - begin).toBeLessThan(5_000);
  }, 60_000);

  it('becomes one with another ring, entries included', async () => {
    const [ones, twos] = await Promise.all([startRing(4), startRing(4)]);
    await write(ones[0]!, KEYS.slice(0, 20));
    await write(twos[0]!, KEYS.slice(20));
    const bridge = await processes.startNode(['--leech', '--connect', ones[1]!.address]);
    expect(bridge.ready.serving).toBe(false);
    const joined = await processes.startNode(['--connect', `${ones[2]!.address},${twos[2]!.address}`]);
    await whole(joined, 9);
    const missing = await Promise.all([...ones, ...twos].map((node) => unreadable(node, KEYS)));
    expect(missing.flat()).toEqual([]);
    const check = await processes.run(['check', '--connect', twos[3]!.address]);
    expect(check).toMatchObject({ code: 0, stderr: '' });
  }, 60_000);
});

describe('a node', () => {
  it('starts a ring of its own while its peers are down, and joins them once they are up', async () => {
    const placeholder = await processes.startNode([]);
    placeholder.child.kill('SIGKILL');
    await placeholder.ended;
    const early = await processes.startNode(['--connect', placeholder.address]);
    expect(early.ready).toMatchObject({ serving: true, waiting: [placeholder.address] });
    const late = processes.start(['node', '--listen', placeholder.address, '--profile', 'local', '--json']);
    await firstLine(late, collect(late));
    await whole(early, 2);
  }, 60_000);

  it('takes its own address in --connect for itself', async () => {
    const { address } = await processes.startNode([]);
    const own = await processes.startNode([]);
    own.child.kill('SIGKILL');
    await own.ended;
    const list = `${own.address},${address}`;
    const child = processes.start([
      'node',
      '--listen',
      own.address,
      '--profile',
      'local',
      '--json',
      '--connect',
      list,
    ]);
    const line = await firstLine(child, collect(child));
    expect(JSON.parse(line)).toMatchObject({ event: 'ready', serving: true, waiting: [] });
  });
});
