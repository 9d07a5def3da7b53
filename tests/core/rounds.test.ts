// Rounds: what an owner asks of its copies: one request to each a turn, and who counts as having agreed.
import { describe, expect, it } from 'vitest';
import type { Base } from '../../src/core/configuration.ts';
import type { Entry } from '../../src/core/entry.ts';
import type { Arc } from '../../src/core/position.ts';
import { PROFILES } from '../../src/core/profile.ts';
import type { RoundWaiter } from '../../src/core/rounds.ts';
import { Rounds } from '../../src/core/rounds.ts';
import { EngineDriver } from '../support/engine-driver.ts';
import { memberAt } from '../support/members.ts';

const STORED = { type: 'replicated', outcome: 'stored' } as const;
const REFUSED = { type: 'replicated', outcome: 'refused' } as const;
const { requestMaxMs, retryMs, probeMinMs } = PROFILES.local;
/** Long enough for every time-out of a request. */
const LONG_MS = requestMaxMs * 10;
const BASE = { lineage: 'l', epoch: 7 };

interface SceneView {
  arc: Arc;
  base: Base;
  copies: number[];
  learners: number[];
}

class Scene {
  readonly driver: EngineDriver;
  readonly rounds: Rounds;
  readonly view: SceneView;
  readonly refused: string[] = [];
  readonly missed: string[] = [];
  /** 'name: outcome agreed/copies', in order. */
  readonly outcomes: string[] = [];

  constructor(copies: number[], pageBytes = 1_000, durable = false) {
    this.driver = new EngineDriver({ pageBytes }, durable);
    const view: SceneView = { arc: { from: 200, to: 0 }, base: BASE, copies, learners: [] };
    this.view = view;
    this.rounds = new Rounds(this.driver.engine, {
      arc: () => view.arc,
      base: () => view.base,
      copies: () => view.copies.map((position) => memberAt(position)),
      learners: () => view.learners.map((position) => memberAt(position)),
      refused: (id) => this.refused.push(id),
      missed: (id) => this.missed.push(id),
    });
  }

  add(name: string, change: Partial<RoundWaiter> = {}): void {
    this.rounds.add({
      position: 210,
      entry: undefined,
      need: 'quorum',
      deadline: this.driver.engine.now + LONG_MS,
      done: (outcome, { copies, agreed }) => this.outcomes.push(`${name}: ${outcome} ${agreed}/${copies}`),
      ...change,
    });
  }

  /** Adds a write, and ends the turn. */
  write(name: string): void {
    this.add(name, { entry: entryOf(name) });
    this.driver.poll();
  }
}

function entryOf(key: string, bytes = 10): Entry {
  return { key, value: new Uint8Array(bytes), version: '1', expiresAt: 0, operation: '', previous: '' };
}

describe('a round', () => {
  it('asks every copy once for all of a turn, with the arc, the configuration and the entries', () => {
    const scene = new Scene([10, 20]);
    scene.add('read');
    scene.add('write', { entry: entryOf('a') });
    expect(scene.driver.open).toEqual([]);
    scene.driver.poll();
    const asked = { type: 'replicate', arc: { from: 200, to: 0 }, base: BASE, entries: [entryOf('a')] };
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

  it('is cut into pages of limits.pageEntries, questions not counted: more do not fit a message', () => {
    const scene = new Scene([10], 1e9);
    const { pageEntries } = scene.driver.engine.limits;
    for (let i = 0; i < pageEntries * 2 + 1; i++) {
      scene.add(`w${i}`, { entry: entryOf(`w${i}`) });
      scene.add(`r${i}`);
    }
    scene.driver.poll();
    const sizes = scene.driver.openOf('replicate').map(({ body }) => body.entries.length);
    expect(sizes).toEqual([pageEntries, pageEntries, 1]);
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

  it('tells in the end who has said nothing, and not who has refused', () => {
    const scene = new Scene([10, 20]);
    const silent: string[][] = [];
    scene.add('write', {
      deadline: scene.driver.engine.now + 1,
      done: (_outcome, counts) => silent.push(counts.silent.map(({ id }) => id)),
    });
    scene.driver.poll();
    scene.driver.answer('m10', 'replicate', REFUSED);
    scene.driver.advance(LONG_MS);
    expect(silent).toEqual([['m20']]);
  });

  it('because it has promised the epoch away is told of, and the others decide', () => {
    const scene = new Scene([10, 20]);
    scene.write('a');
    scene.driver.answer('m10', 'replicate', REFUSED);
    expect([scene.refused, scene.missed, scene.outcomes]).toEqual([['m10'], [], []]);
    scene.driver.answer('m20', 'replicate', STORED);
    expect(scene.outcomes).toEqual(['a: agreed 2/3']);
  });

  it('does not count, however often the round is repeated at its epoch', () => {
    const scene = new Scene([10, 20]);
    scene.add('read', { deadline: scene.driver.engine.now + 3 * retryMs });
    scene.driver.poll();
    for (let i = 0; i < 4; i++) {
      scene.driver.answer('m10', 'replicate', REFUSED);
      scene.driver.answer('m20', 'replicate', REFUSED);
      scene.driver.advance(retryMs);
      if (scene.driver.open.length === 0) break;
    }
    expect(scene.outcomes).toEqual(['read: late 1/3']);
  });

  it('that answers with a failure counts as one that missed entries', () => {
    const scene = new Scene([10, 20]);
    scene.write('a');
    scene.driver.answer('m10', 'replicate', { type: 'failed', code: 'ERR_STORE', message: 'disk full' });
    expect([scene.refused, scene.missed, scene.outcomes]).toEqual([[], ['m10'], []]);
  });
});

describe('a learner', () => {
  it('is given what is written, with the others, and does not count', () => {
    const scene = new Scene([10, 20]);
    scene.view.learners = [30];
    scene.write('a');
    const { arc } = scene.view;
    const taught = { type: 'copy', arc, base: BASE, entries: [entryOf('a')], past: false };
    expect(scene.driver.openOf('copy').map(({ to, body }) => [to, body])).toEqual([['m30', taught]]);
    scene.driver.answer('m30', 'copy', { type: 'copied', stored: true });
    expect(scene.outcomes).toEqual([]);
    scene.driver.answer('m10', 'replicate', STORED);
    expect(scene.outcomes).toEqual(['a: agreed 2/3']);
    expect(scene.missed).toEqual([]);
  });

  it('is asked nothing for a read', () => {
    const scene = new Scene([10, 20]);
    scene.view.learners = [30];
    scene.add('read');
    scene.driver.poll();
    expect(scene.driver.openOf('copy')).toEqual([]);
  });

  it('that did not store has missed entries', () => {
    const scene = new Scene([10, 20]);
    scene.view.learners = [30, 40];
    scene.write('a');
    scene.driver.answer('m30', 'copy', { type: 'copied', stored: false });
    scene.driver.refuse('m40');
    expect(scene.missed).toEqual(['m30', 'm40']);
  });
});

describe('rounds that are held', () => {
  it('are idle at once where nothing is under way, and begin none', () => {
    const scene = new Scene([10, 20]);
    let idle = 0;
    scene.rounds.hold(() => (idle += 1));
    expect(idle).toBe(1);
    scene.write('a');
    expect(scene.driver.open).toEqual([]);
    expect(idle).toBe(1);
  });

  it('are idle once everybody has answered, learners too, and not before', () => {
    const scene = new Scene([10, 20]);
    scene.view.learners = [30];
    scene.write('a');
    let idle = 0;
    scene.rounds.hold(() => (idle += 1));
    scene.driver.answer('m10', 'replicate', STORED);
    scene.driver.answer('m20', 'replicate', STORED);
    expect([idle, scene.outcomes]).toEqual([0, ['a: agreed 2/3']]);
    scene.driver.answer('m30', 'copy', { type: 'copied', stored: true });
    expect(idle).toBe(1);
  });

  it('are idle only when a round that failed has no answers left to come', () => {
    const scene = new Scene([10, 20]);
    scene.write('a');
    let idle = 0;
    scene.rounds.hold(() => (idle += 1));
    scene.driver.refuse('m10');
    expect(idle).toBe(0);
    scene.driver.refuse('m20');
    expect([idle, scene.outcomes]).toEqual([1, []]);
  });

  it('go on with all that waited, at the epoch and with the copies of then', () => {
    const scene = new Scene([10, 20]);
    scene.write('a');
    scene.rounds.hold(() => {});
    scene.driver.refuse('m10');
    scene.driver.refuse('m20');
    scene.write('b');
    scene.driver.advance(retryMs);
    expect(scene.driver.open).toEqual([]);
    scene.view.base = { lineage: 'l', epoch: 8 };
    scene.view.copies = [30];
    scene.rounds.resume();
    scene.driver.poll();
    const asked = scene.driver.openOf('replicate');
    expect(asked.map(({ to, body }) => [to, body.base.epoch])).toEqual([['m30', 8]]);
    const keys = asked.flatMap(({ body }) => body.entries.map(({ key }) => key));
    expect(keys.toSorted()).toEqual(['a', 'b']);
    scene.driver.answer('m30', 'replicate', STORED);
    expect(scene.outcomes.toSorted()).toEqual(['a: agreed 2/2', 'b: agreed 2/2']);
  });
});

describe('a durable owner', () => {
  it('counts itself only when it has written the entries down', () => {
    const scene = new Scene([10, 20], 1_000, true);
    scene.driver.engine.saver.save({ type: 'forgotten', position: 1, key: 'a' });
    scene.write('a');
    scene.driver.answer('m10', 'replicate', STORED);
    scene.driver.answer('m20', 'replicate', STORED);
    expect(scene.outcomes).toEqual([]);
    scene.driver.saved(true);
    expect(scene.outcomes).toEqual(['a: agreed 3/3']);
  });

  it('answers unsaved where it could not, though the others have stored', () => {
    const scene = new Scene([10, 20], 1_000, true);
    scene.driver.engine.saver.save({ type: 'forgotten', position: 1, key: 'a' });
    scene.add('write', { entry: entryOf('a') });
    scene.add('read');
    scene.driver.poll();
    scene.driver.answer('m10', 'replicate', STORED);
    scene.driver.saved(false);
    expect(scene.outcomes[0]).toMatch(/^write: unsaved/);
    scene.driver.answer('m20', 'replicate', STORED);
    scene.driver.advance(probeMinMs + LONG_MS);
    expect(scene.outcomes).toHaveLength(2);
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
