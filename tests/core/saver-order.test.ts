// A batch that is refused while one before it is still being written, which then fails too.
import { expect, it } from 'vitest';
import type { Effect } from '../../src/core/effect.ts';
import type { SavedRecord } from '../../src/core/saved.ts';
import { Saver } from '../../src/core/saver.ts';
import { entryOf } from '../storage/saved-records.ts';

type Save = Extract<Effect, { type: 'save' }>;

function scene() {
  const effects: Save[] = [];
  const deferred: (() => void)[] = [];
  const timers: (() => void)[] = [];
  const saver = new Saver(true, 10, {
    effect: (effect) => void effects.push(effect as Save),
    defer: (action) => deferred.push(action),
    after: (_, action) => timers.push(action),
  });
  return {
    saver,
    effects,
    save: (record: SavedRecord): Save => {
      saver.save(record);
      for (const action of deferred.splice(0)) action();
      return effects.at(-1) as Save;
    },
    wake: () => timers.splice(0).forEach((action) => action()),
  };
}

it('of a key, what is written last is the newest: the first fails after the second was refused', () => {
  const { saver, save, effects, wake } = scene();
  const first = save(entryOf('k', 'one', 1));
  const second = save(entryOf('k', 'two', 2));
  // The queue of the disk is full; and then it fails what it was writing.
  saver.handleSaveFailed(second.token, 'too much waits');
  saver.handleSaveFailed(first.token, 'disk full');
  effects.length = 0;
  wake();
  const last = effects[0]!.records.at(-1);
  expect(last).toEqual(entryOf('k', 'two', 2));
  saver.handleSaved(effects[0]!.token);
  const told: boolean[] = [];
  saver.whenSaved((saved) => told.push(saved));
  expect(told).toEqual([true]);
});

it('the same, where the one in between was stored behind the failure', () => {
  const { saver, save, effects, wake } = scene();
  const first = save(entryOf('a', 'x', 1));
  const second = save(entryOf('k', 'one', 2));
  const third = save(entryOf('k', 'two', 3));
  saver.handleSaveFailed(third.token, 'too much waits');
  saver.handleSaveFailed(first.token, 'disk full');
  saver.handleSaved(second.token);
  effects.length = 0;
  wake();
  expect(effects[0]!.records.at(-1)).toEqual(entryOf('k', 'two', 3));
});
