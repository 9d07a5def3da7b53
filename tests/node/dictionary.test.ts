// The dictionary of a real ring of four and a client, over the in-process network.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChordSocket } from '../../src/index.ts';
import { type Cluster, createCluster } from '../../src/testing/index.ts';

let cluster: Cluster;
let client: ChordSocket;
let member: ChordSocket;

beforeAll(async () => {
  cluster = await createCluster(4, { transport: 'memory', k: 16 });
  client = await cluster.client();
  member = cluster.nodes[2]!;
});

afterAll(async () => {
  await cluster.close();
});

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

describe('get and set', () => {
  it('give every node and the client what one of them stored', async () => {
    await member.set('shared', 'value');
    for (const socket of [...cluster.nodes, client]) {
      expect((await socket.get('shared'))?.toString()).toBe('value');
    }
  });

  it('take text and bytes as one and the same', async () => {
    await client.set(Buffer.from('ключ'), Buffer.from('значение'));
    expect(await member.get('ключ')).toEqual(Buffer.from('значение'));
  });

  it('keep an empty value apart from none', async () => {
    await client.set('empty', '');
    expect(await client.get('empty')).toEqual(Buffer.alloc(0));
    expect(await client.has('empty')).toBe(true);
  });

  it('answer a missing key with undefined, or with the fallback', async () => {
    expect(await client.get('nothing')).toBeUndefined();
    expect(await client.get('nothing', null)).toBeNull();
    expect(await client.get('nothing', 'else', { consistency: 'one' })).toBe('else');
    expect(await client.has('nothing')).toBe(false);
    expect(await client.getEntry('nothing')).toBeUndefined();
  });

  it('have getOrThrow reject with the key in its sentence', async () => {
    await expect(client.getOrThrow('nothing')).rejects.toMatchObject({
      code: 'ERR_KEY_NOT_FOUND',
      message: 'there is no entry under "nothing"',
    });
  });

  it('do not let the caller change what is stored', async () => {
    const mine = Buffer.from('abc');
    for (const socket of [...cluster.nodes, client]) {
      await socket.set('mine', mine);
      (await socket.getOrThrow('mine')).fill(0);
      expect((await socket.getOrThrow('mine')).toString()).toBe('abc');
    }
  });
});

describe('getEntry', () => {
  it('tells version, copies and cost', async () => {
    const { version } = await member.set('entry', 'v');
    expect(await client.getEntry('entry')).toMatchObject({ version, replicas: 3, hedges: 0 });
    const entry = await client.getEntry('entry');
    expect(entry).not.toHaveProperty('expiresAt');
    expect(entry?.requests).toBeLessThanOrEqual(16);
    expect(entry?.agreed).toBeGreaterThanOrEqual(2);
  });

  it('tells when the entry expires', async () => {
    const before = Date.now();
    await client.set('brief', 'v', { ttlMs: 60_000 });
    const { expiresAt = 0 } = (await member.getEntry('brief')) ?? {};
    expect(expiresAt - before).toBeGreaterThan(50_000);
    expect(expiresAt - before).toBeLessThan(70_000);
  });
});

describe('conditions', () => {
  it('ifAbsent stores the first only, and tells the version that stands', async () => {
    const { version } = await client.set('once', 'a', { ifAbsent: true });
    await expect(member.set('once', 'b', { ifAbsent: true })).rejects.toMatchObject({
      code: 'ERR_CONFLICT',
      version,
    });
    expect((await client.get('once'))?.toString()).toBe('a');
  });

  it('ifVersion stores over exactly that version', async () => {
    const { version } = await client.set('turn', '1');
    await client.set('turn', '2', { ifVersion: version });
    await expect(client.set('turn', '3', { ifVersion: version })).rejects.toMatchObject({
      code: 'ERR_CONFLICT',
    });
  });

  it('a version that never was one conflicts', async () => {
    await client.set('opaque', '1');
    for (const ifVersion of ['', 'nonsense']) {
      await expect(client.set('opaque', '2', { ifVersion })).rejects.toMatchObject({ code: 'ERR_CONFLICT' });
    }
  });

  it('a condition on a missing key conflicts without a version', async () => {
    const error: unknown = await client
      .set('absent', '1', { ifVersion: '000000000000000' })
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_CONFLICT' });
    expect(error).not.toHaveProperty('version');
  });
});

describe('delete and pop', () => {
  it('delete tells whether there was an entry', async () => {
    await client.set('gone', 'v');
    expect(await member.delete('gone')).toBe(true);
    expect(await member.delete('gone')).toBe(false);
    expect(await client.get('gone')).toBeUndefined();
  });

  it('delete with ifVersion leaves a newer entry alone', async () => {
    const { version } = await client.set('kept', '1');
    await client.set('kept', '2');
    await expect(client.delete('kept', { ifVersion: version })).rejects.toMatchObject({
      code: 'ERR_CONFLICT',
    });
    expect(await client.has('kept')).toBe(true);
  });

  it('pop gives one entry to one of many', async () => {
    await client.set('prize', 'gold');
    const all = [client, ...cluster.nodes];
    const popped = await Promise.all(all.map((socket) => socket.pop('prize', 'nothing')));
    expect(popped.map(String).toSorted()).toEqual(['gold', 'nothing', 'nothing', 'nothing', 'nothing']);
  });
});

describe('update', () => {
  it('stores every pair, from whatever it is given', async () => {
    const pairs = Array.from({ length: 200 }, (_, i) => [`many ${i}`, `${i}`] as const);
    expect(await client.update(new Map(pairs))).toEqual({ stored: 200 });
    const values = await Promise.all(pairs.map(([key]) => member.getOrThrow(key)));
    expect(values.map(String)).toEqual(pairs.map(([, value]) => value));
  });
});

describe('misuse', () => {
  it.each<[string, (socket: ChordSocket) => Promise<unknown>]>([
    ['a key that is a number', (socket) => socket.get(5 as unknown as string)],
    ['an ill-formed key', (socket) => socket.get('\ud800')],
    ['a value that is missing', (socket) => socket.set('k', undefined as unknown as string)],
    ['an unknown option', (socket) => socket.set('k', 'v', { ttl: 5 } as object)],
    ['both conditions', (socket) => socket.set('k', 'v', { ifAbsent: true, ifVersion: 'x' })],
    ['null for ifAbsent', (socket) => socket.set('k', 'v', { ifAbsent: null as unknown as boolean })],
    ['ifAbsent as text', (socket) => socket.set('k', 'v', { ifAbsent: 'yes' as unknown as boolean })],
    ['update of a number', (socket) => socket.update(5 as unknown as [])],
  ])('%s is a TypeError', async (_name, use) => {
    await expect(use(client)).rejects.toThrow(TypeError);
  });

  it('a time to live of nothing is a RangeError', async () => {
    await expect(client.set('k', 'v', { ttlMs: 0 })).rejects.toThrow(RangeError);
  });

  it('sizes beyond the limits say so', async () => {
    await expect(client.get('x'.repeat(1_025))).rejects.toMatchObject({ code: 'ERR_KEY_TOO_LARGE' });
    await expect(client.set('x', new Uint8Array(1_048_577))).rejects.toMatchObject({
      code: 'ERR_VALUE_TOO_LARGE',
    });
  });

  it('of an iterator shows at once, not at its first step', () => {
    expect(() => client.keys({ prefix: 5 as unknown as string })).toThrow(TypeError);
  });
});

describe('the largest value', () => {
  it('comes back as it went in', async () => {
    const value = Buffer.alloc(1_048_576, 'chord');
    await client.set('large', value);
    expect((await member.getOrThrow('large')).equals(value)).toBe(true);
    await client.delete('large');
  });
});

describe('walks', () => {
  const pairs = Array.from({ length: 1_500 }, (_, i) => [`walk/${i}`, `value ${i}`] as const);

  beforeAll(async () => {
    await member.update(pairs);
  });

  it('see each key once', async () => {
    const keys = (await collect(client.keys({ prefix: 'walk/' }))).map(String);
    expect(keys.toSorted()).toEqual(pairs.map(([key]) => key).toSorted());
  });

  it('give values and pairs that belong together', async () => {
    expect(await collect(client.values({ prefix: 'walk/7' }))).toHaveLength(111);
    for await (const [key, value] of client.entries({ prefix: 'walk/7' })) {
      expect(value.toString()).toBe(key.toString().replace('walk/', 'value '));
    }
  });

  it('of the socket itself are of pairs, as of a Map', async () => {
    for await (const pair of client) {
      expect(pair).toEqual([expect.any(Buffer), expect.any(Buffer)]);
      break;
    }
  });

  it('count and copy', async () => {
    expect(await client.size({ prefix: 'walk/' })).toBe(1_500);
    const copied = await client.copy();
    expect(copied.get('walk/3')).toEqual(Buffer.from('value 3'));
    expect(copied.size).toBe(await member.size());
  });

  it('stop with the reason of an abort', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const walk = client.keys({ signal: controller.signal });
    await walk.next();
    controller.abort(reason);
    await expect(walk.next()).rejects.toBe(reason);
  });

  it('reject their first step where the signal is aborted already', async () => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    const [keys, values, entries] = [
      client.keys({ signal }),
      client.values({ signal }),
      client.items({ signal }),
    ];
    const walks = [keys, values, entries, client.scan({ signal }), client.map().keys({ signal })];
    for (const walk of walks) await expect(walk.next()).rejects.toBe(reason);
    await expect(client.size({ signal })).rejects.toBe(reason);
  });

  it('popItem takes some entry, until there is none', async () => {
    const small = await createCluster(1, { transport: 'memory' });
    try {
      const [node] = small.nodes;
      await node?.update({ a: '1', b: '2' });
      const taken = [await node?.popItem(), await node?.popItem()];
      expect(taken.map(String).toSorted()).toEqual(['a,1', 'b,2']);
      expect(await node?.popItem()).toBeUndefined();
    } finally {
      await small.close();
    }
  });
});

describe('explain and ring', () => {
  it('explain names the owner that ring shows for the position', async () => {
    const { position, owner, replicas, hops, requests } = await client.explain('shared');
    const members = await client.ring();
    const expected = members.find(({ arc: { from, to } }) =>
      from < to ? from < position && position <= to : position > from || position <= to,
    );
    expect(owner.id).toBe(expected?.id);
    expect(replicas.map(({ id }) => id)).toContain(owner.id);
    expect(replicas).toHaveLength(3);
    expect(hops.length).toBeGreaterThan(0);
    expect(requests).toBeLessThanOrEqual(16);
  });

  it('ring lists every member, clockwise, with its address and neighbours', async () => {
    const members = await client.ring();
    const ids = members.map(({ id }) => id);
    expect(ids.toSorted()).toEqual(cluster.nodes.map(({ id }) => id).toSorted());
    for (const [index, { successors, serving, addr }] of members.entries()) {
      expect(successors[0]?.id).toBe(ids[(index + 1) % ids.length]);
      expect(serving).toBe(true);
      expect(cluster.nodes.map(({ outAddr }) => outAddr)).toContainEqual(addr);
    }
  });
});

describe('events', () => {
  it('add, update and delete come on the owner only, once a change', async () => {
    const { owner } = await client.explain('watched');
    const seen: string[] = [];
    const listeners = cluster.nodes.flatMap((node) =>
      (['add', 'update', 'delete'] as const).map((name) => {
        const listen = ({ key }: { key: Buffer }): void => {
          seen.push(`${node.id === owner.id ? 'owner' : 'other'} ${name} ${key.toString()}`);
        };
        node.on(name, listen);
        return (): unknown => node.off(name, listen);
      }),
    );
    await client.set('watched', '1');
    await client.set('watched', '2');
    await client.delete('watched');
    for (const stop of listeners) stop();
    expect(seen).toEqual(['owner add watched', 'owner update watched', 'owner delete watched']);
  });
});
