// What a member whose disk takes nothing keeps for later grows with every write, not with what it holds.
import { expect, it } from 'vitest';
import { History, recording } from '../../src/core/history.ts';
import { Saver } from '../../src/core/saver.ts';
import type { Effect } from '../../src/core/effect.ts';
import { MemoryStore } from '../../src/core/store.ts';
import { entryOf } from '../support/segment-scene.ts';

it('keeps what a record replaces no longer than the record', () => {
  const sent: Effect[] = [];
  let deferred: (() => void)[] = [];
  const timers: (() => void)[] = [];
  const saver = new Saver(true, 100, {
    effect: (effect) => sent.push(effect),
    defer: (action) => deferred.push(action),
    after: (_, action) => timers.push(action),
  });
  const store = new MemoryStore(recording(new History(100), saver));
  for (let i = 0; i < 5_000; i++) {
    // What replicate does at a copy: it is stored in memory, and written down with all that failed before.
    store.put(7, entryOf('one key', String(i).padStart(8, '0')));
    const actions = deferred;
    deferred = [];
    for (const action of actions) action();
    const last = sent.at(-1);
    if (last?.type === 'save') saver.handleSaveFailed(last.token, 'disk full');
  }
  expect(store.size).toBe(1);
  const last = sent.at(-1);
  expect(last?.type === 'save' ? last.records.length : 0).toBeLessThan(10);
});
