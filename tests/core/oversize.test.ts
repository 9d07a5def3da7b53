// Oversize: which writes an owner does not take for their size, and which it must not deny.
import { describe, expect, it } from 'vitest';
import { CORE_LIMITS } from '../../src/core/limits.ts';
import type { Operation, Reply } from '../../src/core/message.ts';
import { oversize } from '../../src/core/oversize.ts';
import { configurationOf, entryOf, SegmentScene } from '../support/segment-scene.ts';

const { keyBytes, valueBytes } = CORE_LIMITS;
const LONG_KEY = 'k'.repeat(keyBytes + 1);
const LARGE = new Uint8Array(valueBytes + 1);

function set(value: Uint8Array): Operation {
  return { type: 'set', value, ttlMs: 0, ifAbsent: false, ifVersion: '' };
}

interface Sent {
  readonly sinceMs?: number;
  readonly isServed?: boolean;
}

function answer(
  key: string,
  operation: Operation,
  { sinceMs = 0, isServed = true }: Sent = {},
  scene: SegmentScene = new SegmentScene(configurationOf([0])),
): Reply | undefined {
  const shared = { consistency: 'quorum', operationId: 'write', sinceMs, budgetMs: 1_000 } as const;
  const { driver, segment, store, history } = scene;
  const owner = { segmentAt: () => (isServed ? segment : undefined) };
  const parts = { engine: driver.engine, owner, store, history };
  return oversize({ type: 'operate', key, operation, ...shared }, parts);
}

describe('an owner', () => {
  it('takes what its limits allow', () => {
    expect(answer('k'.repeat(keyBytes), set(new Uint8Array(valueBytes)))).toBeUndefined();
  });

  it.each<readonly [string, Operation]>([
    ['a value', set(LARGE)],
    ['a delta', { type: 'merge', patch: LARGE }],
  ])('does not take %s that is too large', (_name, operation) => {
    expect(answer('a', operation)).toMatchObject({ type: 'failed', code: 'ERR_VALUE_TOO_LARGE' });
  });

  it.each<readonly [string, Operation]>([
    ['set', set(new Uint8Array(1))],
    ['incremented', { type: 'increment', by: 1 }],
    ['merged', { type: 'merge', patch: new Uint8Array(1) }],
  ])('does not take a key that is too large to be %s', (_name, operation) => {
    expect(answer(LONG_KEY, operation)).toMatchObject({ type: 'failed', code: 'ERR_KEY_TOO_LARGE' });
  });

  it.each<Operation>([{ type: 'get' }, { type: 'delete', ifVersion: '' }])(
    'lets any key be read and deleted: $type',
    (operation) => {
      expect(answer(LONG_KEY, operation)).toBeUndefined();
    },
  );

  it('does not deny what a former owner has stored, or stored and replaced, when it is sent again', () => {
    const stored = new SegmentScene(configurationOf([0]));
    stored.store.put(210, entryOf('n', '2', { operation: 'write', value: LARGE }));
    const replaced = new SegmentScene(configurationOf([0]));
    replaced.history.add(210, entryOf('n', '2', { operation: 'write', value: LARGE }));
    for (const scene of [stored, replaced]) {
      expect(answer('n', set(LARGE), { sinceMs: 1 }, scene)).toBeUndefined();
    }
    expect(answer('n', set(LARGE), { sinceMs: 1 })).toMatchObject({ code: 'ERR_VALUE_TOO_LARGE' });
  });

  it('that takes the arc over refuses what is new at once, the rest when it knows what was stored', () => {
    const first = answer('n', set(LARGE), { isServed: false });
    const again = answer('n', set(LARGE), { isServed: false, sinceMs: 1 });
    expect([first, again]).toMatchObject([{ code: 'ERR_VALUE_TOO_LARGE' }, { code: 'BUSY' }]);
  });
});
