// Operations: a write that is sent again, to an owner that may know of it already.
import { expect, it } from 'vitest';
import { VersionClock } from '../../src/core/entry.ts';
import type { Reply } from '../../src/core/message.ts';
import { Operations } from '../../src/core/operations.ts';
import { configurationOf, entryOf, SegmentScene } from '../support/segment-scene.ts';

const TEN = new TextEncoder().encode('10');

/** What is answered to an increment of `n` by one that was sent first a millisecond ago. */
function repeat({ driver, segment, store, history }: SegmentScene): Reply | undefined {
  const operations = new Operations(driver.engine, store, history);
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
  expect(replies.length).toBe(1);
  return replies[0];
}

it('finds what a repeated write has made also where a lost owner made something of it before', () => {
  const scene = new SegmentScene(configurationOf([0]));
  const { store, history } = scene;
  const made = { previous: '1', operation: 'repeated', value: TEN };
  history.add(210, entryOf('n', '3', made));
  // What nothing came after is heard of last.
  history.add(210, entryOf('n', '2', made));
  store.put(210, entryOf('n', '4', { previous: '3', operation: 'other', value: TEN }));
  expect(repeat(scene)).toMatchObject({ type: 'operated', result: { type: 'computed', version: '3' } });
  expect(store.versionOf('n')).toBe('4');
});

// A replaced owner went by a clock that is an hour behind ours: what it made a moment ago looks old.
const HOUR_AGO = 3_600_000;

function behindAnOldVersion(): SegmentScene {
  const scene = new SegmentScene(configurationOf([0]));
  const { engine } = scene.driver;
  engine.wallOffset = 1_700_000_000_000;
  const old = new VersionClock('m1');
  const before = old.next(engine.wall - HOUR_AGO, '');
  const after = old.next(engine.wall - HOUR_AGO, '');
  scene.store.put(210, entryOf('n', after, { previous: before, operation: 'other', value: TEN }));
  return scene;
}

it('carries a repeated write out where what came before the entry is older than the write', () => {
  expect(repeat(behindAnOldVersion())).toMatchObject({ type: 'operated', result: { type: 'computed' } });
});

it('does not guess by the clock what came before a forced epoch: the write may have been carried out', () => {
  const scene = behindAnOldVersion();
  scene.driver.engine.forcedAt = scene.driver.engine.now;
  expect(repeat(scene)).toMatchObject({ type: 'failed', code: 'ERR_TIMEOUT' });
  // What was sent first after that is not affected.
  scene.driver.advance(2 * scene.driver.engine.profile.requestMaxMs);
  expect(repeat(scene)).toMatchObject({ type: 'operated', result: { type: 'computed' } });
});
