// A store that takes no more until the node starts again: whoever runs the node is told so.
import { expect, it } from 'vitest';
import { DebugLog } from '../../src/node/debug-log.ts';
import { Persistence } from '../../src/node/persistence.ts';
import { MemoryStorage } from '../../src/storage/memory-storage.ts';
import { FaultyStore } from '../storage/faulty-store.ts';
import { entryOf, registersOf } from '../storage/saved-records.ts';

const log = new DebugLog({ logger: undefined, debugLevel: 0, port: () => 0 });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('is told why nothing is written any more, although the disk was full before', async () => {
  const store = new FaultyStore(new MemoryStorage());
  const faults: string[] = [];
  const failures: string[] = [];
  const node = new Persistence({
    store,
    terms: { k: 32, subnet: 'chord' },
    log,
    queueBytes: 1e6,
    fault: (error) => faults.push(error.message),
  });
  await node.open({ handleSaved: () => {}, handleSaveFailed: (_, message) => failures.push(message) });
  node.save(1, [entryOf('a', 'acknowledged'), entryOf('b', 'other'), registersOf(1, 2, 3)]);
  for (let i = 0; i < 5; i++) await turn();
  let gone = 0;
  store.corrupt = (record) =>
    Buffer.from(record.value).includes('acknowledged') && ++gone ? undefined : record;
  store.failure = 'ENOSPC: no space left on device';
  node.save(2, [entryOf('c', '1')]);
  for (let i = 0; i < 5; i++) await turn();
  store.failure = undefined;
  for (const token of [3, 4]) {
    node.save(token, [entryOf('c', '2', 2)]);
    for (let i = 0; i < 10; i++) await turn();
  }
  expect(failures.at(-1)).toContain('starts again');
  expect(faults.join('; ')).toContain('starts again');
});
