// What operations keep, and what is done for a write whose arc is gone.
import { expect, it } from 'vitest';
import type { Reply } from '../../src/core/message.ts';
import { recording } from '../../src/core/history.ts';
import { Operations } from '../../src/core/operations.ts';
import { MemoryStore } from '../../src/core/store.ts';
import { configurationOf, entryOf, SegmentScene } from '../support/segment-scene.ts';

it('forgets of a key that it may be unsettled when nothing of the key is held any more', () => {
  const { driver, history } = new SegmentScene(configurationOf([0]));
  const store = new MemoryStore(recording(history, driver.engine.saver));
  const operations = new Operations(driver.engine, store, history);
  history.onRemoved = (key) => operations.removed(key);
  // An arc is taken over from another holder, goes to the next one, and nobody asks for its keys again.
  for (let i = 0; i < 1_000; i++) {
    store.put(210, entryOf(`k${i}`, '1'));
    operations.took(`k${i}`);
    store.remove(`k${i}`);
  }
  // Seen from outside: the name of the key is still there.
  let kept = 0;
  for (let i = 0; i < 1_000; i++) {
    store.put(210, entryOf(`k${i}`, '2'));
    if (operations.unsettledOf(`k${i}`) !== undefined) kept += 1;
  }
  expect(kept).toBe(0);
});

it('stores nothing for writes that waited when the arc went to another member', () => {
  const { driver, segment, store, history } = new SegmentScene(configurationOf([0, 1, 2]));
  const operations = new Operations(driver.engine, store, history);
  const replies: Reply[] = [];
  for (const name of ['first', 'second', 'third']) {
    operations.handle({
      request: {
        type: 'operate',
        key: 'n',
        operation: { type: 'increment', by: 1 },
        consistency: 'quorum',
        operationId: name,
        sinceMs: 0,
        budgetMs: 1_000,
      },
      position: 210,
      segment,
      deadline: driver.engine.now + 1_000,
      arc: segment.arc,
      respond: (reply) => replies.push(reply),
    });
  }
  driver.poll();
  expect(new TextDecoder().decode(store.get('n')?.value)).toBe('1');
  segment.close();
  expect(replies).toHaveLength(3);
  expect(new TextDecoder().decode(store.get('n')?.value)).toBe('1');
});

it('does not carry a write out that was answered by a conflict, at consistency one', () => {
  const { driver, segment, store, history } = new SegmentScene(configurationOf([0]));
  const operations = new Operations(driver.engine, store, history);
  const replies: Reply[] = [];
  const ask = (operationId: string, operation: object): void => {
    operations.handle({
      request: {
        type: 'operate',
        key: 'n',
        operation,
        consistency: 'one',
        operationId,
        sinceMs: 0,
        budgetMs: 1_000,
      } as never,
      position: 210,
      segment,
      deadline: driver.engine.now + 1_000,
      arc: segment.arc,
      respond: (reply) => replies.push(reply),
    });
    driver.poll();
  };
  const set = { type: 'set', value: new Uint8Array([1]), ttlMs: 0, ifAbsent: true, ifVersion: '' };
  ask('a', set);
  ask('b', set);
  ask('c', { type: 'delete', ifVersion: '' });
  // The network repeats the request of b, which was told of a conflict.
  ask('b', set);
  expect(replies.map((reply) => (reply as { result: { type: string } }).result.type)).toEqual([
    'stored',
    'conflict',
    'deleted',
    'conflict',
  ]);
});
