// Timers: what the machine wants to do later, ordered by time in a binary heap. It owns no clock: the
// engine says what time it is. Timers that fall due together run in the order they were set.

import { itemAt } from './ordered.ts';

/**
 * A class and not a literal, because it lives for longer than a turn: V8 watches where literals survive, and
 * after a few hundred of them would allocate all in the old space, where what they point to lives on until
 * the next full collection.
 */
export class Timer {
  readonly at: number;
  readonly order: number;
  /** Undefined once it has run or was cancelled. */
  action: (() => void) | undefined;

  constructor(at: number, order: number, action: () => void) {
    this.at = at;
    this.order = order;
    this.action = action;
  }
}

/** So many cancelled timers may sleep in any heap; more would be most of what a machine at rest holds. */
const CANCELLED_FEW = 8;

export class Timers {
  #heap: Timer[] = [];
  #order = 0;
  #cancelled = 0;

  /** Those that will run. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  set(at: number, action: () => void): Timer {
    const timer = new Timer(at, this.#order++, action);
    this.#up(timer);
    return timer;
  }

  cancel(timer: Timer | undefined): void {
    if (timer === undefined || timer.action === undefined) return;
    timer.action = undefined;
    this.#cancelled += 1;
    // Cancelled timers sleep in the heap until their time; when they are the greater part, it is rebuilt
    // without them.
    if (this.#cancelled > CANCELLED_FEW && this.#cancelled * 2 > this.#heap.length) this.#rebuild();
  }

  /** When the next timer is due; Infinity when none is set. */
  next(): number {
    this.#dropCancelled();
    return this.#heap[0]?.at ?? Infinity;
  }

  /** Takes out the next timer that is due, to be run by the caller. */
  due(now: number): (() => void) | undefined {
    this.#dropCancelled();
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.#pop();
    const action = first.action;
    first.action = undefined;
    return action;
  }

  #dropCancelled(): void {
    while (this.#heap[0] !== undefined && this.#heap[0].action === undefined) {
      this.#pop();
      this.#cancelled -= 1;
    }
  }

  #rebuild(): void {
    this.#heap = this.#heap.filter((timer) => timer.action !== undefined);
    this.#cancelled = 0;
    // Each part of the heap is in order once those below it are.
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#down(i, itemAt(this.#heap, i));
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) this.#down(0, last);
  }

  /** The timer goes down from a place: children that come before it move up, then it takes their place. */
  #down(from: number, timer: Timer): void {
    const heap = this.#heap;
    let i = from;
    for (let child = 2 * i + 1; child < heap.length; child = 2 * i + 1) {
      const right = child + 1;
      if (right < heap.length && isBefore(itemAt(heap, right), itemAt(heap, child))) child = right;
      const least = itemAt(heap, child);
      if (!isBefore(least, timer)) break;
      heap[i] = least;
      i = child;
    }
    heap[i] = timer;
  }

  /** Puts the timer at the end of the heap where it belongs. */
  #up(timer: Timer): void {
    const heap = this.#heap;
    let i = heap.length;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = itemAt(heap, parent);
      if (!isBefore(timer, above)) break;
      heap[i] = above;
      i = parent;
    }
    heap[i] = timer;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
