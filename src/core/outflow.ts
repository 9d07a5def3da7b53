// Outflow: requests that carry users' messages, in order for each destination, and only so many under way
// at once: a slow node must not make its connection's queue overflow. It owns what waits, and its bound.
import type { Destination } from './effect.ts';
import type { Answer, Engine } from './engine.ts';
import type { Request } from './message.ts';

interface Waiting {
  readonly to: Destination;
  readonly bytes: number;
  /** Made when it is sent: how old a message is changes while it waits. */
  readonly request: () => Request;
  readonly done: (answer: Answer) => void;
}

interface Queue {
  readonly waiting: Waiting[];
  calls: number;
  bytes: number;
}

/** Under way to one destination: enough for a fast link to stay busy, far below limits.queueBytes. */
const CALLS_MAX = 64;
const BYTES_MAX = 1_048_576;

export class Outflow {
  readonly #engine: Engine;
  readonly #queues = new Map<string, Queue>();
  #bytes = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Whether as much waits as may wait. */
  get isFull(): boolean {
    return this.#bytes >= this.#engine.limits.messageWindowBytes;
  }

  /** `done` is called once: with the answer, or with the failure of a request before it. */
  call(to: Destination, bytes: number, request: () => Request, done: (answer: Answer) => void): void {
    const id = idOf(to);
    const queue = this.#queues.get(id) ?? { waiting: [], calls: 0, bytes: 0 };
    this.#queues.set(id, queue);
    this.#bytes += bytes;
    queue.waiting.push({ to, bytes, request, done });
    this.#advance(id, queue);
  }

  #advance(id: string, queue: Queue): void {
    while (queue.calls === 0 || (queue.calls < CALLS_MAX && queue.bytes < BYTES_MAX)) {
      const next = queue.waiting.shift();
      if (next === undefined) break;
      queue.calls += 1;
      queue.bytes += next.bytes;
      const { requestMaxMs } = this.#engine.profile;
      this.#engine.call(
        next.to,
        next.request(),
        (answer) => this.#answered(queue, next, answer),
        requestMaxMs,
      );
    }
    if (queue.calls === 0) this.#queues.delete(id);
  }

  #answered(queue: Queue, sent: Waiting, answer: Answer): void {
    queue.calls -= 1;
    queue.bytes -= sent.bytes;
    this.#bytes -= sent.bytes;
    // What waits behind a failure would only fail later.
    const failed = answer.type === 'reply' ? [] : queue.waiting.splice(0);
    for (const { bytes } of failed) this.#bytes -= bytes;
    for (const { done } of [sent, ...failed]) done(answer);
    this.#advance(idOf(sent.to), queue);
  }
}

function idOf(to: Destination): string {
  return typeof to === 'string' ? to : to.id;
}
