// scan(): pages of entries with versions, in order, from any place on; and what walks show of gateways. On a
// real ring of four and a client, over the in-process network.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChordSocket, ScannedEntry, ScanOptions } from '../../src/index.ts';
import { type Cluster, createCluster } from '../../src/testing/index.ts';

let cluster: Cluster;
let client: ChordSocket;
const keys = Array.from({ length: 300 }, (_, i) => `key ${i}`);

beforeAll(async () => {
  cluster = await createCluster(4, { transport: 'memory', k: 16, limits: { pageEntries: 25 } });
  client = await cluster.client();
  await client.update(keys.map((key) => [key, `value of ${key}`] as const));
});

afterAll(async () => {
  await cluster.close();
});

async function scan(options?: ScanOptions): Promise<{ entries: ScannedEntry[]; walked: number[] }> {
  const entries: ScannedEntry[] = [];
  const walked: number[] = [];
  for await (const page of client.scan(options)) {
    entries.push(...page.entries);
    walked.push(page.walked);
  }
  return { entries, walked };
}

const names = (entries: readonly ScannedEntry[]): string[] => entries.map(({ key }) => key.toString());

describe('scan', () => {
  it('gives every entry once, with its value and version, in pages of the limit', async () => {
    const { entries } = await scan();
    expect(names(entries).toSorted()).toEqual(keys.toSorted());
    for await (const { entries: page } of client.scan()) expect(page.length).toBeLessThanOrEqual(25);
    const [first] = entries;
    expect(first?.value.toString()).toBe(`value of ${first?.key.toString()}`);
    expect((await client.getEntry(first!.key))?.version).toBe(first?.version);
  });

  it('tells how much of the ring it has walked, up to all of it', async () => {
    const { walked } = await scan();
    expect(walked.toSorted((a, b) => a - b)).toEqual(walked);
    expect(walked[0]).toBeGreaterThan(0);
    expect(walked.at(-1)).toBe(1);
  });

  it('goes on behind any key, in the same order, also behind one that is gone', async () => {
    const all = names((await scan()).entries);
    for (const index of [0, 77, 299]) {
      const rest = await scan({ after: all[index]! });
      expect(names(rest.entries)).toEqual(all.slice(index + 1));
    }
    await client.set('passing', '');
    const withIt = names((await scan()).entries);
    await client.delete('passing');
    const rest = names((await scan({ after: 'passing' })).entries);
    expect(rest).toEqual(withIt.slice(withIt.indexOf('passing') + 1));
  });

  it('leaves values out, and takes a prefix', async () => {
    const { entries } = await scan({ values: false, prefix: 'key 1' });
    expect(entries).toHaveLength(111);
    expect(entries.every(({ value }) => value.length === 0)).toBe(true);
  });

  it('tells when an entry expires', async () => {
    await client.set('brief', 'v', { ttlMs: 60_000 });
    const { entries } = await scan({ prefix: 'brief' });
    expect(entries[0]?.expiresAt).toBe((await client.getEntry('brief'))?.expiresAt);
    await client.delete('brief');
    expect((await scan({ prefix: 'key 5' })).entries[0]).not.toHaveProperty('expiresAt');
  });

  it('stops with the reason of an abort', async () => {
    const controller = new AbortController();
    const pages = client.scan({ signal: controller.signal });
    await pages.next();
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(pages.next()).rejects.toBe(reason);
  });

  it('shows misuse at once', () => {
    expect(() => client.scan({ after: 5 as unknown as string })).toThrow(TypeError);
    expect(() => client.scan({ values: 'no' as unknown as boolean })).toThrow(TypeError);
    expect(() => client.scan({ cursor: 5 } as object)).toThrow(TypeError);
  });
});

describe('the gateway of a member', () => {
  it('is shown to everybody by ring(), until it is taken back', async () => {
    const [, member] = cluster.nodes;
    const shown = async (): Promise<unknown> =>
      (await client.ring()).find(({ id }) => id === member!.id)?.gateway;
    expect(await shown()).toBeUndefined();
    member!.gateway = ['::1', 8080];
    expect(member!.gateway).toEqual(['::1', 8080]);
    expect(await shown()).toEqual(['::1', 8080]);
    member!.gateway = undefined;
    expect(await shown()).toBeUndefined();
  });

  it('has to be an address', () => {
    const [member] = cluster.nodes;
    expect(() => (member!.gateway = ['', 1])).toThrow(TypeError);
    expect(() => (member!.gateway = ['127.0.0.1', 0])).toThrow(RangeError);
    expect(member!.gateway).toBeUndefined();
  });
});
