// Operations: a write that is sent again, to an owner that may know of it already.
import { expect, it } from 'vitest';
import type { Reply } from '../../src/core/message.ts';
import { Operations } from '../../src/core/operations.ts';
import { configurationOf, entryOf, SegmentScene } from '../support/segment-scene.ts';

const TEN = new TextEncoder().encode('10');

it('finds what a repeated write has made also where a lost owner made something of it before', () => {
  const { driver, segment, store, history } = new SegmentScene(configurationOf([0]));
  const operations = new Operations(driver.engine, store, history);
  const made = { previous: '1', operation: 'repeated', value: TEN };
  history.add(210, entryOf('n', '3', made));
  // What nothing came after is heard of last.
  history.add(210, entryOf('n', '2', made));
  store.put(210, entryOf('n', '4', { previous: '3', operation: 'other', value: TEN }));
  const replies: Reply[] = [];
  operations.handle({
    request: {
      type: 'operate',
      key: 'n',
      operation: { type: 'increment', by: 1 },
      consistency: 'quorum',
      operationId: 'repeated',
      sinceMs: 1,
      budgetMs: 1_000,
    },
    position: 210,
    segment,
    deadline: driver.engine.now + 1_000,
    arc: segment.arc,
    respond: (reply) => replies.push(reply),
  });
  driver.poll();
  driver.advance(1);
  expect(replies).toMatchObject([{ type: 'operated', result: { type: 'computed', version: '3' } }]);
  expect(store.versionOf('n')).toBe('4');
});
