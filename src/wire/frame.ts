// Frames: where one message ends and the next begins in a stream of bytes. It owns the header (4 bytes,
// big-endian: the length of the payload, and two flags for the parts of a large message) and the memory of a
// frame, and of a message, that has not arrived whole; what a payload means is the codec's.
import { HEADER_BYTES, WireError } from './bytes.ts';
import type { FrameBudget } from './frame-budget.ts';
import { LAST_FLAG, PART_BYTES, PART_FLAG } from './parts.ts';

/** Room for a frame whose header has not arrived whole. */
const FIRST_BYTES = 64;

const NOTHING = new Uint8Array(0);

/** What bounds large messages on all connections together. */
export interface SharedBudget {
  readonly budget: FrameBudget;
  /** A message of so many bytes arrived and found no room: it is lost, and what comes behind it is not. */
  readonly leftOut: (bytes: number) => void;
}

/**
 * Cuts chunks into payloads. A frame that lies in one chunk is a view of it; one that spans chunks is put
 * together in memory of its own, which is at most twice what has arrived of it, whatever its header says.
 * Each byte is copied a bounded number of times, however small the chunks are. Of large messages, which come
 * in parts, there is one at a time; one that finds no room in the budget is passed over.
 */
export class FrameReader {
  readonly #frameLimit: number;
  readonly #shared: SharedBudget | undefined;
  /** What was pushed and not yet looked at. */
  readonly #chunks: Uint8Array[] = [];
  #chunk: Uint8Array = NOTHING;
  #at = 0;
  /** The beginning of a frame that spans chunks, header included, in the first `#filled` bytes. */
  #partial: Uint8Array = NOTHING;
  #filled = 0;
  /** Of the frame that was looked at last. */
  #header = 0;
  /** The parts of a large message so far, and their bytes; of one that is passed over only these. */
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #isLeftOut = false;
  /** Of the shared budget. */
  #taken = 0;

  /** `frameLimit` is the largest payload in bytes, that of a message in parts included. */
  constructor(frameLimit: number, shared?: SharedBudget) {
    this.#frameLimit = frameLimit;
    this.#shared = shared;
  }

  /** Takes the chunk over: it must not change any more. Call next() until undefined before pushing again. */
  push(chunk: Uint8Array): void {
    // A plain view, because the methods of a subclass such as Node's Buffer may differ.
    this.#chunks.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
  }

  /** The next frame's payload, once all of it is here. From a wrong length on it throws WireError only. */
  next(): Uint8Array | undefined {
    for (;;) {
      const frame = this.#filled > 0 ? this.#complete() : this.#cut();
      const payload = frame !== undefined && this.#header >= PART_FLAG ? this.#join(frame) : frame;
      if (payload !== undefined) return payload;
      // A part: the next frame may lie in the same chunk.
      if (frame !== undefined) continue;
      const chunk = this.#chunks.shift();
      if (chunk === undefined) return undefined;
      this.#chunk = chunk;
      this.#at = 0;
    }
  }

  /** Whether part of a frame or message is waiting for its rest, once next() has answered undefined. */
  get isWithinFrame(): boolean {
    return this.#filled > 0 || this.#partBytes > 0;
  }

  /** Nothing more is read: what is held is let go. */
  clear(): void {
    this.#forget();
    this.#partBytes = 0;
    this.#partial = NOTHING;
    this.#filled = 0;
  }

  /** The whole message, with its last part. */
  #join(part: Uint8Array): Uint8Array | undefined {
    this.#partBytes += part.length;
    if (!this.#isLeftOut && !this.#hasRoom()) {
      this.#isLeftOut = true;
      this.#forget();
    }
    if (!this.#isLeftOut) this.#parts.push(part);
    if (this.#header % PART_FLAG < LAST_FLAG) return undefined;
    const [parts, bytes, isLeftOut] = [this.#parts, this.#partBytes, this.#isLeftOut];
    this.#forget();
    this.#partBytes = 0;
    this.#isLeftOut = false;
    if (!isLeftOut) return joined(parts, bytes);
    this.#shared?.leftOut(bytes);
    return undefined;
  }

  /** Whether the message may be held as far as it has come. */
  #hasRoom(): boolean {
    if (this.#shared === undefined) return true;
    const { budget } = this.#shared;
    const more = Math.max(0, this.#partBytes - budget.ownBytes) - this.#taken;
    if (!budget.take(more)) return false;
    this.#taken += more;
    return true;
  }

  #forget(): void {
    this.#parts = [];
    this.#shared?.budget.giveBack(this.#taken);
    this.#taken = 0;
  }

  /** A frame that lies in the chunk; else the chunk's rest, if any, begins a partial frame. */
  #cut(): Uint8Array | undefined {
    const rest = this.#chunk.length - this.#at;
    if (rest >= HEADER_BYTES) {
      const start = this.#at + HEADER_BYTES;
      const length = this.#lengthAt(this.#chunk, this.#at);
      if (rest >= HEADER_BYTES + length) {
        this.#at = start + length;
        return this.#chunk.subarray(start, this.#at);
      }
    }
    if (rest > 0) this.#take(rest, FIRST_BYTES);
    else this.#chunk = NOTHING;
    return undefined;
  }

  /** Moves bytes from the chunk to the partial frame; its payload if that completes it. */
  #complete(): Uint8Array | undefined {
    if (this.#filled < HEADER_BYTES) this.#take(HEADER_BYTES - this.#filled, FIRST_BYTES);
    if (this.#filled < HEADER_BYTES) return undefined;
    const size = HEADER_BYTES + this.#lengthAt(this.#partial, 0);
    this.#take(size - this.#filled, size);
    if (this.#filled < size) return undefined;
    const payload = this.#partial.subarray(HEADER_BYTES, size);
    this.#partial = NOTHING;
    this.#filled = 0;
    return payload;
  }

  /** Appends up to `count` bytes of the chunk to the partial frame, which in the end needs `room` bytes. */
  #take(count: number, room: number): void {
    const taken = this.#chunk.subarray(this.#at, this.#at + count);
    const filled = this.#filled + taken.length;
    if (filled > this.#partial.length) {
      const grown = new Uint8Array(Math.max(filled, Math.min(2 * filled, room), FIRST_BYTES));
      grown.set(this.#partial.subarray(0, this.#filled));
      this.#partial = grown;
    }
    this.#partial.set(taken, this.#filled);
    this.#filled = filled;
    this.#at += taken.length;
    // Nothing of a chunk is kept alive once all of it has been taken.
    if (this.#at === this.#chunk.length) {
      this.#chunk = NOTHING;
      this.#at = 0;
    }
  }

  #lengthAt(bytes: Uint8Array, at: number): number {
    const a = bytes[at] ?? 0;
    const b = bytes[at + 1] ?? 0;
    const c = bytes[at + 2] ?? 0;
    const d = bytes[at + 3] ?? 0;
    this.#header = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
    const isPart = this.#header >= PART_FLAG;
    const length = isPart ? this.#header % LAST_FLAG : this.#header;
    if (length === 0) throw new WireError('an empty frame', 0);
    if (isPart) {
      this.#checkPart(length);
    } else if (length > Math.min(PART_BYTES, this.#frameLimit)) {
      const likely = guessProtocol(a, b, c, d);
      const guess = likely === undefined ? '' : `; the bytes look like ${likely}`;
      const most = Math.min(PART_BYTES, this.#frameLimit);
      throw new WireError(`a frame of ${length} bytes, at most ${most} allowed${guess}`, 0);
    }
    return length;
  }

  #checkPart(length: number): void {
    const isLast = this.#header % PART_FLAG >= LAST_FLAG;
    const isCut = isLast ? length <= PART_BYTES && this.#partBytes > 0 : length === PART_BYTES;
    if (!isCut) throw new WireError(`a part of ${length} bytes where ${PART_BYTES} are due`, 0);
    const total = this.#partBytes + length;
    if (total <= this.#frameLimit) return;
    throw new WireError(`a message of ${total} bytes or more, at most ${this.#frameLimit} allowed`, 0);
  }
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** What a stranger speaks whose first bytes are no frame of ours. */
function guessProtocol(a: number, b: number, c: number, d: number): string | undefined {
  // A TLS record: handshake or alert, version 3.x.
  if ((a === 0x16 || a === 0x15) && b === 0x03) return 'TLS';
  const text = String.fromCharCode(a, b, c, d);
  if (/^(GET |POST|PUT |HEAD|DELE|OPTI|PATC|CONN|HTTP|PRI )$/.test(text)) return 'HTTP';
  return /^[\x20-\x7e\r\n]{4}$/.test(text) ? 'text' : undefined;
}
