// Bulk: large messages that wait for their turn on one connection. It owns their order, one after another,
// and how much of them is given to the stream at a time, so that whatever is sent meanwhile passes them by.
import type { ByteStream } from '../transport/transport.ts';
import { Parts } from '../wire/parts.ts';

/** Bytes given to the stream ahead of what may be sent next: two parts keep the host busy between turns. */
const AHEAD_BYTES = 131_072;

export class Bulk {
  readonly #stream: ByteStream;
  readonly #bytesMax: number;
  #waiting: Parts[] = [];
  #bytes = 0;

  /** `bytesMax` bounds what waits here; one message is always taken when none waits. */
  constructor(stream: ByteStream, bytesMax: number) {
    this.#stream = stream;
    this.#bytesMax = bytesMax;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Takes a frame that is not whole (`isWhole`); false where there is no room for it. */
  put(frame: Uint8Array): boolean {
    if (this.#bytes > 0 && this.#bytes + frame.length > this.#bytesMax) return false;
    const parts = new Parts(frame);
    this.#waiting.push(parts);
    this.#bytes += parts.rest;
    this.pump();
    return true;
  }

  /** Gives the stream as many parts as it has room for; to be called again when it has drained. */
  pump(): void {
    while (this.#stream.queuedBytes < AHEAD_BYTES) {
      const parts = this.#waiting[0];
      if (parts === undefined) return;
      const [header, part] = parts.next();
      this.#stream.send(header);
      this.#stream.send(part);
      this.#bytes -= part.length;
      if (parts.rest === 0) this.#waiting.shift();
    }
  }

  /** What waits is lost. */
  clear(): void {
    this.#waiting = [];
    this.#bytes = 0;
  }
}
