// WriteQueue: group commit. Batches that come while one is being written wait, and go together as the next
// one, so that they share its wait for the disk. It owns their order; who writes, and how, is given.
import type { StoreChange } from './store.ts';

interface Waiting {
  readonly changes: readonly StoreChange[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A group takes no more after so many bytes: one that is huge would hold up those behind it for long. */
const GROUP_BYTES = 4 * 1_048_576;

export class WriteQueue {
  readonly #commit: (changes: readonly StoreChange[]) => Promise<void>;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  /** `commit` applies a group as one; its calls never overlap. */
  constructor(commit: (changes: readonly StoreChange[]) => Promise<void>) {
    this.#commit = commit;
  }

  /** Resolves or rejects with the group that the batch went with. */
  add(changes: readonly StoreChange[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves once nothing waits and nothing is being written. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // What else is added in this turn goes with the first.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#take();
      try {
        await this.#commit(group.flatMap(({ changes }) => changes));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#running = undefined;
  }

  #take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { changes } of this.#waiting) {
      if (count > 0 && bytes >= GROUP_BYTES) break;
      for (const change of changes) bytes += change.type === 'put' ? change.value.length : 0;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}
