// A write that is sent again waits behind others of its key. Its age counts from when it was sent first to
// its turn, not to its arrival: what it may have made before may be forgotten by then.
import { expect, it } from 'vitest';
import { History, recording } from '../../src/core/history.ts';
import type { Reply } from '../../src/core/message.ts';
import { Operations } from '../../src/core/operations.ts';
import { MemoryStore } from '../../src/core/store.ts';
import { configurationOf, SegmentScene } from '../support/segment-scene.ts';

const BUDGET_MS = 60_000;

class Scene extends SegmentScene {
  readonly replies: Reply[] = [];
  readonly #past: History;
  readonly #operations: Operations;

  /** So many replaced entries are remembered. */
  constructor(remembered: number) {
    super(configurationOf([0, 1]));
    const { engine } = this.driver;
    this.#past = new History(remembered);
    this.#operations = new Operations(
      engine,
      new MemoryStore(recording(this.#past, engine.saver)),
      this.#past,
    );
  }

  increment(operationId: string, sinceMs = 0): void {
    this.#operations.handle({
      request: {
        type: 'operate',
        key: 'n',
        operation: { type: 'increment', by: 1 },
        consistency: 'quorum',
        operationId,
        sinceMs,
        budgetMs: BUDGET_MS,
      },
      position: 210,
      segment: this.segment,
      deadline: this.driver.engine.now + BUDGET_MS,
      arc: this.segment.arc,
      respond: (reply) => this.replies.push(reply),
    });
    this.driver.poll();
  }

  /** The copy stores what it is asked to. */
  answer(): void {
    while (this.driver.openOf('replicate').length > 0) {
      this.driver.answer('m1', 'replicate', { type: 'replicated', outcome: 'stored' });
    }
  }
}

/** One is carried out, others follow, and it comes again behind one that takes long; its answer. */
function repeatedLate(remembered: number): Reply | undefined {
  const scene = new Scene(remembered);
  const { driver } = scene;
  for (const id of ['first', 'second', 'third']) {
    scene.increment(id);
    scene.answer();
    driver.advance(10);
  }
  scene.increment('slow');
  scene.increment('first', 40);
  expect(scene.replies).toHaveLength(3);
  driver.advance(driver.engine.profile.requestMaxMs * 3);
  scene.answer();
  scene.answer();
  expect(scene.replies).toHaveLength(5);
  return scene.replies[4];
}

it('is not carried out twice where it waited longer than is remembered', () => {
  expect(repeatedLate(1)).toMatchObject({ type: 'failed', code: 'ERR_TIMEOUT' });
});

it('is answered as the first time where what it made is remembered', () => {
  expect(repeatedLate(100)).toMatchObject({
    type: 'operated',
    result: { type: 'computed', value: new TextEncoder().encode('1') },
  });
});
