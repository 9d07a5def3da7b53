// What the types let a program write: interfaces and classes, which have no index signature, are objects like
// others. The compiler checks this file with the other tests; that it also runs shows that the types tell the
// truth. Types of keys and values of views are in map-view.test.ts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChordSocket, json } from '../../src/index.ts';
import { type Cluster, createCluster } from '../../src/testing/index.ts';

interface User {
  name: string;
  age?: number;
}

interface Settings {
  readonly host: string;
  readonly token: Uint8Array;
  readonly note?: string;
}

const USER: User = { name: 'Ada', age: 36 };
const SETTINGS: Settings = { host: 'a.example', token: Uint8Array.of(1) };

let cluster: Cluster;
let sock: ChordSocket;

beforeAll(async () => {
  cluster = await createCluster(1, { transport: 'memory', k: 16 });
  sock = cluster.nodes[0]!;
});
afterAll(() => cluster.close());

describe('an object of an interface', () => {
  it('is a delta', async () => {
    expect(await sock.applyDelta('delta', USER)).toEqual(USER);
    expect(await sock.map().applyDelta('delta of a view', USER)).toEqual(USER);
  });

  it('is a source of values, where all of its fields are', async () => {
    expect(await sock.update(SETTINGS)).toEqual({ stored: 2 });
    // @ts-expect-error: a number is no value
    await expect(sock.update(USER)).rejects.toThrow(TypeError);
    const texts = sock.map({ valueEncoding: 'utf8' });
    // @ts-expect-error: neither are bytes, where values are text
    await expect(texts.update(SETTINGS)).rejects.toThrow(TypeError);
    expect(await sock.map({ valueEncoding: 'json' }).update(USER)).toEqual({ stored: 2 });
  });

  it('is a value of a view of JSON', async () => {
    const users = sock.map({ valueEncoding: 'json' });
    await users.set('user', USER);
    await users.update({ user: USER });
    await users.update([['user', USER]]);
    expect(await users.get('user')).toEqual(USER);
    const named = sock.map({ valueEncoding: json<User>() });
    // @ts-expect-error: no User
    await named.set('settings', SETTINGS.host);
  });
});

describe('what is no source of pairs', () => {
  it('is refused by the compiler too', async () => {
    // @ts-expect-error: the values are numbers
    await expect(sock.update({ a: 1 })).rejects.toThrow(TypeError);
    // @ts-expect-error: no pairs
    await expect(sock.update(['ab'])).rejects.toThrow(TypeError);
    // @ts-expect-error: no pairs either
    await expect(sock.update(new Set(['a']))).rejects.toThrow(TypeError);
    // @ts-expect-error: the values are numbers
    await expect(sock.update(new Map([['a', 1]]))).rejects.toThrow(TypeError);
    // @ts-expect-error: it has to be awaited
    await expect(sock.update(Promise.resolve({ a: '1' }))).rejects.toThrow(TypeError);
  });
});
