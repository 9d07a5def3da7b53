// Rounds: what an owner asks of its copies: one request to each a turn, and who counts as having agreed.
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/core/entry.ts';
import type { Arc } from '../../src/core/position.ts';
import { PROFILES } from '../../src/core/profile.ts';
import type { RoundWaiter } from '../../src/core/rounds.ts';
import { Rounds } from '../../src/core/rounds.ts';
import { EngineDriver } from '../support/engine-driver.ts';
import { memberAt } from '../support/members.ts';

const STORED = { type: 'replicated', stored: true } as const;
const REFUSED = { type: 'replicated', stored: false } as const;
const { requestMaxMs, retryMs } = PROFILES.local;
/** Long enough for every time-out of a request. */
const LONG_MS = requestMaxMs * 10;

class Scene {
  readonly driver: EngineDriver;
  readonly rounds: Rounds;
  readonly view: { arc: Arc; epoch: number; copies: number[] };
  lost = 0;
  readonly missed: string[] = [];
  /** 'name: outcome agreed/copies', in order. */
  readonly outcomes: string[] = [];

  constructor(copies: number[], pageBytes = 1_000) {
    this.driver = new EngineDriver({ pageBytes });
    const view = { arc: { from: 200, to: 0 }, epoch: 7, copies };
    this.view = view;
    this.rounds = new Rounds(this.driver.engine, {
      get arc() {
        return view.arc;
      },
      get epoch() {
        return view.epoch;
      },
      copies: () => view.copies.map((position) => memberAt(position)),
      lost: () => (this.lost += 1),
      missed: (id) => this.missed.push(id),
    });
  }

  add(name: string, change: Partial<RoundWaiter> = {}): void {
    this.rounds.add({
      position: 210,
      entry: undefined,
      need: 'quorum',
      deadline: this.driver.engine.now + LONG_MS,
      done: (outcome, copies, agreed) => this.outcomes.push(`${name}: ${outcome} ${agreed}/${copies}`),
      ...change,
    });
  }
}

function entryOf(key: string, bytes = 10): Entry {
  return { key, value: new Uint8Array(bytes), version: '1', expiresAt: 0, operation: '' };
}

describe('a round', () => {
  it('asks every copy once for all that arrived in one turn, with the arc, the epoch and the entries', () => {
    const scene = new Scene([10, 20]);
    scene.add('read');
    scene.add('write', { entry: entryOf('a') });
    expect(scene.driver.open).toEqual([]);
    scene.driver.poll();
    const asked = { type: 'replicate', arc: { from: 200, to: 0 }, epoch: 7, entries: [entryOf('a')] };
    expect(scene.driver.open.map(({ to, body }) => [to, body])).toEqual([
      ['m10', asked],
      ['m20', asked],
    ]);
  });

  it('agrees as soon as a majority has stored, the owner counted', () => {
    const scene = new Scene([10, 20]);
    scene.add('write', { entry: entryOf('a') });
    scene.driver.poll();
    expect(scene.outcomes).toEqual([]);
    scene.driver.answer('m20', 'replicate', STORED);
    expect(scene.outcomes).toEqual(['write: agreed 2/3']);
    scene.driver.answer('m10', 'replicate', STORED);
    expect(scene.outcomes).toHaveLength(1);
  });

  it('waits for every copy where all are asked for', () => {
    const scene = new Scene([10, 20]);
    scene.add('write', { need: 'all' });
    scene.driver.poll();
    scene.driver.answer('m20', 'replicate', STORED);
    expect(scene.outcomes).toEqual([]);
    scene.driver.answer('m10', 'replicate', STORED);
    expect(scene.outcomes).toEqual(['write: agreed 3/3']);
  });

  it('agrees at once where there are no copies', () => {
    const scene = new Scene([]);
    scene.add('write', { need: 'all' });
    scene.driver.poll();
    expect(scene.outcomes).toEqual(['write: agreed 1/1']);
  });

  it.each([
    [1, 1],
    [2, 1],
    [3, 2],
    [4, 2],
  ])('with %i copies needs %i of them', (copies, needed) => {
    const scene = new Scene(Array.from({ length: copies }, (_, i) => i + 1));
    scene.add('read');
    scene.driver.poll();
    for (let i = 1; i < needed; i++) scene.driver.answer(`m${i}`, 'replicate', STORED);
    expect(scene.outcomes).toEqual([]);
    scene.driver.answer(`m${needed}`, 'replicate', STORED);
    expect(scene.outcomes).toHaveLength(1);
  });

  it('is cut into pages of limits.pageBytes', () => {
    const scene = new Scene([10], 25);
    for (const key of ['a', 'b', 'c', 'd', 'e']) scene.add(key, { entry: entryOf(key) });
    scene.add('large', { entry: entryOf('f', 100) });
    scene.driver.poll();
    const pages = scene.driver.openOf('replicate').map(({ body }) => body.entries.map(({ key }) => key));
    expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e'], ['f']]);
  });
});

describe('a copy that does not store', () => {
  it('is told of as having missed entries, but not for a question', () => {
    const scene = new Scene([10, 20]);
    scene.add('read');
    scene.driver.poll();
    scene.driver.refuse('m10');
    expect(scene.missed).toEqual([]);
    scene.driver.answer('m20', 'replicate', STORED);
    scene.add('write', { entry: entryOf('a') });
    scene.driver.poll();
    scene.driver.refuse('m10');
    expect(scene.missed).toEqual(['m10']);
  });

  it('is told of also where the others have agreed before', () => {
    const scene = new Scene([10, 20]);
    scene.add('write', { entry: entryOf('a') });
    scene.driver.poll();
    scene.driver.answer('m10', 'replicate', STORED);
    scene.driver.advance(LONG_MS);
    expect(scene.missed).toEqual(['m20']);
  });

  it('has the round repeated with the copies of then, until enough agree', () => {
    const scene = new Scene([10, 20]);
    scene.add('write', { entry: entryOf('a') });
    scene.driver.poll();
    scene.driver.refuse('m10');
    scene.driver.refuse('m20');
    expect(scene.outcomes).toEqual([]);
    scene.view.copies = [20, 30];
    scene.driver.advance(retryMs);
    scene.driver.answer('m30', 'replicate', STORED);
    expect(scene.outcomes).toEqual(['write: agreed 2/3']);
  });

  it('ends the wait at the deadline, with how many have agreed', () => {
    const scene = new Scene([10, 20, 30, 40]);
    scene.add('write', { deadline: scene.driver.engine.now + 3 * requestMaxMs });
    scene.driver.poll();
    scene.driver.answer('m10', 'replicate', STORED);
    scene.view.copies = [20, 30];
    scene.driver.advance(LONG_MS);
    expect(scene.outcomes).toEqual(['write: late 1/3']);
  });

  it('because another owner has a higher epoch loses the arc, whatever the others say', () => {
    const scene = new Scene([10, 20]);
    scene.add('write', { entry: entryOf('a') });
    scene.driver.poll();
    scene.driver.answer('m10', 'replicate', REFUSED);
    expect([scene.lost, scene.outcomes]).toEqual([1, []]);
  });
});

describe('an arc that has been narrowed while a round ran', () => {
  it('asks again for what is still in it, and says that the rest is lost', () => {
    const scene = new Scene([10, 20]);
    scene.add('kept', { position: 250 });
    scene.add('gone', { position: 210 });
    scene.driver.poll();
    scene.view.arc = { from: 220, to: 0 };
    scene.driver.answer('m10', 'replicate', REFUSED);
    expect([scene.lost, scene.outcomes]).toEqual([0, ['gone: lost 0/0']]);
    scene.driver.answer('m10', 'replicate', STORED);
    expect(scene.outcomes).toEqual(['gone: lost 0/0', 'kept: agreed 2/3']);
  });
});

describe('rounds that are closed', () => {
  it('tell everybody who waits that the arc is lost, once', () => {
    const scene = new Scene([10, 20]);
    scene.add('asked');
    scene.driver.poll();
    scene.add('waiting');
    scene.rounds.close();
    scene.rounds.close();
    scene.add('late');
    scene.driver.advance(LONG_MS);
    expect(scene.outcomes.toSorted()).toEqual(['asked: lost 0/0', 'late: lost 0/0', 'waiting: lost 0/0']);
    expect(scene.missed).toEqual([]);
  });
});
