// Timers against a sorted array: the same ones run, in the same order, whatever is set and cancelled between.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Timer } from '../../src/core/timers.ts';
import { Timers } from '../../src/core/timers.ts';

interface Planned {
  readonly at: number;
  readonly order: number;
}

/** What is set and not cancelled, earliest first; of those at one time, the first one set. */
class SortedTimers {
  planned: Planned[] = [];

  set(at: number, order: number): void {
    this.planned.push({ at, order });
    this.planned.sort((a, b) => a.at - b.at || a.order - b.order);
  }

  cancel(order: number): void {
    this.planned = this.planned.filter((timer) => timer.order !== order);
  }

  runDue(now: number): number[] {
    const due = this.planned.filter((timer) => timer.at <= now);
    this.planned = this.planned.filter((timer) => timer.at > now);
    return due.map((timer) => timer.order);
  }
}

type Step = { readonly type: 'set' | 'cancel' | 'run'; readonly value: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('set'), value: fc.nat(50) }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('cancel'), value: fc.nat(500) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('run'), value: fc.nat(20) }) },
);

function compareWithModel(steps: readonly Step[]): void {
  const timers = new Timers();
  const model = new SortedTimers();
  const set: Timer[] = [];
  const ran: number[] = [];
  let now = 0;
  for (const { type, value } of steps) {
    if (type === 'set') {
      const order = set.length;
      set.push(timers.set(now + value, () => ran.push(order)));
      model.set(now + value, order);
    } else if (type === 'cancel') {
      const order = set.length === 0 ? 0 : value % set.length;
      timers.cancel(set[order]);
      model.cancel(order);
    } else {
      now += value;
      ran.length = 0;
      for (let action = timers.due(now); action !== undefined; action = timers.due(now)) action();
      expect(ran).toEqual(model.runDue(now));
    }
    expect(timers.next()).toBe(model.planned[0]?.at ?? Infinity);
  }
}

describe('Timers', () => {
  it('behave as a sorted array does', () => {
    const property = fc.property(fc.array(step, { maxLength: 400, size: 'max' }), compareWithModel);
    fc.assert(property, { seed: 20_261_122, numRuns: 150 });
  });

  it('keep the order of the rest when most are cancelled and the heap is rebuilt', () => {
    const timers = new Timers();
    const ran: number[] = [];
    const set = Array.from({ length: 1_000 }, (_, i) => timers.set((i * 7_919) % 1_000, () => ran.push(i)));
    for (const [i, timer] of set.entries()) if (i % 10 !== 0) timers.cancel(timer);
    for (let action = timers.due(1_000); action !== undefined; action = timers.due(1_000)) action();
    const kept = Array.from({ length: 100 }, (_, i) => i * 10);
    expect(ran).toEqual(kept.toSorted((a, b) => ((a * 7_919) % 1_000) - ((b * 7_919) % 1_000)));
  });

  it('say that nothing is due before its time, and nothing at all when none is set', () => {
    const timers = new Timers();
    expect(timers.next()).toBe(Infinity);
    timers.set(10, () => {});
    expect(timers.due(9.999)).toBeUndefined();
    expect(timers.due(10)).toBeDefined();
    expect(timers.next()).toBe(Infinity);
  });

  it('run a timer that is set while others run, if it is due already', () => {
    const timers = new Timers();
    const ran: string[] = [];
    timers.set(1, () => {
      ran.push('first');
      timers.set(1, () => ran.push('third'));
    });
    timers.set(1, () => ran.push('second'));
    for (let action = timers.due(1); action !== undefined; action = timers.due(1)) action();
    expect(ran).toEqual(['first', 'second', 'third']);
  });

  it('take the cancelling of a timer that has run, of one twice, and of none, for nothing', () => {
    const timers = new Timers();
    const first = timers.set(1, () => {});
    const second = timers.set(2, () => {});
    timers.due(1)?.();
    timers.cancel(first);
    timers.cancel(undefined);
    expect(timers.next()).toBe(2);
    timers.cancel(second);
    timers.cancel(second);
    expect(timers.next()).toBe(Infinity);
  });
});
