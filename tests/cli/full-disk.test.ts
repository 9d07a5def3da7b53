// A member whose disk is full: writes fail with the reason, reads go on, and it recovers without a restart.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { ChordSocket } from '../../src/index.ts';
import { buildProject, type NodeProcess, Processes } from '../support/processes.ts';

const VALUE_BYTES = 20_000;
/** No file of the node grows beyond it until `prlimit` raises it; the node is told by an error. */
const LIMIT = "trap '' XFSZ; ulimit -S -f 400";
/** Far more than fit. */
const KEYS_MAX = 100;
/** Where files cannot be limited, the disk never fills: there the test says nothing. */
const CAN_LIMIT = spawnSync('prlimit', ['--version']).status === 0;

let processes: Processes;
let folder: string;
const clients: ChordSocket[] = [];

beforeAll(() => buildProject(), 120_000);

beforeEach(() => {
  processes = new Processes();
  folder = mkdtempSync(join(tmpdir(), 'chord-full-'));
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close({ force: true })));
  await processes.endAll();
  rmSync(folder, { recursive: true, force: true });
});

async function connect(node: NodeProcess): Promise<ChordSocket> {
  const client = new ChordSocket('127.0.0.1', 0, { profile: 'local' });
  clients.push(client);
  await client.connect(node.address);
  return client;
}

/** Sets one key after the other until one is refused. */
async function fill(client: ChordSocket): Promise<{ stored: string[]; error: unknown }> {
  const stored: string[] = [];
  while (stored.length < KEYS_MAX) {
    const key = `key-${stored.length}`;
    try {
      await client.set(key, new Uint8Array(VALUE_BYTES).fill(stored.length));
    } catch (error) {
      return { stored, error };
    }
    stored.push(key);
  }
  return { stored, error: undefined };
}

async function expectAll(client: ChordSocket, stored: readonly string[]): Promise<void> {
  const values = await Promise.all(stored.map((key) => client.get(key)));
  expect(values.map((value) => value?.[0])).toEqual(stored.map((_key, i) => i));
}

it('refuses writes and goes on reading until there is space again', async () => {
  if (!CAN_LIMIT) return;
  const data = ['--data', join(folder, 'data')];
  const node = await processes.startNode(data, undefined, LIMIT);
  const client = await connect(node);
  const { stored, error } = await fill(client);
  expect(error).toMatchObject({ code: 'ERR_STORE' });
  expect(stored.length).toBeGreaterThan(5);
  await expectAll(client, stored);

  spawnSync('prlimit', ['--fsize=unlimited', '--pid', String(node.pid)]);
  await vi.waitFor(() => client.set('after', 'now'), { timeout: 10_000, interval: 300 });

  node.child.kill('SIGKILL');
  await node.ended;
  const again = await connect(await processes.startNode(data, node.address));
  await expectAll(again, stored);
  expect(String(await again.get('after'))).toBe('now');
}, 60_000);
