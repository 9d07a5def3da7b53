// Parts: how a message that is larger than a part travels, so that others can go between its parts. It owns
// the two flags of a header and the cutting; putting together is the frame reader's.
import { HEADER_BYTES } from './bytes.ts';

/**
 * Payloads above this travel in parts of exactly this size, the last one excepted: at 100 Mbit/s one holds up
 * a heartbeat for 5 ms, and the header of each adds nothing.
 */
export const PART_BYTES = 65_536;

/** The top bits of a header: it is a part, and the last one of its message. */
export const PART_FLAG: number = 2 ** 31;
export const LAST_FLAG: number = 2 ** 30;

/** Whether a frame, header included, may go as it is. */
export function isWhole(frame: Uint8Array): boolean {
  return frame.length <= HEADER_BYTES + PART_BYTES;
}

/** The parts of a large frame, one after another; each is a header and a view of the frame. */
export class Parts {
  readonly #frame: Uint8Array;
  #at = HEADER_BYTES;

  /** `frame` has its header, as the writer made it. */
  constructor(frame: Uint8Array) {
    this.#frame = frame;
  }

  /** Bytes that are left. */
  get rest(): number {
    return this.#frame.length - this.#at;
  }

  /** Only while some are left. */
  next(): readonly [header: Uint8Array, part: Uint8Array] {
    const part = this.#frame.subarray(this.#at, this.#at + PART_BYTES);
    this.#at += part.length;
    const flags = PART_FLAG + (this.rest === 0 ? LAST_FLAG : 0);
    const header = new Uint8Array(HEADER_BYTES);
    new DataView(header.buffer).setUint32(0, flags + part.length);
    return [header, part];
  }
}
