// What is on the disk in the end: after a queue that was too long, after a start that failed half way, after
// a log that was cut, and after a write that failed over a record that had changed.
import { beforeEach, expect, it } from 'vitest';
import type { Effect } from '../../src/core/effect.ts';
import type { SavedRecord } from '../../src/core/saved.ts';
import { Saver } from '../../src/core/saver.ts';
import { DebugLog } from '../../src/node/debug-log.ts';
import { Persistence } from '../../src/node/persistence.ts';
import { MemoryStorage } from '../../src/storage/memory-storage.ts';
import type { StoreChange, StoredRecord } from '../../src/storage/store.ts';
import { FaultyStore } from '../storage/faulty-store.ts';
import { entryOf, registersOf, textsOf } from '../storage/saved-records.ts';
import { contactOf } from '../wire/fixture.ts';

const log = new DebugLog({ logger: undefined, debugLevel: 0, port: () => 0 });
let store: FaultyStore;
beforeEach(() => {
  store = new FaultyStore(new MemoryStorage());
});

function persistence(queueBytes = 1_048_576, over = store): Persistence {
  return new Persistence({
    store: over,
    terms: { k: 32, subnet: 'chord' },
    log,
    queueBytes,
    fault: () => {},
  });
}

const nothing = { handleSaved: () => {}, handleSaveFailed: () => {} };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it.each([
  ['is stored', undefined],
  ['fails too, as it does where the disk is full', 'ENOSPC: no space left on device'],
])('what was refused is not overwritten by what came before it, which %s', async (_how, failure) => {
  const disk = persistence(10_000);
  let deferred: (() => void)[] = [];
  const effects: Extract<Effect, { type: 'save' }>[] = [];
  const timers: (() => void)[] = [];
  const saver = new Saver(true, 10, {
    effect: (effect) => {
      if (effect.type === 'save') effects.push(effect);
    },
    defer: (action) => deferred.push(action),
    after: (_, action) => timers.push(action),
  });
  const drain = (): void => {
    const actions = deferred;
    deferred = [];
    for (const action of actions) action();
    for (const { token, records } of effects.splice(0)) disk.save(token, records);
  };
  await disk.open({
    handleSaved: (token) => (saver.handleSaved(token), drain()),
    handleSaveFailed: (token, message) => (saver.handleSaveFailed(token, message), drain()),
  });
  let open = (): void => {};
  store.hold = new Promise((resolve) => (open = resolve));
  const answers: string[] = [];
  const save = (value: string, version: number): void => {
    saver.save(entryOf('k', value, version));
    saver.whenSaved((saved) => answers.push(`${version} ${saved}`));
    drain();
  };
  const pad = 'x'.repeat(6_000);
  save(`one${pad}`, 1);
  await turn();
  save(`two${pad}`, 2);
  await turn();
  // More than 10,000 bytes would wait.
  save(`three${pad}`, 3);
  await turn();
  store.failure = failure;
  open();
  for (let i = 0; i < 20; i++) await turn();
  store.failure = undefined;
  for (const action of timers.splice(0)) action();
  drain();
  for (let i = 0; i < 20; i++) await turn();
  // Everything has been stored: the next that asks is told so.
  saver.whenSaved((saved) => answers.push(`all ${saved}`));
  expect(answers.at(-1)).toBe('all true');
  await disk.close();
  const [text] = textsOf((await persistence().open(nothing)).records);
  expect(text?.slice(0, 7)).toBe('k=three');
});

async function run(records: readonly SavedRecord[]): Promise<void> {
  const first = persistence();
  await first.open(nothing);
  first.save(1, records);
  await first.close();
}

it('a vote that is lost stays lost where the start that noticed it could not write it down', async () => {
  await run([entryOf('a', 'one'), registersOf(1, 2, 3)]);
  store.corrupt = (record) => (record.key[0] === 3 ? undefined : record);
  const write = store.writeIdentity.bind(store);
  store.writeIdentity = () => Promise.reject(new Error('ENOSPC: no space left on device'));
  await expect(persistence().open(nothing)).rejects.toMatchObject({ code: 'ERR_STORE' });
  // There is room again, and another process.
  store.corrupt = undefined;
  store.writeIdentity = write;
  // What was lost stays lost: the store below has no such record any more.
  store.corrupt = (record) => (record.key[0] === 3 ? undefined : record);
  const next = persistence();
  expect((await next.open(nothing)).birth).toBe(2);
});

it('who was the only voter once is not believed to be it by a store that has lost its end', async () => {
  // A store that forgets its last batch, and knows that it does.
  const inner = new MemoryStorage();
  const batches: (readonly StoreChange[])[] = [];
  let [replay, lost] = [Infinity, undefined as string | undefined];
  store = new FaultyStore(inner);
  const original = store.write.bind(store);
  store.write = async (changes) => {
    batches.push(changes);
    return original(changes);
  };
  store.load = async function* (): AsyncGenerator<StoredRecord, void, undefined> {
    if (replay === Infinity) {
      yield* inner.load();
      return;
    }
    const records = new Map<string, StoredRecord>();
    for (const change of batches.slice(0, replay).flat()) {
      const name = Buffer.from(change.key).toString('latin1');
      if (change.type === 'delete') records.delete(name);
      else records.set(name, change);
    }
    for (const [, record] of [...records].toSorted(([a], [b]) => (a < b ? -1 : 1))) yield record;
  };
  store.damage = () => lost;
  const first = persistence();
  await first.open(nothing);
  const self = contactOf(first.identity.publicKey, { salt: 1, incarnation: 1, host: 'a', port: 1 });
  const others = [2, 3].map((seed) =>
    contactOf(Uint8Array.of(2, seed), { salt: seed, incarnation: 1, host: 'a', port: seed }),
  );
  const of = (epoch: number, contacts: readonly (typeof self)[]): SavedRecord => {
    const members = contacts.map((contact) => ({ contact, birth: 1 }));
    const configuration = { lineage: 'l', epoch, members, ancestors: [] };
    const register = { configuration, promised: undefined, accepted: undefined, watermark: 0 };
    return { type: 'registers', registers: [{ arc: { from: 1, to: 1 }, register }], over: [] };
  };
  first.save(1, [of(1, [self])]);
  await turn();
  await turn();
  // Others have come, and a write was acknowledged with their majority.
  first.note(1, [{ host: 'a', port: 2 }]);
  first.save(2, [of(2, [self, ...others]), entryOf('a', 'acknowledged')]);
  await turn();
  await first.close();
  replay = batches.length - 1;
  lost = 'it has lost the last 1 of 3 batches that it stored';
  expect((await persistence().open(nothing)).birth).toBe(2);
});

it('a record that has changed is still noticed after a write that failed', async () => {
  const first = persistence();
  await first.open(nothing);
  first.save(1, [entryOf('a', 'acknowledged'), entryOf('b', 'other'), registersOf(1, 2, 3)]);
  await turn();
  await turn();
  // One record changes on the disk; then the disk is full for a moment.
  const flip = (record: StoredRecord): StoredRecord => {
    if (!isOf(record, 'acknowledged')) return record;
    const value = Uint8Array.from(record.value);
    value[value.length - 1]! ^= 1;
    return { ...record, value };
  };
  store.corrupt = flip;
  store.failure = 'ENOSPC: no space left on device';
  first.save(2, [entryOf('c', '1')]);
  await turn();
  await turn();
  store.failure = undefined;
  first.save(3, [entryOf('c', '2', 2)]);
  for (let i = 0; i < 10; i++) await turn();
  await first.close();
  const next = persistence();
  const { records, birth } = await next.open(nothing);
  const texts = textsOf(records);
  // Either it is there, or it is known that it is not.
  expect(texts.includes('a=acknowledged') || birth === 2, `${texts.join()} birth ${birth}`).toBe(true);
});

function isOf({ value }: StoredRecord, text: string): boolean {
  return Buffer.from(value).includes(text);
}
