// A member holds what was never in force, newer than what is. It is told to forget that, and given what is in
// force in the same message: two messages would leave it with neither in between, and one alone for good.
import { expect, it } from 'vitest';
import type { Entry } from '../../src/core/entry.ts';
import { eraOf } from '../../src/core/entry.ts';
import { Exchange } from '../../src/core/exchange.ts';
import { History } from '../../src/core/history.ts';
import type { CoreLimits } from '../../src/core/limits.ts';
import type { Reply } from '../../src/core/message.ts';
import { MemoryStore } from '../../src/core/store.ts';
import { EngineDriver } from '../support/engine-driver.ts';
import { memberAt } from '../support/members.ts';
import { configurationOf, entryOf, exchangeParts } from '../support/segment-scene.ts';

const ARC = { from: 0, to: 0 };
const KEYS = ['a', 'b', 'c', 'd', 'e'];

/** Keys, of which the member forgets what was left behind and takes what is in force. */
interface Page {
  readonly forgets: string[];
  readonly takes: string[];
  readonly isRight: boolean;
}

class Scene {
  readonly driver: EngineDriver;
  readonly store = new MemoryStore();
  readonly history = new History(100);
  readonly pages: Page[] = [];
  readonly exchange: Exchange;

  constructor(limits: Partial<CoreLimits>) {
    this.driver = new EngineDriver(limits);
    const { engine } = this.driver;
    for (const key of KEYS) this.store.put(engine.positionOf(key), made(key, 1));
    // What is deleted has nothing to be replaced by.
    this.store.remove('e');
    const rest = { base: configurationOf([0, 1]), watermark: 0, trusted: false, knownTo: 1, done: () => {} };
    const parts = exchangeParts(this, memberAt(1), ARC);
    this.exchange = new Exchange({ ...parts, ...rest, pull: false, push: true });
    this.driver.poll();
    const theirs = new MemoryStore();
    for (const key of KEYS) theirs.put(engine.positionOf(key), made(key, 2));
    const past = this.history.summary(ARC);
    this.#answer('summarise', { type: 'summary', birth: 1, clock: '', parts: [theirs.summary(ARC)], past });
    const items = [...theirs.walk(ARC)].map(({ entry: { key, version } }) => ({ key, version }));
    this.#answer('digest', { type: 'digest-is', items, more: false });
  }

  /** The member does as it is told, as often as it is. */
  obey(): void {
    for (let [sent] = this.driver.openOf('void'); sent; [sent] = this.driver.openOf('void')) {
      const { items, entries } = sent.body;
      const isStray = items.every(({ key, version }) => version === made(key, 2).version);
      const isInForce = entries.every(({ key, version }) => version === made(key, 1).version);
      const [forgets, takes] = [items.map(({ key }) => key), entries.map(({ key }) => key)];
      this.pages.push({ forgets, takes, isRight: isStray && isInForce });
      this.#answer('void', { type: 'voided' });
    }
  }

  #answer(type: 'summarise' | 'digest' | 'void', reply: Reply): void {
    this.driver.answer('m1', type, reply);
  }
}

/** All of the first epoch; `at` is the time. */
function made(key: string, at: number): Entry {
  const clock = at.toString(16).padStart(12, '0').padEnd(16, '0');
  return entryOf(key, `${clock}aaaaaa${eraOf('lineage', 1)}`);
}

it('gives what is in force with the word to forget', () => {
  const scene = new Scene({});
  scene.obey();
  const pages = scene.pages.map(({ forgets, takes, isRight }) => ({
    forgets: forgets.toSorted(),
    takes: takes.toSorted(),
    isRight,
  }));
  expect(pages).toEqual([{ forgets: KEYS, takes: ['a', 'b', 'c', 'd'], isRight: true }]);
  expect(scene.exchange.finished).toBe(true);
});

it.each([{ pageEntries: 1 }, { pageBytes: 1 }, { pageEntries: 2 }])('does so in pages: %o', (limits) => {
  const scene = new Scene(limits);
  scene.obey();
  const most = limits.pageEntries ?? 1;
  expect(scene.pages).toHaveLength(Math.ceil(KEYS.length / most));
  expect(scene.pages.flatMap(({ forgets }) => forgets).toSorted()).toEqual(KEYS);
  for (const { forgets, takes, isRight } of scene.pages) {
    expect(isRight).toBe(true);
    expect(forgets.length).toBeLessThanOrEqual(most);
    expect(takes).toEqual(forgets.filter((key) => key !== 'e'));
  }
  expect(scene.exchange.finished).toBe(true);
});

it('asks again where the member could not store it', () => {
  const scene = new Scene({});
  scene.driver.answer('m1', 'void', { type: 'failed', code: 'ERR_LIMIT', message: 'the store is full' });
  expect(scene.exchange.finished).toBe(false);
  scene.driver.advance(3 * scene.driver.engine.profile.retryMs);
  scene.obey();
  expect(scene.pages).toHaveLength(1);
  expect(scene.exchange.finished).toBe(true);
});
