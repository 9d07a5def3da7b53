// watch(): changes of keys and prefixes, on a real ring of four and a client, over the in-process network.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChordSocket, Watch } from '../../src/index.ts';
import { type Cluster, createCluster } from '../../src/testing/index.ts';

let cluster: Cluster;
let client: ChordSocket;

beforeAll(async () => {
  cluster = await createCluster(4, { transport: 'memory', k: 16 });
  client = await cluster.client();
});

afterAll(async () => {
  await cluster.close();
});

async function take(watch: Watch, count: number): Promise<string[]> {
  const told: string[] = [];
  while (told.length < count) {
    const { value } = await watch.next();
    if (value === undefined) break;
    told.push(`${value.type} ${value.key.toString()} ${value.value?.toString() ?? ''}`.trim());
  }
  return told;
}

describe('watch', () => {
  it('tells the changes of a key in order from ready on, and ends with its signal', async () => {
    await client.set('a', 'before');
    const controller = new AbortController();
    const watch = client.watch('a', { signal: controller.signal });
    await watch.ready;
    for (const value of ['1', '2', '3']) await client.set('a', value);
    await client.delete('a');
    await client.set('a', '4', { ttlMs: 20 });
    const told = ['set a 1', 'set a 2', 'set a 3', 'delete a', 'set a 4', 'expire a'];
    expect(await take(watch, 6)).toEqual(told);
    controller.abort();
    expect((await watch.next()).done).toBe(true);
  });

  it('tells the changes of a prefix all round the ring', async () => {
    const watch = client.watch({ prefix: 'p/' });
    await watch.ready;
    const keys = Array.from({ length: 40 }, (_, i) => `p/${i}`);
    for (const key of keys) await client.set(key, 'x');
    await client.set('other', 'x');
    expect((await take(watch, 40)).toSorted()).toEqual(keys.map((key) => `set ${key} x`).toSorted());
    await watch.return();
  });

  it('goes on behind a version', async () => {
    const { version } = await client.set('s', '1');
    await client.set('s', '2');
    await client.set('s', '3');
    const watch = client.watch('s', { since: version });
    expect(await take(watch, 2)).toEqual(['set s 2', 'set s 3']);
    await watch.return();
  });

  it('ends quietly when its socket is closed, and refuses to begin on one that is', async () => {
    const socket = await cluster.client();
    const watch = socket.watch('a');
    await watch.ready;
    const next = watch.next();
    await socket.close();
    expect(await next).toEqual({ done: true, value: undefined });
    const late = socket.watch('a');
    await expect(late.ready).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await expect(late.next()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('ends quietly when it is aborted, and drops what waits to be read', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const watch = client.watch('q', { signal: controller.signal });
    await watch.ready;
    await client.set('q', '1');
    while (watch.buffered === 0) await new Promise(setImmediate);
    controller.abort(reason);
    expect(await watch.next()).toEqual({ done: true, value: undefined });
    const early = new AbortController();
    const { ready } = client.watch('q', { signal: early.signal });
    early.abort(reason);
    await expect(ready).rejects.toBe(reason);
  });

  it('rejects its first step, and ready, where the signal is aborted already', async () => {
    const reason = new Error('enough');
    const watch = client.watch('a', { signal: AbortSignal.abort(reason) });
    await expect(watch.ready).rejects.toBe(reason);
    await expect(watch.next()).rejects.toBe(reason);
    expect(await watch.next()).toEqual({ done: true, value: undefined });
    const view = client.map().watch('a', { signal: AbortSignal.abort(reason) });
    await expect(view.next()).rejects.toBe(reason);
  });

  it('ended before it is ready, says so with a code', async () => {
    const watch = client.watch('a');
    await watch.return();
    await expect(watch.ready).rejects.toMatchObject({ code: 'ERR_CLOSED', message: 'the watch has ended' });
  });

  it('goes on behind a gap of which no version is known', async () => {
    await client.set('g', '1');
    const watch = client.watch('g', { since: '' });
    expect(await take(watch, 1)).toEqual(['set g 1']);
    await watch.return();
  });

  it.each<[string, unknown, unknown]>([
    ['nothing', undefined, {}],
    ['null', null, {}],
    ['an object without a prefix', { prefix: undefined }, {}],
    ['an unknown name', { prefix: 'a', suffix: 'b' }, {}],
    ['what is no version', 'a', { since: 'yesterday' }],
    ['an unknown option', 'a', { values: true }],
    ['a time-out as text', 'a', { timeoutMs: '5' }],
  ])('refuses %s', (_name, what, options) => {
    expect(() => client.watch(what as string, options as object)).toThrow(TypeError);
  });

  it('goes on when the owner is lost, without telling anything twice', async () => {
    const watch = client.watch('lost');
    await watch.ready;
    await client.set('lost', '1');
    const { owner } = await client.explain('lost');
    await cluster.nodes.find(({ id }) => id === owner.id)?.close({ force: true });
    await client.set('lost', '2');
    await client.set('lost', '3');
    expect(await take(watch, 3)).toEqual(['set lost 1', 'set lost 2', 'set lost 3']);
    await watch.return();
  });

  it('reports a gap where owners have forgotten what was not fetched', async () => {
    await using small = await createCluster(1, { transport: 'memory', k: 16, limits: { history: 256 } });
    const [node] = small.nodes;
    const { version } = await node!.set('busy', '0');
    for (let i = 1; i <= 300; i++) await node!.set('busy', String(i));
    const watch = node!.watch('busy', { since: version });
    const told = await take(watch, 258);
    expect([told[0], told[1], told.at(-1)]).toEqual(['gap busy', 'set busy 44', 'set busy 300']);
    await watch.return();
  });
});
