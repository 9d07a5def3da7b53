// A start that noticed damage and could not write may be tried again (Persistence.open says so).
import { expect, it } from 'vitest';
import { DebugLog } from '../../src/node/debug-log.ts';
import { Persistence } from '../../src/node/persistence.ts';
import { MemoryStorage } from '../../src/storage/memory-storage.ts';
import { FaultyStore } from '../storage/faulty-store.ts';
import { entryOf, registersOf } from '../storage/saved-records.ts';

const log = new DebugLog({ logger: undefined, debugLevel: 0, port: () => 0 });
const nothing = { handleSaved: () => {}, handleSaveFailed: () => {} };

it('is tried again by the same socket once there is room', async () => {
  const store = new FaultyStore(new MemoryStorage());
  const make = (): Persistence =>
    new Persistence({ store, terms: { k: 32, subnet: 'chord' }, log, queueBytes: 1e6, fault: () => {} });
  const first = make();
  await first.open(nothing);
  first.save(1, [entryOf('a', 'one'), registersOf(1, 2, 3)]);
  await first.close();
  store.corrupt = (record) => (record.key[0] === 3 ? undefined : record);
  store.failure = 'ENOSPC: no space left on device';
  const next = make();
  await expect(next.open(nothing)).rejects.toMatchObject({ code: 'ERR_STORE' });
  store.failure = undefined;
  expect((await next.open(nothing)).birth).toBe(2);
});
