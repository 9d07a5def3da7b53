// Outbox: frames that wait for a connection to be made. It owns the bound on them; whoever makes the
// connection takes them out.

export class Outbox {
  readonly #bytesMax: number;
  /** By the id of the node that they are for. */
  readonly #queues = new Map<string, Uint8Array[]>();
  readonly #bytes = new Map<string, number>();

  /** `bytesMax` is for each destination; how many there are is bounded by the attempts under way. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  has(id: string): boolean {
    return this.#queues.has(id);
  }

  /** False when there is no room; the first frame always finds some. */
  put(id: string, frame: Uint8Array): boolean {
    const bytes = this.#bytes.get(id) ?? 0;
    if (bytes > 0 && bytes + frame.length > this.#bytesMax) return false;
    const queue = this.#queues.get(id);
    if (queue === undefined) this.#queues.set(id, [frame]);
    else queue.push(frame);
    this.#bytes.set(id, bytes + frame.length);
    return true;
  }

  /** In the order in which they were put. */
  take(id: string): readonly Uint8Array[] {
    const queue = this.#queues.get(id) ?? [];
    this.#queues.delete(id);
    this.#bytes.delete(id);
    return queue;
  }
}
