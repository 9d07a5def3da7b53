// Snapshots: the format against damage, and the commands between rings of different k over real sockets.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { decodeSnapshot, encodeSnapshot, type SnapshotRecord } from '../../src/cli/snapshot-file.ts';
import { type Cluster, createCluster } from '../../src/testing/index.ts';

const records: SnapshotRecord[] = ['a', 'b', 'c'].map((name, i) => ({
  key: Buffer.from(name),
  value: Buffer.from(name.repeat(i)),
  version: `v${i}`,
  expiresAt: i * 1000,
}));

async function* streamOf<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  yield* items;
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function written(): Promise<Buffer> {
  return Buffer.concat(await collect(encodeSnapshot(streamOf(records))));
}

describe('the format', () => {
  it('gives back what was written, in pieces of any size', async () => {
    const bytes = await written();
    const single = [...bytes].map((byte) => Buffer.of(byte));
    expect(await collect(decodeSnapshot(streamOf(single)))).toEqual(records);
  });

  it('notices every cut and every flipped byte', async () => {
    const bytes = await written();
    for (let i = 0; i < bytes.length; i++) {
      const flipped = Buffer.from(bytes);
      flipped[i]! ^= 0x40;
      for (const broken of [bytes.subarray(0, i), flipped]) {
        await expect(collect(decodeSnapshot(streamOf([broken])))).rejects.toMatchObject({
          code: 'ERR_SNAPSHOT',
        });
      }
    }
  });
});

describe('chord export and import', () => {
  let rings: Cluster[] = [];
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'chord-snapshot-'));
    rings = [await createCluster(3, { k: 8 }), await createCluster(2, { k: 12 })];
  });
  afterAll(async () => {
    await Promise.all(rings.map((ring) => ring.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  async function chord(ring: number, ...args: string[]): Promise<void> {
    const [host, port] = rings[ring]!.nodes[0]!.outAddr;
    await runProgram(['node', 'chord', ...args, '--connect', `${host}:${port}`, '--profile', 'local']);
  }

  it('restore a ring into one of another size and k, and store nothing of a damaged file', async () => {
    const file = join(folder, 'ring.snapshot');
    const entries = new Map(Array.from({ length: 100 }, (_, i) => [`key-${i}`, Buffer.from(`value ${i}`)]));
    await rings[0]!.nodes[1]!.update(entries);
    await chord(0, 'export', file);
    const damaged = join(folder, 'damaged.snapshot');
    writeFileSync(damaged, readFileSync(file).subarray(0, -1));
    await chord(1, 'import', damaged);
    expect([process.exitCode, await rings[1]!.nodes[0]!.size()]).toEqual([1, 0]);
    process.exitCode = undefined;
    await chord(1, 'import', file);
    expect(await rings[1]!.nodes[1]!.copy()).toEqual(entries);
    const before = (await rings[1]!.nodes[0]!.getEntry('key-7'))?.version;
    await chord(1, 'import', file, '--resume');
    expect((await rings[1]!.nodes[0]!.getEntry('key-7'))?.version).toBe(before);
    expect(process.exitCode).toBeUndefined();
  });
});
