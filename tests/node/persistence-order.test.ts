// What is on the disk in the end: after a queue that was too long, after a start that failed half way, after
// a log that was cut, and after a write that failed over a record that had changed.
import { beforeEach, expect, it } from 'vitest';
import type { Effect } from '../../src/core/effect.ts';
import { Saver } from '../../src/core/saver.ts';
import { DebugLog } from '../../src/node/debug-log.ts';
import { Persistence } from '../../src/node/persistence.ts';
import { MemoryStorage } from '../../src/storage/memory-storage.ts';
import { FaultyStore } from '../storage/faulty-store.ts';
import { entryOf, textsOf } from '../storage/saved-records.ts';

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

it('F: nor where what came before it fails', async () => {
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
  // What was held up fails, as it does where the disk is full; then there is room.
  store.failure = 'ENOSPC: no space left on device';
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
