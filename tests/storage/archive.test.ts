// The archive: what goes in comes out, and whatever a store loses or changes is noticed.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Archive, Loaded } from '../../src/storage/archive.ts';
import { MemoryStorage } from '../../src/storage/memory-storage.ts';
import type { StoredRecord } from '../../src/storage/store.ts';
import { FaultyStore } from './faulty-store.ts';
import { archiveOver, entryOf, forgotten, registersOf, textsOf } from './saved-records.ts';

let store: FaultyStore;
let archive: Archive;

beforeEach(async () => {
  store = new FaultyStore(new MemoryStorage());
  await store.open();
  archive = archiveOver(store);
  await archive.load(true);
  await archive.write([]);
});

/** As the next start finds it. */
function reload(): Promise<Loaded> {
  return archiveOver(store).load(false);
}

/** Flips a bit of the value of every record that the condition holds for. */
function flipValues(isMeant: (record: StoredRecord) => boolean) {
  return (record: StoredRecord): StoredRecord => {
    if (!isMeant(record)) return record;
    const value = Uint8Array.from(record.value);
    value[value.length - 1]! ^= 1;
    return { ...record, value };
  };
}

const isEntry = ({ key }: StoredRecord): boolean => key[0] === 3;

describe('what is written', () => {
  it('comes back: entries, tombstones, expiries and registers', async () => {
    const records = [
      entryOf('a', 'one'),
      entryOf('b', undefined),
      entryOf('\u00ff\u0000', ''),
      registersOf(1, 2),
    ];
    await archive.write(records);
    const loaded = await reload();
    expect(loaded.damage).toBeUndefined();
    expect(loaded.records).toHaveLength(4);
    expect(loaded.records).toEqual(expect.arrayContaining(records));
  });

  it('is the last of several records under one key, in a batch and across batches', async () => {
    await archive.write([entryOf('a', 'one', 1), entryOf('a', 'two', 2), registersOf(1)]);
    await archive.write([entryOf('a', 'three', 3), registersOf(2, 3)]);
    const { records, damage } = await reload();
    expect(textsOf(records)).toEqual(['a=three']);
    expect(records.filter(({ type }) => type === 'registers')).toEqual([registersOf(2, 3)]);
    expect(damage).toBeUndefined();
  });

  it('is gone once it is forgotten', async () => {
    await archive.write([entryOf('a', 'one'), entryOf('b', 'two')]);
    await archive.write([forgotten('a'), forgotten('never there')]);
    const { records, damage } = await reload();
    expect(textsOf(records)).toEqual(['b=two']);
    expect(damage).toBeUndefined();
  });
});

describe('damage', () => {
  beforeEach(async () => {
    await archive.write([entryOf('a', 'one'), entryOf('b', 'two'), entryOf('c', 'three')]);
  });

  it('of a value is noticed, counted and left out', async () => {
    const [, second] = await collect();
    store.corrupt = flipValues(({ key }) => Buffer.compare(key, second!.key) === 0);
    const { records, damage } = await reload();
    expect(records).toHaveLength(2);
    expect(damage?.corrupt).toBe(1);
    expect(damage?.message).toContain('1 of its records');
    expect(damage?.hashes.join(' ')).toMatch(/^[0-9a-f]{12}$/);
  });

  it('of a key is noticed, so that no value comes back under another key', async () => {
    store.corrupt = (record) => {
      if (!isEntry(record)) return record;
      const key = Uint8Array.from(record.key);
      key[key.length - 1]! ^= 1;
      return { ...record, key };
    };
    expect(await reload()).toMatchObject({ records: [], damage: { corrupt: 3 } });
  });

  it('of any single bit of a record is noticed', async () => {
    const [record] = await collect();
    for (let bit = 0; bit < record!.value.length * 8; bit++) {
      store.corrupt = (given) => {
        if (Buffer.compare(given.key, record!.key) !== 0) return given;
        const value = Uint8Array.from(given.value);
        value[bit >> 3]! ^= 1 << (bit & 7);
        return { ...given, value };
      };
      expect((await reload()).damage?.corrupt, `bit ${bit}`).toBe(1);
    }
  });

  it('is noticed where a value is cut off, down to nothing', async () => {
    for (const length of [0, 7, 8, 12]) {
      store.corrupt = (record) =>
        isEntry(record) ? { ...record, value: record.value.subarray(0, length) } : record;
      expect(await reload()).toMatchObject({ damage: { corrupt: 3 } });
    }
  });

  it('is noticed where a record is missing without a trace', async () => {
    const [first] = await collect();
    store.corrupt = (record) => (Buffer.compare(record.key, first!.key) === 0 ? undefined : record);
    const { damage } = await reload();
    expect(damage?.corrupt).toBe(0);
    expect(damage?.message).toContain('2 of 3 records');
  });

  it('is noticed where an older version of a record has come back', async () => {
    const before = await collect();
    await archive.write([entryOf('a', 'newer', 2)]);
    const old = before.find(({ value }) => Buffer.from(value).includes('one'));
    store.corrupt = (record) => (Buffer.compare(record.key, old!.key) === 0 ? old : record);
    expect((await reload()).damage?.message).toContain('older');
  });

  it('is noticed where everything is missing', async () => {
    store.corrupt = () => undefined;
    expect(await reload()).toMatchObject({ records: [], damage: { corrupt: 0 } });
  });

  it('is not reported again once the next batch is written', async () => {
    store.corrupt = flipValues(isEntry);
    const next = archiveOver(store);
    expect((await next.load(false)).damage?.corrupt).toBe(3);
    store.corrupt = undefined;
    await next.write([entryOf('d', 'four')]);
    const { records, damage } = await reload();
    expect(textsOf(records)).toEqual(['d=four']);
    expect(damage).toBeUndefined();
  });
});

describe('a write that fails', () => {
  it.each([true, false])(
    'leaves no damage behind, whether or not it was stored (%s)',
    async (storesFailed) => {
      await archive.write([entryOf('a', 'one', 1), entryOf('b', 'two', 1)]);
      store.failure = 'no space left on device';
      store.storesFailed = storesFailed;
      await expect(archive.write([entryOf('a', 'newer', 2), forgotten('b')])).rejects.toThrow(
        'no space left',
      );
      store.failure = undefined;
      await archive.write([entryOf('c', 'three')]);
      const { records, damage } = await reload();
      expect(textsOf(records)).toEqual(storesFailed ? ['a=newer', 'c=three'] : ['a=one', 'b=two', 'c=three']);
      expect(damage).toBeUndefined();
    },
  );

  it('has the store read once more, and not at every write after it', async () => {
    store.failure = 'no space left on device';
    await expect(archive.write([entryOf('a', 'one')])).rejects.toThrow('no space left');
    store.failure = undefined;
    const { loads } = store;
    await archive.write([entryOf('a', 'one')]);
    await archive.write([entryOf('a', 'two', 2)]);
    expect(store.loads).toBe(loads + 1);
  });
});

/** The records of the entries as they lie in the store. */
async function collect(): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  for await (const record of store.load()) if (isEntry(record)) records.push(record);
  return records;
}
