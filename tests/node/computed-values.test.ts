// increment and applyDelta on a real ring of four and a client, over the in-process network.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChordSocket } from '../../src/index.ts';
import { type Cluster, createCluster } from '../../src/testing/index.ts';

let cluster: Cluster;
let client: ChordSocket;
let member: ChordSocket;

beforeAll(async () => {
  cluster = await createCluster(4, { transport: 'memory', k: 16, limits: { valueBytes: 1_000 } });
  client = await cluster.client();
  member = cluster.nodes[2]!;
});

afterAll(async () => {
  await cluster.close();
});

describe('increment', () => {
  it('counts from nothing and stores decimal text', async () => {
    expect(await client.increment('visits')).toBe(1);
    expect(await member.increment('visits', 41)).toBe(42);
    expect(await client.increment('visits', -50)).toBe(-8);
    expect((await member.get('visits'))?.toString()).toBe('-8');
  });

  it('loses none of those that come at the same time from all nodes', async () => {
    const sockets = [...cluster.nodes, client];
    const numbers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => sockets[i % sockets.length]!.increment('busy')),
    );
    // All were acknowledged, so each counts exactly once, however often it had to be sent.
    expect(numbers.toSorted((one, other) => one - other)).toEqual(numbers.map((_, i) => i + 1));
    expect(Number(await client.get('busy'))).toBe(200);
  });

  it('makes a new version, and tells the owner of a change', async () => {
    const { version } = await client.set('counted', '1');
    const { owner } = await client.explain('counted');
    const node = cluster.nodes.find(({ id }) => id === owner.id)!;
    const seen: string[] = [];
    node.on('update', ({ key, version: later }) => {
      if (key.toString() === 'counted') seen.push(later);
    });
    await client.increment('counted');
    const entry = await client.getEntry('counted');
    expect(seen).toEqual([entry?.version]);
    expect(entry!.version > version).toBe(true);
  });

  it('keeps the expiry of the entry', async () => {
    await client.set('short', '1', { ttlMs: 60_000 });
    const before = await client.getEntry('short');
    await client.increment('short');
    expect((await client.getEntry('short'))?.expiresAt).toBe(before?.expiresAt);
  });

  it('refuses what is no number, and leaves it', async () => {
    await client.set('word', 'ten');
    await expect(member.increment('word')).rejects.toMatchObject({
      code: 'ERR_NOT_A_NUMBER',
      message: '"word": the stored value is "ten", expected a decimal integer',
    });
    expect((await client.get('word'))?.toString()).toBe('ten');
  });

  it.each<[unknown, typeof TypeError | typeof RangeError]>([
    ['1', TypeError],
    [1n, TypeError],
    [null, TypeError],
    [0.5, RangeError],
    [Number.NaN, RangeError],
    [2 ** 53, RangeError],
  ])('by %s is misuse', async (by, kind) => {
    await expect(client.increment('n', by as number)).rejects.toThrow(kind);
  });
});

describe('applyDelta', () => {
  it('merges into what is stored and gives the whole', async () => {
    expect(await client.applyDelta('config', { host: 'a', port: 1 })).toEqual({ host: 'a', port: 1 });
    const merged = await member.applyDelta('config', { port: null, tags: ['x'] });
    expect(merged).toEqual({ host: 'a', port: null, tags: ['x'] });
    expect((await client.get('config'))?.toString()).toBe('{"host":"a","port":null,"tags":["x"]}');
  });

  it('loses no member that others put in at the same time', async () => {
    const sockets = [...cluster.nodes, client];
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        sockets[i % sockets.length]!.applyDelta('shared', { [`m${i}`]: i }),
      ),
    );
    expect(Object.keys(await client.applyDelta('shared', {}))).toHaveLength(50);
  });

  it('leaves out what is undefined', async () => {
    await client.applyDelta('sparse', { a: 1 });
    expect(await client.applyDelta('sparse', { a: undefined, b: 2 })).toEqual({ a: 1, b: 2 });
  });

  it('refuses what is no JSON object, and leaves it', async () => {
    await client.set('list', '[1]');
    await expect(member.applyDelta('list', { a: 1 })).rejects.toMatchObject({ code: 'ERR_NOT_JSON' });
    expect((await client.get('list'))?.toString()).toBe('[1]');
  });

  it('refuses to let a value grow beyond the limit', async () => {
    await client.applyDelta('big', { a: 'x'.repeat(600) });
    await expect(client.applyDelta('big', { b: 'x'.repeat(600) })).rejects.toMatchObject({
      code: 'ERR_VALUE_TOO_LARGE',
    });
    await expect(client.applyDelta('big', { b: 'x'.repeat(1_000) })).rejects.toMatchObject({
      code: 'ERR_VALUE_TOO_LARGE',
    });
  });

  it.each([[undefined], [null], ['{}'], [5], [[1]], [new Map([['a', 1]])], [Buffer.from('{}')], [() => 1]])(
    'of %s is misuse',
    async (delta) => {
      await expect(client.applyDelta('o', delta as unknown as { a: 1 })).rejects.toThrow(TypeError);
    },
  );
});

describe('a map view', () => {
  it('has both, and a json view reads what they store', async () => {
    const view = client.map({ valueEncoding: 'json' });
    expect(await view.increment('view count', 3)).toBe(3);
    expect(await view.get('view count')).toBe(3);
    expect(await view.applyDelta('view object', { a: 1 })).toEqual({ a: 1 });
    expect(await view.get('view object')).toEqual({ a: 1 });
  });
});
