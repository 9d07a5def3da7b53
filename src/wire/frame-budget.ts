// FrameBudget: how much of large messages that are still arriving a node holds, on all its connections
// together. It owns the count only: who takes how much, and what becomes of a message that finds no room, is
// frame.ts's.

export class FrameBudget {
  /** What each connection may hold of a message without asking. */
  readonly ownBytes: number;
  readonly #sharedBytes: number;
  #taken = 0;

  /** `sharedBytes` bounds what all connections together hold above that. */
  constructor(ownBytes: number, sharedBytes: number) {
    this.ownBytes = ownBytes;
    this.#sharedBytes = sharedBytes;
  }

  /** Bytes that are taken. */
  get taken(): number {
    return this.#taken;
  }

  /** False, and nothing is taken, where there is no room for so much. */
  take(bytes: number): boolean {
    if (this.#taken + bytes > this.#sharedBytes) return false;
    this.#taken += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#taken -= bytes;
  }
}
