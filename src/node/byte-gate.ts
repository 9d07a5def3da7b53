// ByteGate: how many bytes of large values this node has under way at once. It owns the waiting, and its end;
// what is under way is its callers' to say. Values above a part wait for each other here, so that a user who
// starts thousands of writes at once holds the memory of a few.
import { PART_BYTES } from '../wire/parts.ts';
import { type Call, Deadline } from './call-options.ts';
import { ChordError } from './errors.ts';

interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

export class ByteGate {
  readonly #bytesMax: number;
  #bytes = 0;
  #waiting: Waiting[] = [];

  /** One value is always let in when none is under way. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /**
   * Runs it once there is room, in the order of the calls, with the time that is left; small ones run at
   * once. Rejects with ERR_TIMEOUT, or the signal's reason, where the wait takes too long.
   */
  pass<T>(bytes: number, call: Call, run: (call: Call) => Promise<T>): Promise<T> {
    return bytes <= PART_BYTES ? run(call) : this.#passLarge(bytes, call, run);
  }

  async #passLarge<T>(bytes: number, call: Call, run: (call: Call) => Promise<T>): Promise<T> {
    const deadline = new Deadline(call);
    if (this.#waiting.length > 0 || !this.#hasRoom(bytes)) await this.#wait(bytes, call);
    else this.#bytes += bytes;
    try {
      return await run(deadline.next('storing the value'));
    } finally {
      this.#bytes -= bytes;
      this.#admit();
    }
  }

  #wait(bytes: number, { timeoutMs, signal }: Call): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
      };
      const enter = (): void => {
        leave();
        this.#bytes += bytes;
        resolve();
      };
      const abort = (): void => {
        leave();
        reject(signal?.reason as Error);
      };
      const late = (): void => {
        leave();
        const message = `the values before this one were not stored within ${timeoutMs} ms`;
        reject(new ChordError('ERR_TIMEOUT', message));
      };
      const timer = setTimeout(late, timeoutMs);
      const waiting: Waiting = { bytes, enter };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.push(waiting);
    });
  }

  #hasRoom(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#bytesMax;
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#hasRoom(next.bytes)) return;
      next.enter();
    }
  }
}
