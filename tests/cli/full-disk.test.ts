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
/** Less than was stored before the first limit was reached. */
const SMALL_BYTES = 100_000;
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

/** Of a process that runs. */
function limitFiles(node: NodeProcess, bytes: number | 'unlimited'): void {
  spawnSync('prlimit', [`--fsize=${bytes}:`, '--pid', String(node.pid)]);
}

async function readAll(keys: AsyncIterable<string | Uint8Array>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const key of keys) found.push(key);
  return found;
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

  limitFiles(node, 'unlimited');
  await vi.waitFor(() => client.set('after', 'now'), { timeout: 10_000, interval: 300 });

  node.child.kill('SIGKILL');
  await node.ended;
  const again = await connect(await processes.startNode(data, node.address));
  await expectAll(again, stored);
  expect(String(await again.get('after'))).toBe('now');
}, 60_000);

it('calls nothing damaged, and reads a write that failed at `one` only, until there is space', async () => {
  if (!CAN_LIMIT) return;
  const node = await processes.startNode(['--data', join(folder, 'data')], undefined, LIMIT);
  const client = await connect(node);
  const { stored } = await fill(client);
  const refused = `key-${stored.length}`;
  // Now the table that the log becomes has no room either.
  limitFiles(node, SMALL_BYTES);
  const sentence = await vi.waitFor(
    async () => {
      const error: unknown = await client.set('later', 'x').catch((reason: unknown) => reason);
      expect(String(error)).toContain('cannot be opened');
      return String(error);
    },
    { timeout: 30_000 },
  );
  expect(sentence).toContain(join(folder, 'data'));
  expect(sentence).toMatch(/: raise the limit of file sizes, and the next write tries the store again/);
  expect(sentence).not.toMatch(/damaged|move it away/);

  await expectAll(client, stored);
  await expect(client.get(refused)).rejects.toMatchObject({ code: 'ERR_STORE' });
  expect(await client.get(refused, undefined, { consistency: 'one' })).toHaveLength(VALUE_BYTES);
  await expect(readAll(client.keys({ timeoutMs: 2_000 }))).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });

  limitFiles(node, 'unlimited');
  const late = await vi.waitFor(() => client.get(refused), { timeout: 30_000, interval: 300 });
  expect(late).toHaveLength(VALUE_BYTES);
  expect(await readAll(client.keys())).toHaveLength(stored.length + 1);
}, 120_000);
