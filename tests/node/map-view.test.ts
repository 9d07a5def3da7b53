// Typed views of the dictionary: what goes in and out under each encoding, and what the types say of it.
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { type ChordSocket, json, type JsonValue } from '../../src/index.ts';
import { MapView } from '../../src/node/map-view.ts';
import { type Cluster, createCluster } from '../../src/testing/index.ts';

let cluster: Cluster;
let client: ChordSocket;

beforeAll(async () => {
  cluster = await createCluster(2, { transport: 'memory', k: 16 });
  client = await cluster.client();
});
afterAll(() => cluster.close());

async function empty(): Promise<void> {
  for await (const key of client.keys()) await client.delete(key);
}

describe('a map view', () => {
  it('gives back what each encoding was given', async () => {
    await empty();
    const texts = client.map({ valueEncoding: 'utf8' });
    const documents = client.map({ keyEncoding: 'json', valueEncoding: 'json' });
    await texts.set('text', 'größer');
    await documents.set(['a', 1], { nested: [null, true] });
    expect(await texts.get('text')).toBe('größer');
    expect(await documents.get(['a', 1])).toEqual({ nested: [null, true] });
    expect(await client.map().get('text')).toEqual(Buffer.from('größer'));
    expect(await client.get('["a",1]')).toEqual(Buffer.from('{"nested":[null,true]}'));
  });

  it('walks, counts and removes what is in the ring', async () => {
    await empty();
    const view = client.map({ valueEncoding: 'json' });
    expect(await view.update(['a', 'b', 'c'].map((key, i) => [key, i] as const))).toEqual({ stored: 3 });
    const found = new Map<string, JsonValue>();
    for await (const [key, value] of view) found.set(key, value);
    expect(found).toEqual(new Map(['a', 'b', 'c'].map((key, i) => [key, i])));
    expect(await view.size()).toBe(3);
    expect(await view.pop('b')).toBe(1);
    expect([await view.has('b'), await view.delete('a'), await view.get('a')]).toEqual([
      false,
      true,
      undefined,
    ]);
  });

  it('gives a fallback or an error for what is not there, and entries in its types', async () => {
    await empty();
    const view = client.map({ keyEncoding: 'json', valueEncoding: 'json' });
    await view.set(['a'], { x: 1 });
    const options = { consistency: 'all', timeoutMs: 4_000 } as const;
    expect(await view.get(['a'], 'none', options)).toEqual({ x: 1 });
    expect([await view.get(['b'], 'none'), await view.get(['b'], undefined, options)]).toEqual([
      'none',
      undefined,
    ]);
    await expect(view.get(['b'], 'none', { timeout: 5 } as object)).rejects.toThrow(TypeError);
    expect(await view.getOrThrow(['a'], options)).toEqual({ x: 1 });
    await expect(view.getOrThrow(['b'])).rejects.toMatchObject({ code: 'ERR_KEY_NOT_FOUND' });
    const { version } = (await client.getEntry('["a"]'))!;
    const entry = await view.getEntry(['a'], options);
    expect(entry).toMatchObject({ key: ['a'], value: { x: 1 }, version, replicas: 2, agreed: 2 });
    expect(await view.getEntry(['b'])).toBeUndefined();
    expect([await view.pop(['a'], 'none', options), await view.pop(['a'], 'none')]).toEqual([
      { x: 1 },
      'none',
    ]);
  });

  it('copies its entries, all or those of a prefix', async () => {
    await empty();
    const view = client.map({ valueEncoding: 'json' });
    await view.update({ 'a/1': 1, 'a/2': [2], b: null });
    const all = new Map<string, JsonValue>([
      ['a/1', 1],
      ['a/2', [2]],
      ['b', null],
    ]);
    expect(await view.copy()).toEqual(all);
    all.delete('b');
    expect(await view.copy({ prefix: 'a/' })).toEqual(all);
    const items = new Map<string, JsonValue>();
    for await (const [key, value] of view.items({ prefix: 'a/' })) items.set(key, value);
    expect(items).toEqual(all);
  });

  it('watches in its own types, and ends where what is stored is of another', async () => {
    await empty();
    const view = client.map({ keyEncoding: 'json', valueEncoding: 'json' });
    const one = view.watch(['a', 1]);
    const all = view.watch({ prefix: '[' });
    await Promise.all([one.ready, all.ready]);
    await view.set(['a', 1], { x: 1 });
    await view.delete(['a', 1]);
    const { value: set } = await one.next();
    const { value: deleted } = await one.next();
    expect([set, deleted]).toMatchObject([
      { type: 'set', key: ['a', 1], value: { x: 1 } },
      { type: 'delete', key: ['a', 1] },
    ]);
    expect((await all.next()).value).toEqual(set);
    expect((await all.next()).value).toEqual(deleted);
    await client.set('["a",1]', '{');
    await expect(one.next()).rejects.toMatchObject({ code: 'ERR_NOT_JSON' });
    expect((await one.next()).done).toBe(true);
    await all.return();
  });

  it('takes an encoding of the program’s own', async () => {
    const view = client.map({
      valueEncoding: {
        encode: (date: Date) => date.toISOString(),
        decode: (bytes: Buffer) => new Date(String(bytes)),
      },
    });
    await view.set('day', new Date(0));
    const day = await view.get('day');
    expectTypeOf(day).toEqualTypeOf<Date | undefined>();
    expect(day).toEqual(new Date(0));
  });

  it('says that stored bytes are of another encoding', async () => {
    await client.set('bad', Uint8Array.of(0xff));
    for (const [valueEncoding, code] of [
      ['utf8', 'ERR_NOT_UTF8'],
      ['json', 'ERR_NOT_JSON'],
    ] as const) {
      const failure = { code, message: expect.stringContaining('(key "bad")') as string };
      await expect(client.map({ valueEncoding }).get('bad')).rejects.toMatchObject(failure);
    }
  });

  it('names the key of another encoding that ends a walk', async () => {
    await empty();
    await client.set(Uint8Array.of(0xff, 1), 'value');
    const failure = { code: 'ERR_NOT_UTF8', message: expect.stringContaining('0xff01') as string };
    await expect(client.map().keys().next()).rejects.toMatchObject(failure);
    await empty();
  });

  it('stores an object as the socket’s update does, and refuses what is no source of pairs', async () => {
    const view = client.map({ valueEncoding: 'json' });
    expect(await view.update({ ada: { age: 36 }, bob: { age: 1 } })).toEqual({ stored: 2 });
    expect(await view.get('ada')).toEqual({ age: 36 });
    for (const source of [5, 'x', null, ['ab']]) {
      await expect(view.update(source as unknown as [])).rejects.toThrow(/^update takes /);
    }
  });

  it('keeps the type of JSON values that the program names', async () => {
    interface User {
      name: string;
      age: number;
    }
    const view = client.map({ valueEncoding: json<User>() });
    const user: User = { name: 'Ada', age: 36 };
    await view.set('user', user);
    const found = await view.get('user');
    expectTypeOf(found).toEqualTypeOf<User | undefined>();
    expect(found).toEqual(user);
  });

  it('takes no number that JSON cannot say: it would be null', async () => {
    const view = client.map({ valueEncoding: 'json' });
    await expect(view.set('n', NaN)).rejects.toThrow(TypeError);
    await expect(view.set('n', { depth: [Infinity] })).rejects.toThrow(/Infinity/);
    await expect(client.applyDelta('n', { n: NaN })).rejects.toThrow(TypeError);
  });

  it.each<[string, unknown]>([
    ['an object of class Map', new Map([['a', 1]])],
    ['an object of class Set', new Set([1])],
    ['an object of class Promise', Promise.resolve(1)],
    ['an object of class Uint8Array', Uint8Array.of(1)],
    [
      'an object of class Registry',
      new (class Registry extends Map {
        readonly name = 'x';
      })(),
    ],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
  ])('takes nothing that JSON would lose, as %s, at any depth', async (name, value) => {
    const view = client.map({ valueEncoding: 'json' });
    const refusal = new RegExp(`^JSON cannot say ${name}`);
    await expect(view.set('lost', value as JsonValue)).rejects.toThrow(refusal);
    await expect(view.set('lost', { depth: [value as JsonValue] })).rejects.toThrow(refusal);
    await expect(view.update({ lost: value as JsonValue })).rejects.toThrow(refusal);
    await expect(client.applyDelta('lost', { a: value })).rejects.toThrow(refusal);
    expect(await client.has('lost')).toBe(false);
  });

  it('takes what JSON says in its own way: undefined members, toJSON, classes with fields', async () => {
    const view = client.map({ valueEncoding: 'json' });
    class Point {
      readonly x = 1;
    }
    const value: unknown = {
      day: new Date(0),
      none: undefined,
      list: [undefined],
      point: new Point(),
      empty: {},
      boxed: [new Number(1), new String(''), new Boolean(false)],
      bytes: Buffer.from('a'),
    };
    await view.set('said', value as JsonValue);
    expect(await view.get('said')).toEqual({
      day: '1970-01-01T00:00:00.000Z',
      list: [null],
      point: { x: 1 },
      empty: {},
      boxed: [1, '', false],
      bytes: { type: 'Buffer', data: [97] },
    });
  });

  it('has no room for other types', async () => {
    expect(() => client.map({ valueEncoding: 'latin1' as 'utf8' })).toThrow(TypeError);
    expect(() => client.map({ keyEncoding: null as unknown as 'utf8' })).toThrow(/got null/);
    const numbers = client.map({ valueEncoding: 'utf8' });
    await expect(numbers.set('n', 1 as unknown as string)).rejects.toThrow(TypeError);
    await expect(client.map({ valueEncoding: 'json' }).set('n', undefined!)).rejects.toThrow(TypeError);
  });

  it('infers its types from the encodings', async () => {
    const view = client.map({ keyEncoding: 'bytes', valueEncoding: 'json' });
    expectTypeOf(view.get).parameter(0).toEqualTypeOf<Uint8Array>();
    expectTypeOf(await view.get(Buffer.from('none'))).toEqualTypeOf<JsonValue | undefined>();
    expectTypeOf(await view.get(Buffer.from('none'), 5n)).toEqualTypeOf<JsonValue | bigint>();
    expectTypeOf(await client.map().pop('none', null)).toEqualTypeOf<Buffer | null>();
    expectTypeOf(
      client
        .map()
        .keys()
        .next()
        .then((step) => step.value),
    ).resolves.toEqualTypeOf<string | void>();
    expect(view).toBeInstanceOf(MapView);
  });
});

describe('leaving a walk', () => {
  it('asks the ring for nothing more', async () => {
    await empty();
    await client.update(Array.from({ length: 2000 }, (_, i) => [`key-${i}`, 'x'] as const));
    const walk = client.keys();
    for await (const _ of walk) break;
    expect(await walk.next()).toEqual({ done: true, value: undefined });
  });
});
