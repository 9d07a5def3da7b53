// Stopping members one after another, as an operator does: what SIGTERM hands over while others write, and
// what `chord check` says meanwhile and afterwards.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ChordSocket } from '../../src/index.ts';
import { buildProject, type NodeProcess, Processes } from '../support/processes.ts';

const PATIENCE = { timeout: 20_000, interval: 200 };

let processes = new Processes();
let clients: ChordSocket[] = [];

beforeAll(() => buildProject(), 120_000);

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close({ force: true })));
  await processes.endAll();
  clients = [];
  processes = new Processes();
});

async function startRing(count: number, flags: readonly string[] = []): Promise<NodeProcess[]> {
  const first = await processes.startNode(flags);
  const others = Array.from({ length: count - 1 }, () =>
    processes.startNode(['--connect', first.address, ...flags]),
  );
  return [first, ...(await Promise.all(others))];
}

async function connect(node: NodeProcess, members: number): Promise<ChordSocket> {
  const client = new ChordSocket('127.0.0.1', 0, { profile: 'local' });
  clients.push(client);
  await client.connect(node.address);
  await client.ready({ members, timeoutMs: 20_000 });
  return client;
}

interface Check {
  readonly code: number | null;
  readonly whole: boolean;
  readonly members: number;
  readonly problems: readonly string[];
}

async function check(node: NodeProcess): Promise<Check> {
  const { code, stdout } = await processes.run(['check', '--json', '--connect', node.address]);
  return { code, ...(JSON.parse(stdout) as Omit<Check, 'code'>) };
}

/** Writes until told to stop, and notes what was acknowledged. */
async function keepWriting(
  client: ChordSocket,
  acknowledged: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  for (let i = 0; !signal.aborted; i++) {
    const key = `key-${i % 200}`;
    // One that fails may be stored or not; its key is written again later.
    const stored = await client.set(key, `${i}`).catch(() => undefined);
    if (stored === undefined) acknowledged.delete(key);
    else acknowledged.set(key, `${i}`);
  }
}

describe('SIGTERM', () => {
  it('hands over while others write, and loses no acknowledged write', async () => {
    const [first, second, third, fourth] = await startRing(4);
    const client = await connect(first!, 4);
    const stop = new AbortController();
    const acknowledged = new Map<string, string>();
    const writing = keepWriting(client, acknowledged, stop.signal);
    await expect.poll(() => acknowledged.size, PATIENCE).toBeGreaterThan(100);
    for (const node of [third!, fourth!]) {
      node.child.kill('SIGTERM');
      const { code, stdout } = await node.ended;
      expect(code).toBe(0);
      expect(stdout).toContain('{"event":"stopped","handedOver":true}');
    }
    stop.abort();
    await writing;
    const reader = await connect(second!, 2);
    const values = await Promise.all([...acknowledged.keys()].map((key) => reader.get(key)));
    expect(values.map(String)).toEqual([...acknowledged.values()]);
  }, 90_000);
});

describe('the last member', () => {
  it('says that its entries are gone, where there were any', async () => {
    const empty = await processes.startNode([]);
    empty.child.kill('SIGTERM');
    expect((await empty.ended).stdout).toContain('{"event":"stopped","handedOver":true}');
    const node = await processes.startNode([]);
    const client = await connect(node, 1);
    await client.set('key', 'value');
    node.child.kill('SIGTERM');
    const { code, stdout, stderr } = await node.ended;
    expect(code).toBe(0);
    expect(stdout).toContain('{"event":"stopped","handedOver":false}');
    expect(stderr).toContain('stopped as the last member of the ring: its entries (1) are gone');
  }, 60_000);
});

describe('--hand-over', () => {
  it('bounds the wait for others, and what was not handed over is told', async () => {
    const [first, second] = await startRing(2, ['--hand-over', '200']);
    const client = await connect(first!, 2);
    await client.set('key', 'value');
    first!.child.kill('SIGSTOP');
    second!.child.kill('SIGTERM');
    const { code, stdout, stderr } = await second!.ended;
    first!.child.kill('SIGCONT');
    expect(code).toBe(0);
    expect(stdout).toContain('{"event":"stopped","handedOver":false}');
    expect(stderr).toMatch(/stopped without handing everything over: ERR_TIMEOUT: after 200 ms/);
  }, 60_000);
});

describe('a hand-over longer than a timer holds', () => {
  it.each([
    [['--hand-over', '2147483648'], {}],
    [[], { CHORD_HAND_OVER: '2147483648' }],
  ])('is refused before the node starts: %j %j', async (flags, env) => {
    const { code, stdout, stderr } = await processes.run(['node', '--listen', '127.0.0.1:0', ...flags], {
      env,
    });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('--hand-over');
    expect(stderr).toContain('Expected at most 2147483647 milliseconds.');
  });
});

describe('chord check', () => {
  it('exits with 1 and says why while a member stands still, and with 0 when it is back', async () => {
    // With these timings nobody is given up before the check has looked.
    const [first, second, third] = await startRing(3, ['--profile', 'wan']);
    const client = await connect(first!, 3);
    await client.update(Array.from({ length: 50 }, (_, i) => [`k${i}`, `${i}`] as const));
    await expect.poll(() => check(first!), PATIENCE).toMatchObject({ code: 0, whole: true, members: 3 });
    second!.child.kill('SIGSTOP');
    const { code, whole, problems } = await check(first!);
    second!.child.kill('SIGCONT');
    expect([code, whole]).toEqual([1, false]);
    expect(problems.length).toBeGreaterThan(0);
    await expect.poll(() => check(third!), PATIENCE).toMatchObject({ code: 0, whole: true, members: 3 });
  }, 90_000);

  it('finds a ring whole again that has lost a member and made new copies', async () => {
    const [first, second] = await startRing(4);
    const client = await connect(first!, 4);
    await client.update(Array.from({ length: 50 }, (_, i) => [`k${i}`, `${i}`] as const));
    second!.child.kill('SIGKILL');
    await second!.ended;
    await expect.poll(() => check(first!), PATIENCE).toMatchObject({ code: 0, whole: true, members: 3 });
    expect(await client.size()).toBe(50);
  }, 90_000);
});
