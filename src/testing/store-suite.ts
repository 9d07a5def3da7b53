// StoreSuite: what every store has to do, as tests that run on any runner with `describe` and `it`. It owns
// the expectations of the Store contract; how a store is made and removed is the caller's.
import { deepEqual, equal, rejects } from 'node:assert/strict';
import type { Store, StoreChange, StoredRecord } from '../storage/store.ts';

/** The part of a test runner that is used: vitest, mocha, jest and node:test have it. */
export interface SuiteRunner {
  readonly describe: (name: string, body: () => void) => void;
  readonly it: (name: string, body: () => Promise<void>) => void;
}

export interface StoreSuiteOptions {
  readonly name: string;
  /** A new store where nothing was written yet. */
  create(): Store | Promise<Store>;
  /** The same store as another process finds it later; it was closed before. Default: the same object. */
  reopen?(store: Store): Store | Promise<Store>;
  /**
   * The same store as it is found after its process was killed at this moment; it is open, and is closed by
   * the suite afterwards. Left out, the suite does not try that.
   */
  crash?(store: Store): Store | Promise<Store>;
  /** Called after each test with every store of it; they are closed. */
  remove?(store: Store): void | Promise<void>;
}

const LARGE_BYTES = 1_048_576;
const MANY = 3_000;

/** Declares the tests of the Store contract. Assertions are those of node:assert. */
export function describeStore({ describe, it }: SuiteRunner, options: StoreSuiteOptions): void {
  const suite = new StoreSuite(options);
  const check = (name: string, body: (use: Use) => Promise<void>): void => {
    it(name, () => suite.run(body));
  };
  describe(`the store contract: ${options.name}`, () => {
    describeIdentity(check);
    describeRecords(check);
    describeBatches(check);
    describeOwners(check);
    if (options.crash !== undefined) describeCrashes(check);
  });
}

type Check = (name: string, body: (use: Use) => Promise<void>) => void;

/** What a test does with stores; all of them are closed and removed at its end. */
interface Use {
  /** A new store, open. */
  opened(): Promise<Store>;
  /** A new store, not open. */
  created(): Promise<Store>;
  /** Closes it and opens it as another process does. */
  reopened(store: Store): Promise<Store>;
  crashed(store: Store): Promise<Store>;
}

class StoreSuite {
  readonly #options: StoreSuiteOptions;

  constructor(options: StoreSuiteOptions) {
    this.#options = options;
  }

  async run(body: (use: Use) => Promise<void>): Promise<void> {
    const stores = new Set<Store>();
    const options = this.#options;
    const keep = (store: Store): Store => {
      stores.add(store);
      return store;
    };
    const open = async (store: Store): Promise<Store> => {
      await keep(store).open();
      return store;
    };
    try {
      await body({
        created: async () => keep(await options.create()),
        opened: async () => open(await options.create()),
        reopened: async (store) => {
          await store.close();
          return open((await options.reopen?.(store)) ?? store);
        },
        crashed: async (store) => open((await options.crash?.(store)) ?? store),
      });
    } finally {
      for (const store of stores) await store.close();
      for (const store of stores) await options.remove?.(store);
    }
  }
}

function describeIdentity(check: Check): void {
  check('has no identity when it is new', async (use) => {
    equal((await use.created()).readIdentity(), undefined);
  });

  check('keeps the last identity, and tells it before it is opened', async (use) => {
    const store = await use.opened();
    await store.writeIdentity(bytes('first'));
    await store.writeIdentity(bytes('second'));
    equal(text(store.readIdentity()), 'second');
    const again = await use.reopened(store);
    equal(text(again.readIdentity()), 'second');
    await again.close();
    equal(text(again.readIdentity()), 'second');
  });
}

function describeRecords(check: Check): void {
  check('is empty when it is new, and knows of no damage', async (use) => {
    const store = await use.opened();
    deepEqual(await recordsOf(store), []);
    equal(store.damage(), undefined);
  });

  check('gives back any bytes, in the order of their keys', async (use) => {
    const store = await use.opened();
    const keys = [[255], [0], [0, 0], [128, 1], [127, 255], [1]];
    await store.write(keys.map((key) => put(Uint8Array.from(key), Uint8Array.from([...key, 0, 255]))));
    const sorted = [[0], [0, 0], [1], [127, 255], [128, 1], [255]];
    deepEqual(
      (await recordsOf(store)).map(({ key, value }) => [[...key], [...value]]),
      sorted.map((key) => [key, [...key, 0, 255]]),
    );
  });

  check('keeps the last value of a key, and an empty one too', async (use) => {
    const store = await use.opened();
    await store.write([put('a', 'old'), put('b', 'old')]);
    await store.write([put('a', 'new'), put('b', '')]);
    deepEqual(await textsOf(store), ['a=new', 'b=']);
  });

  check('forgets what is deleted, and does not mind what was not there', async (use) => {
    const store = await use.opened();
    await store.write([put('a', '1'), put('b', '2')]);
    await store.write([remove('a'), remove('never')]);
    deepEqual(await textsOf(store), ['b=2']);
  });

  check('keeps a value of 1 MiB whole', async (use) => {
    const store = await use.opened();
    const value = Uint8Array.from({ length: LARGE_BYTES }, (_, i) => (i * 31) % 251);
    await store.write([put('large', value)]);
    const [record] = await recordsOf(await use.reopened(store));
    equal(Buffer.compare(record?.value ?? new Uint8Array(0), value), 0);
  });

  check('keeps everything through closing and opening', async (use) => {
    const store = await use.opened();
    const names = Array.from({ length: MANY }, (_, i) => `key-${String(i).padStart(6, '0')}`);
    await store.write(names.map((name) => put(name, `value of ${name}`)));
    const again = await use.reopened(store);
    deepEqual(
      await textsOf(again),
      names.map((name) => `${name}=value of ${name}`),
    );
    equal(again.damage(), undefined);
  });
}

function describeBatches(check: Check): void {
  check('applies the changes of a batch in their order', async (use) => {
    const store = await use.opened();
    await store.write([put('a', '1'), remove('a'), put('b', '1'), remove('b'), put('b', '2')]);
    deepEqual(await textsOf(store), ['b=2']);
  });

  check('applies batches in the order of the calls, however many are under way', async (use) => {
    const store = await use.opened();
    const writes = Array.from({ length: 50 }, (_, i) =>
      store.write([put('last', String(i)), put(`k${i}`, '')]),
    );
    await Promise.all(writes);
    const texts = await textsOf(store);
    equal(texts.length, 51);
    equal(texts.at(-1), 'last=49');
  });

  check('takes an empty batch', async (use) => {
    const store = await use.opened();
    await store.write([]);
    deepEqual(await recordsOf(store), []);
  });
}

function describeOwners(check: Check): void {
  check('has one owner at a time', async (use) => {
    const store = await use.opened();
    await rejects(async () => store.open(), Error);
    const again = await use.reopened(store);
    await again.write([put('a', '1')]);
    deepEqual(await textsOf(again), ['a=1']);
  });

  check('closes once, and takes nothing afterwards', async (use) => {
    const store = await use.opened();
    const write = store.write([put('a', '1')]);
    await store.close();
    await store.close();
    await write;
    await rejects(async () => store.write([put('b', '2')]), Error);
    deepEqual(await textsOf(await use.reopened(store)), ['a=1']);
  });
}

function describeCrashes(check: Check): void {
  check('has everything that it acknowledged when its process is killed', async (use) => {
    const store = await use.opened();
    await store.writeIdentity(bytes('me'));
    for (let i = 0; i < 20; i++) await store.write([put(`k${i}`, String(i)), put('last', String(i))]);
    const again = await use.crashed(store);
    equal(text(again.readIdentity()), 'me');
    const texts = await textsOf(again);
    equal(texts.length, 21);
    equal(texts.at(-1), 'last=19');
    equal(again.damage(), undefined);
  });
}

function put(key: string | Uint8Array, value: string | Uint8Array): StoreChange {
  return { type: 'put', key: bytes(key), value: bytes(value) };
}

function remove(key: string): StoreChange {
  return { type: 'delete', key: bytes(key) };
}

async function recordsOf(store: Store): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  for await (const record of store.load()) records.push(record);
  return records;
}

async function textsOf(store: Store): Promise<string[]> {
  return (await recordsOf(store)).map(({ key, value }) => `${text(key)}=${text(value)}`);
}

function bytes(given: string | Uint8Array): Uint8Array {
  return typeof given === 'string' ? Buffer.from(given) : given;
}

function text(given: Uint8Array | undefined): string {
  return Buffer.from(given ?? []).toString();
}
