// Processes that stand still (SIGSTOP) and wake (SIGCONT): a get fails with a reason and in time when its
// owners sleep, the ring goes round a sleeper, and takes it back.
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ChordError, ChordSocket } from '../../src/index.ts';
import { buildProject, type NodeProcess, Processes } from '../support/processes.ts';

const KEYS = Array.from({ length: 30 }, (_, i) => `key-${i}`);

let processes = new Processes();
let clients: ChordSocket[] = [];
let paused: NodeProcess[] = [];

beforeAll(() => buildProject(), 120_000);

afterEach(async () => {
  // A stopped process does not see the signal that ends it.
  for (const node of paused) node.child.kill('SIGCONT');
  await Promise.all(clients.map((client) => client.close({ force: true })));
  await processes.endAll();
  clients = [];
  paused = [];
  processes = new Processes();
});

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

function pause(node: NodeProcess): void {
  node.child.kill('SIGSTOP');
  paused.push(node);
}

function wake(node: NodeProcess): void {
  node.child.kill('SIGCONT');
}

describe('a ring with sleeping processes', () => {
  it('answers undefined for a missing key, but says so when the owners do not answer', async () => {
    const nodes = await startRing(2);
    const [client] = await Promise.all(nodes.map(connect));
    if (client === undefined) throw new Error('no client');
    await client.ready({ members: 2, timeoutMs: 10_000 });
    await client.set('present', 'here');
    expect(await client.get('missing')).toBeUndefined();
    for (const node of nodes) pause(node);
    const error: unknown = await client
      .get('missing', undefined, { timeoutMs: 1_500 })
      .catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ChordError);
    expect(['ERR_TIMEOUT', 'ERR_UNREACHABLE']).toContain((error as ChordError).code);
    for (const node of nodes) wake(node);
    await vi.waitFor(async () => expect(String(await client.get('present'))).toBe('here'), {
      timeout: 10_000,
    });
  });

  it('does not keep whoever waits for a watch to be ready, and the watch goes on', async () => {
    const [node] = await startRing(1);
    if (node === undefined) throw new Error('no node');
    const client = await connect(node);
    await client.ready({ members: 1, timeoutMs: 10_000 });
    pause(node);
    const watch = client.watch('key', { timeoutMs: 200 });
    await expect(watch.ready).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    wake(node);
    const told = watch.next();
    const over = new AbortController();
    void told.then(() => over.abort());
    // A change before it has begun is not told: set until one is.
    while (!over.signal.aborted) await client.set('key', 'value');
    expect(await told).toMatchObject({ value: { type: 'set' } });
    pause(node);
    const { ready } = client.watch('other', { timeoutMs: 600_000 });
    await client.close();
    await expect(ready).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('goes round one of them and takes it back when it wakes', async () => {
    const nodes = await startRing(5);
    const [first, , sleeper] = nodes;
    if (first === undefined || sleeper === undefined) throw new Error('no nodes');
    const client = await connect(first);
    await client.ready({ members: 5, timeoutMs: 15_000 });
    await client.update(KEYS.map((key) => [key, key] as const));
    pause(sleeper);
    const values = await Promise.all(KEYS.map((key) => client.get(key, undefined, { timeoutMs: 10_000 })));
    expect(values.map(String)).toEqual(KEYS);
    await vi.waitFor(async () => expect(await client.ring()).toHaveLength(4), { timeout: 15_000 });
    await client.update(KEYS.map((key) => [key, `new ${key}`] as const));
    wake(sleeper);
    await vi.waitFor(async () => expect(await client.ring()).toHaveLength(5), { timeout: 15_000 });
    const awake = await connect(sleeper);
    const renewed = await Promise.all(KEYS.map((key) => awake.get(key, undefined, { timeoutMs: 10_000 })));
    expect(renewed.map(String)).toEqual(KEYS.map((key) => `new ${key}`));
  });
});
