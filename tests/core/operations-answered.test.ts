// When the owner of a key may answer a write: at `one` once it is on its own disk, and after a forced epoch
// once the entry is a version of the lineage that acknowledges it.
import { expect, it } from 'vitest';
import type { Configuration } from '../../src/core/configuration.ts';
import { type Entry, isNewer } from '../../src/core/entry.ts';
import { recording } from '../../src/core/history.ts';
import type { Reply } from '../../src/core/message.ts';
import { Operations } from '../../src/core/operations.ts';
import { MemoryStore } from '../../src/core/store.ts';
import { configurationOf, SegmentScene } from '../support/segment-scene.ts';
import { memberAt } from '../support/members.ts';

const TIMEOUT_MS = 2_000;

class Scene extends SegmentScene {
  readonly replies: Reply[] = [];
  readonly memory: MemoryStore;
  readonly #operations: Operations;

  constructor(configuration: Configuration, durable: boolean) {
    super(configuration, durable);
    this.memory = new MemoryStore(recording(this.history, this.driver.engine.saver));
    this.#operations = new Operations(this.driver.engine, this.memory, this.history);
  }

  set(
    value: string,
    rest: { consistency?: 'one' | 'quorum'; operationId?: string; sinceMs?: number } = {},
  ): void {
    const { consistency = 'quorum', operationId = value, sinceMs = 0 } = rest;
    const operation = {
      type: 'set',
      value: new TextEncoder().encode(value),
      ttlMs: 0,
      ifAbsent: false,
      ifVersion: '',
    } as const;
    this.#operations.handle({
      request: {
        type: 'operate',
        key: 'n',
        operation,
        consistency,
        operationId,
        sinceMs,
        budgetMs: TIMEOUT_MS,
      },
      position: 210,
      segment: this.segment,
      deadline: this.driver.engine.now + TIMEOUT_MS,
      arc: this.segment.arc,
      respond: (reply) => this.replies.push(reply),
    });
    this.driver.poll();
  }

  /** The entry that the member is asked to store, once it is asked; it does. */
  stores(by: string): Entry | undefined {
    for (let i = 0; i < 5_000; i++) {
      const open = this.driver
        .openOf('replicate')
        .find(({ to, body }) => to === by && body.entries.length > 0);
      if (open !== undefined) {
        this.driver.answer(by, 'replicate', { type: 'replicated', outcome: 'stored' });
        return open.body.entries[0];
      }
      this.driver.advance(1);
    }
    return undefined;
  }
}

it('answers a write at one once its own disk has it, and waits for no copy', () => {
  const scene = new Scene(configurationOf([0, 1, 2]), true);
  scene.set('v', { consistency: 'one' });
  expect(scene.replies).toEqual([]);
  scene.driver.saved(true);
  expect(scene.replies).toMatchObject([{ type: 'operated', result: { type: 'stored' } }]);
});

it('fails a write at one that its own disk does not take', () => {
  const scene = new Scene(configurationOf([0, 1, 2]), true);
  scene.set('v', { consistency: 'one' });
  scene.driver.saved(false);
  expect(scene.replies).toMatchObject([{ type: 'failed', code: 'ERR_STORE' }]);
});

const FORCED: Configuration = {
  lineage: 'forced!',
  epoch: 2,
  members: [0, 3].map((position) => ({ contact: memberAt(position), birth: 1 })),
  ancestors: [{ lineage: 'lineage', epoch: 1 }],
};

it('acknowledges what was begun before a forced epoch as a version of that', () => {
  const scene = new Scene(configurationOf([0, 1, 2]), false);
  scene.set('v');
  const [made] = scene.driver.openOf('replicate')[0]?.body.entries ?? [];
  // Both copies are gone: the owner goes on with another one. Beside it, the former lineage may go on too.
  scene.segment.update(FORCED, 0);
  for (const gone of ['m1', 'm2']) scene.driver.refuse(gone);
  const first = scene.stores('m3');
  expect(first?.version).toBe(made?.version);
  expect(scene.replies).toEqual([]);
  const second = scene.stores('m3');
  expect(scene.replies).toMatchObject([
    { type: 'operated', result: { type: 'stored', version: second?.version } },
  ]);
  // A write of the same moment that the other side acknowledges at its next epoch.
  const other = `${made?.version.slice(0, -1)}2`;
  expect([isNewer(first!.version, other), isNewer(second!.version, other)]).toEqual([false, true]);
});

it('does so too where the write is sent again, and not for a message that comes twice', () => {
  const scene = new Scene(configurationOf([0, 1, 2]), false);
  scene.set('v', { operationId: 'a' });
  const made = scene.stores('m1');
  expect(scene.replies).toHaveLength(1);
  scene.segment.update(FORCED, 0);
  scene.set('v', { operationId: 'a' });
  scene.stores('m3');
  expect(scene.replies[1]).toMatchObject({ result: { type: 'stored', version: made?.version } });
  scene.set('v', { operationId: 'a', sinceMs: 1 });
  scene.stores('m3');
  const again = scene.stores('m3');
  expect(isNewer(again!.version, made!.version)).toBe(true);
  expect(scene.replies[2]).toMatchObject({ result: { type: 'stored', version: again?.version } });
});
