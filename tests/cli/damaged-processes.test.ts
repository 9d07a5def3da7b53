// Two processes that keep their entries on disk, one of which finds its files damaged: it says so, is mended
// from the other one, and then has everything itself.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChordSocket } from '../../src/index.ts';
import { ProcessRing } from '../support/process-ring.ts';
import { buildProject } from '../support/processes.ts';

const KEYS = Array.from({ length: 200 }, (_, i) => `key ${i}`);
/** Each of these changes what a file holds of the first entries. */
const DAMAGED_BYTES = [1_000, 2_000, 5_000];

let ring: ProcessRing;
let folder: string;

beforeAll(() => buildProject(), 120_000);

beforeEach(() => {
  ring = new ProcessRing();
  folder = mkdtempSync(join(tmpdir(), 'chord-damaged-'));
});

afterEach(async () => {
  await ring.close();
  rmSync(folder, { recursive: true, force: true });
});

async function wrong(client: ChordSocket, suffix: string): Promise<string[]> {
  const values = await Promise.all(KEYS.map((key) => client.get(key, undefined, { timeoutMs: 15_000 })));
  return KEYS.filter((key, i) => values[i]?.toString() !== `${key} ${suffix}`);
}

function write(client: ChordSocket, suffix: string): Promise<unknown> {
  return client.update(KEYS.map((key) => [key, `${key} ${suffix}`] as const));
}

/** Every file of the store that is not its identity, somewhere in the middle. */
function damage(directory: string): number {
  let changed = 0;
  for (const { parentPath, name } of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!/\.(log|ldb)$/.test(name)) continue;
    const path = join(parentPath, name);
    const bytes = readFileSync(path);
    for (const at of DAMAGED_BYTES) {
      if (at >= bytes.length) continue;
      bytes[at] = (bytes[at] ?? 0) ^ 0xff;
      changed += 1;
    }
    writeFileSync(path, bytes);
  }
  return changed;
}

describe('two durable processes', () => {
  it('lose nothing when the records of one are damaged while it is away', async () => {
    const data = (index: number): string => join(folder, `node-${index}`);
    await ring.start(2, (index) => ['--data', data(index)]);
    const writer = await ring.client();
    await write(writer, 'first');
    await ring.kill(0);
    expect(damage(data(0))).toBeGreaterThan(0);
    const back = await ring.restart(0, ['--data', data(0)]);
    await ring.whole();
    expect(await wrong(await ring.client(), 'first')).toEqual([]);
    await write(writer, 'second');
    // It has all of it now: alone, after the other one has died, and after a restart of its own.
    await ring.kill(1);
    ring.nodes.splice(1, 1);
    expect(await wrong(await ring.client(), 'second')).toEqual([]);
    const { stderr } = await ring.kill(0).then(({ ended }) => ended);
    expect(stderr).toContain('ERR_STORE');
    expect(stderr).toContain('what is missing comes back from other copies');
    const again = await ring.restart(0, ['--data', data(0)]);
    expect(again.ready.id).toBe(back.ready.id);
    expect(await wrong(await ring.client(), 'second')).toEqual([]);
    expect((await ring.kill(0).then(({ ended }) => ended)).stderr).not.toContain('ERR_STORE');
  }, 90_000);
});
