// How a record of a snapshot gets into a ring: what is left out, also where others write at the same time.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { SnapshotRecord } from '../../src/cli/snapshot-file.ts';
import { restore, type Restored } from '../../src/cli/snapshot-restore.ts';
import type { ChordSocket } from '../../src/index.ts';
import { type Cluster, createCluster } from '../../src/testing/index.ts';

let cluster: Cluster;
let ring: ChordSocket;
let record: SnapshotRecord;

beforeAll(async () => {
  cluster = await createCluster(1, { k: 8, transport: 'memory' });
  ring = cluster.nodes[0]!;
});

afterAll(() => cluster.close());

beforeEach(async () => {
  await ring.set('key', 'older');
  // The newest version there is now.
  const { version } = await ring.set('other', '');
  record = { key: Buffer.from('key'), value: Buffer.from('saved'), version, expiresAt: 0 };
});

/** Restores with `resume`; `meanwhile` comes between its first look at the ring and what it does then. */
async function resume(meanwhile: () => Promise<unknown>): Promise<Restored> {
  let isFirst = true;
  const target = {
    set: ring.set.bind(ring),
    getEntry: async (...args: Parameters<ChordSocket['getEntry']>) => {
      const entry = await ring.getEntry(...args);
      if (isFirst) await meanwhile();
      isFirst = false;
      return entry;
    },
  };
  return restore(target, record, { resume: true, timeoutMs: undefined });
}

it('takes the place of an older entry, and is left out where it is there', async () => {
  expect(await resume(() => Promise.resolve())).toBe('stored');
  expect(await resume(() => Promise.resolve())).toBe('skipped');
  expect(String(await ring.get('key'))).toBe('saved');
});

it('leaves what another writes meanwhile, over an older entry or over none', async () => {
  const write = (): Promise<unknown> => ring.set('key', 'newer');
  expect(await resume(write)).toBe('skipped');
  expect(String(await ring.get('key'))).toBe('newer');
  await ring.delete('key');
  expect(await resume(write)).toBe('skipped');
  expect(String(await ring.get('key'))).toBe('newer');
});

it('is stored where another deletes the entry meanwhile: then the ring has none', async () => {
  expect(await resume(() => ring.delete('key'))).toBe('stored');
});

it('takes the place of anything without resume, unless its time is over', async () => {
  await ring.set('key', 'newer');
  const options = { resume: false, timeoutMs: undefined };
  expect(await restore(ring, { ...record, expiresAt: 1 }, options)).toBe('expired');
  expect(String(await ring.get('key'))).toBe('newer');
  expect(await restore(ring, record, options)).toBe('stored');
  expect(String(await ring.get('key'))).toBe('saved');
});
