// CallList: the calls and answers of a history in the order of time, as a linked list from which an operation
// can be lifted and put back in constant time. It owns that order; what operations mean it does not know.

/** The call, or the answer, of an operation. */
export class Call {
  readonly index: number;
  readonly isStart: boolean;
  /** Of a call, its answer; undefined for an operation without. */
  answer: Call | undefined;
  next: Call | undefined;
  previous: Call | undefined;

  constructor(index: number, isStart: boolean) {
    this.index = index;
    this.isStart = isStart;
  }
}

export interface Interval {
  readonly invokedAt: number;
  readonly completedAt: number | undefined;
}

export class CallList {
  /** Answers of operations that are not lifted. */
  answersLeft = 0;
  readonly #head = new Call(-1, true);

  /** Operations are named by their index. */
  constructor(intervals: readonly Interval[]) {
    const moments: { readonly at: number; readonly call: Call }[] = [];
    for (const [index, { invokedAt, completedAt }] of intervals.entries()) {
      const call = new Call(index, true);
      moments.push({ at: invokedAt, call });
      if (completedAt === undefined) continue;
      if (completedAt < invokedAt) throw new RangeError('an operation is answered before it is invoked');
      call.answer = new Call(index, false);
      this.answersLeft += 1;
      moments.push({ at: completedAt, call: call.answer });
    }
    // At equal times calls come first, so that what may have overlapped counts as concurrent.
    moments.sort((a, b) => a.at - b.at || Number(b.call.isStart) - Number(a.call.isStart));
    let last = this.#head;
    for (const { call } of moments) {
      last.next = call;
      call.previous = last;
      last = call;
    }
  }

  get first(): Call | undefined {
    return this.#head.next;
  }

  /** Takes a call and its answer out; they keep their places for `unlift`, which goes the other way round. */
  lift(call: Call): void {
    unlink(call);
    if (call.answer === undefined) return;
    unlink(call.answer);
    this.answersLeft -= 1;
  }

  unlift(call: Call): void {
    if (call.answer !== undefined) {
      link(call.answer);
      this.answersLeft += 1;
    }
    link(call);
  }
}

function unlink(call: Call): void {
  if (call.previous !== undefined) call.previous.next = call.next;
  if (call.next !== undefined) call.next.previous = call.previous;
}

function link(call: Call): void {
  if (call.previous !== undefined) call.previous.next = call;
  if (call.next !== undefined) call.next.previous = call;
}
