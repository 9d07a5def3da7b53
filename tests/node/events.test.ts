// Events of sockets, on real rings over the in-process network: when each is emitted, and how often. Those of
// connections and messages are tried with them (life-cycle.test.ts, messages.test.ts).
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { ChordSocket } from '../../src/index.ts';
import { type Cluster, createCluster } from '../../src/testing/index.ts';

const cluster = (n: number, replicas?: number): Promise<Cluster> =>
  createCluster(n, { transport: 'memory', k: 16, ...(replicas !== undefined && { replicas }) });

interface Told {
  readonly node: number;
  readonly type: 'add' | 'update' | 'delete';
  readonly key: string;
  readonly version: string;
}

function listen(nodes: readonly ChordSocket[]): Told[] {
  const told: Told[] = [];
  for (const [node, sock] of nodes.entries()) {
    for (const type of ['add', 'update', 'delete'] as const) {
      sock.on(type, ({ key, version }) => told.push({ node, type, key: String(key), version }));
    }
  }
  return told;
}

describe('add, update and delete', () => {
  it('are emitted once an acknowledged change, on the owner of the key alone', async () => {
    await using ring = await cluster(4);
    const told = listen(ring.nodes);
    const client = await ring.client();
    const keys = Array.from({ length: 20 }, (_, i) => `key ${i}`);
    const versions: string[] = [];
    for (const key of keys) {
      versions.push((await client.set(key, '1')).version, (await client.set(key, '2')).version);
      await client.delete(key);
    }
    expect(told.map(({ type, key }) => `${type} ${key}`)).toEqual(
      keys.flatMap((key) => [`add ${key}`, `update ${key}`, `delete ${key}`]),
    );
    const made = told.filter(({ type }) => type !== 'delete').map(({ version }) => version);
    expect(made).toEqual(versions);
    for (const { node, key } of told) {
      const { owner } = await client.explain(key);
      expect(ring.nodes[node]?.id).toBe(owner.id);
    }
  });

  it('say nothing of what changed nothing', async () => {
    await using ring = await cluster(2);
    const [one] = ring.nodes;
    await one!.set('a', '1');
    const told = listen(ring.nodes);
    await one!.set('a', '2', { ifAbsent: true }).catch(() => {});
    await one!.delete('b');
    await one!.get('a');
    expect(told).toEqual([]);
  });

  it('tell when the time of an entry is over', async () => {
    await using ring = await cluster(1);
    const [one] = ring.nodes;
    await one!.set('a', '1', { ttlMs: 10 });
    const [change] = (await once(one!, 'delete')) as [{ key: Buffer }];
    expect(String(change.key)).toBe('a');
  });

  it('tell that the time of an entry was over before they tell of the next one', async () => {
    await using ring = await cluster(1);
    const [one] = ring.nodes;
    await one!.set('lock', 'mine', { ttlMs: 1 });
    const told = listen(ring.nodes);
    const taken = (): Promise<boolean> =>
      one!.set('lock', 'yours', { ifAbsent: true }).then(
        () => true,
        () => false,
      );
    while (!(await taken()));
    expect(told.map(({ type }) => type)).toEqual(['delete', 'add']);
  });
});

describe('neighbours', () => {
  it('are told when they change, on the members beside a newcomer and on itself', async () => {
    await using ring = await cluster(2);
    const [one] = ring.nodes;
    const seen: number[] = [];
    one!.on('neighbours', ({ successors }) => seen.push(successors.length));
    const newcomer = await ring.client();
    await newcomer.join();
    await one!.ready({ members: 3 });
    while (seen.at(-1) !== 2) await once(one!, 'neighbours');
    expect(seen.at(-1)).toBe(2);
  });
});

describe('degraded', () => {
  it('is emitted by the survivor when one of two copies is lost, and not when one of three is', async () => {
    await using three = await cluster(4);
    const sentences: string[] = [];
    for (const sock of three.nodes) sock.on('degraded', ({ message }) => sentences.push(message));
    await three.kill(3);
    await three.nodes[0]!.ready({ members: 3 });
    expect(sentences).toEqual([]);

    await using two = await cluster(2);
    const [survivor] = two.nodes;
    await survivor!.set('a', '1');
    const degraded = once(survivor!, 'degraded');
    await two.kill(1);
    const [{ message }] = (await degraded) as [{ message: string }];
    expect(message).toContain('a majority of the members that held an arc is away');
    expect(String(await survivor!.get('a'))).toBe('1');
  });
});

describe('disconnect', () => {
  it('shows a node as it was heard of last: where it stood and listened, not as it connected', async () => {
    await using ring = await cluster(1);
    const [member] = ring.nodes;
    const node = await ring.client();
    await node.join();
    await node.unjoin();
    const { id, position, outAddr } = node;
    const lost = once(member!, 'disconnect');
    await node.close();
    expect(await lost).toEqual([{ id, position, addr: outAddr }, expect.any(String)]);
  });
});
