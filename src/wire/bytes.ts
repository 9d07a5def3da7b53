// Bytes: the forms of single values on the wire. Writer puts them into one frame, with the 4-byte length in
// front; Reader takes them out of one payload. What a message consists of is in the codec files; where a
// frame ends, in frame.ts. Each value has one form only (shortest number, 0 or 1 for a boolean, well-formed
// UTF-8), so that a payload which can be read is exactly what its message is written as. The writer enforces
// every limit that the reader does: a fault of ours then fails here, and not at every peer.
import { latin1 } from '../core/bytes.ts';
import type { Key } from '../core/entry.ts';

/** Bytes that are no message of this protocol, or a message that may not become bytes. */
export class WireError extends Error {
  override readonly name = 'WireError';
  /** Where it was noticed: bytes from the start of the payload; for a wrong header, 0. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(`${message} (at byte ${offset})`);
    this.offset = offset;
  }
}

/** Bytes of a frame's header: the length of its payload, big-endian. */
export const HEADER_BYTES = 4;

/**
 * Small frames are carved out of a shared block, because a typed array of its own costs ten times as much as
 * a view. Node's own pool has this size too: small enough that a frame which waits in a queue keeps little
 * else alive.
 */
const BLOCK_BYTES = 8_192;

/** From here on TypedArray.set beats a loop. */
const LONG_COPY_BYTES = 24;

/** From here on TextDecoder beats String.fromCharCode. */
const LONG_TEXT_BYTES = 40;

const ENCODER = new TextEncoder();
// A byte order mark is a character like any other; without ignoreBOM the decoder would drop it.
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Use: begin(), any number of values, finish(). After an error it is used again by calling begin(). */
export class Writer {
  readonly #frameLimit: number;
  #bytes = new Uint8Array(BLOCK_BYTES);
  /** Where the frame being written begins; what lies before it has been handed out. */
  #start = 0;
  #at = 0;
  /** Items of the lists so far. */
  #listed = 0;

  /** `frameLimit` is the largest payload in bytes. */
  constructor(frameLimit: number) {
    this.#frameLimit = frameLimit;
  }

  begin(): void {
    this.#at = this.#start;
    this.#listed = 0;
    this.#reserve(HEADER_BYTES);
    this.#at += HEADER_BYTES;
  }

  /** The whole frame, header included. It stays as it is: later frames lie elsewhere. */
  finish(): Uint8Array {
    const start = this.#start;
    const length = this.#at - start - HEADER_BYTES;
    if (length > this.#frameLimit) throw this.#sizeError(length);
    const bytes = this.#bytes;
    bytes[start] = length >>> 24;
    bytes[start + 1] = length >>> 16;
    bytes[start + 2] = length >>> 8;
    bytes[start + 3] = length;
    const frame = bytes.subarray(start, this.#at);
    this.#start = this.#at;
    // A block that had to grow belongs to its one frame.
    if (bytes.length > BLOCK_BYTES) this.#renew(BLOCK_BYTES, 0);
    return frame;
  }

  /** Bytes of the frame so far, its header included. */
  get written(): number {
    return this.#at - this.#start;
  }

  /** An integer in [0, 255]. */
  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  bool(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  /** An integer in [0, max]: 1 to 8 bytes of seven bits, lowest first; the top bit says that more follow. */
  varint(value: number, max: number = Number.MAX_SAFE_INTEGER): void {
    if (!Number.isSafeInteger(value) || value < 0 || value > max) {
      throw this.error(`${value} is no integer in [0, ${max}]`);
    }
    this.#reserve(8);
    const bytes = this.#bytes;
    let rest = value;
    // Bit operations hold 31 bits. Division is exact above that; four bytes at once, because it costs most.
    while (rest > 0x7fff_ffff) {
      const high = Math.floor(rest / 2 ** 28);
      const low = rest - high * 2 ** 28;
      for (let shift = 0; shift < 28; shift += 7) bytes[this.#at++] = ((low >>> shift) & 0x7f) | 0x80;
      rest = high;
    }
    while (rest > 0x7f) {
      bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[this.#at++] = rest;
  }

  /** The length of a list; `total` bounds the items of all lists of a frame. */
  items(count: number, limit: number, total: number): void {
    this.length(count, limit);
    this.#listed += count;
    if (this.#listed > total) throw this.error(`lists of ${this.#listed} items, at most ${total} allowed`);
  }

  /** The length of a list, or of bytes that follow. */
  length(length: number, limit: number): void {
    if (length > limit) throw this.error(`a length of ${length}, at most ${limit} allowed`);
    this.varint(length);
  }

  /** Exactly `length` bytes, with nothing in front. */
  fixed(value: Uint8Array, length: number): void {
    if (value.length !== length) throw this.error(`${value.length} bytes where ${length} are due`);
    this.#copy(value);
  }

  /** The length, then the bytes. */
  bytes(value: Uint8Array, limit: number): void {
    this.length(value.length, limit);
    this.#copy(value);
  }

  /** The length in bytes, then UTF-8. A lone surrogate becomes U+FFFD. */
  text(value: string, limit: number): void {
    // Counted from the frame's start, because the frame moves when its block grows.
    const before = this.#at - this.#start;
    this.length(value.length, limit);
    if (this.#units(value, 0x7f)) return;
    this.#at = this.#start + before;
    this.bytes(ENCODER.encode(value), limit);
  }

  /** As text(), but what exceeds the limit is cut off: for sentences that are only shown to people. */
  sentence(value: string, limit: number): void {
    // A character takes at most three bytes a UTF-16 unit, and encodeInto never writes half of one.
    if (value.length * 3 <= limit) return this.text(value, limit);
    const cut = new Uint8Array(limit);
    const { written } = ENCODER.encodeInto(value, cut);
    this.bytes(cut.subarray(0, written), limit);
  }

  /** The length, then one byte a character; each character is below 256. */
  byteString(value: Key, limit: number): void {
    this.length(value.length, limit);
    if (!this.#units(value, 0xff)) throw this.error('a byte string with a character above 255');
  }

  /** For callers that find a value to be wrong. */
  error(message: string): WireError {
    return new WireError(message, Math.max(0, this.#at - this.#start - HEADER_BYTES));
  }

  /** Writes one byte a UTF-16 unit; false, and nothing is kept, as soon as one is above `max`. */
  #units(value: string, max: number): boolean {
    const { length } = value;
    this.#reserve(length);
    const bytes = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > max) return false;
      bytes[at + i] = unit;
    }
    this.#at = at + length;
    return true;
  }

  #copy(value: Uint8Array): void {
    const { length } = value;
    this.#reserve(length);
    if (length >= LONG_COPY_BYTES) {
      this.#bytes.set(value, this.#at);
    } else {
      for (let i = 0; i < length; i++) this.#bytes[this.#at + i] = value[i] ?? 0;
    }
    this.#at += length;
  }

  #reserve(count: number): void {
    if (this.#at + count > this.#bytes.length) this.#grow(count);
  }

  /** Moves the unfinished frame to a larger block, at least doubling, so that all moves stay linear. */
  #grow(count: number): void {
    const used = this.#at - this.#start;
    // Eight bytes more may be reserved than are written at last.
    if (used + count > this.#frameLimit + HEADER_BYTES + 8) throw this.#sizeError(used + count);
    const size = Math.max(2 * used, used + count + 256);
    this.#renew(Math.max(size, BLOCK_BYTES), used);
  }

  #renew(size: number, used: number): void {
    const bytes = new Uint8Array(size);
    bytes.set(this.#bytes.subarray(this.#start, this.#start + used));
    this.#bytes = bytes;
    this.#start = 0;
    this.#at = used;
  }

  #sizeError(length: number): WireError {
    return this.error(`a frame of ${length} bytes, at most ${this.#frameLimit} allowed`);
  }
}

/** Memory for small copies that do not live for long: many share a block, for the reason of BLOCK_BYTES. */
export class Carver {
  #block = new Uint8Array(0);
  #used = 0;

  /** A copy that keeps a whole block alive, or one of its own where it is a greater part of that. */
  copy(view: Uint8Array): Uint8Array {
    const { length } = view;
    if (length * 8 > BLOCK_BYTES) return copyOf(view);
    if (this.#used + length > this.#block.length) {
      this.#block = new Uint8Array(BLOCK_BYTES);
      this.#used = 0;
    }
    const copy = this.#block.subarray(this.#used, this.#used + length);
    copy.set(view);
    this.#used += length;
    return copy;
  }
}

/** Takes values out of one payload, in order; done() at the end. Every method throws WireError. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #carver: Carver | undefined;
  #at = 0;
  /** Items of the lists so far. */
  #listed = 0;

  /** Passing values are copied by the carver; without one, each has memory of its own. */
  constructor(payload: Uint8Array, carver?: Carver) {
    this.#bytes = payload;
    this.#carver = carver;
  }

  u8(): number {
    const byte = this.peek();
    this.#at += 1;
    return byte;
  }

  /** The next byte, which stays unread. */
  peek(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw this.error('the payload ends within a value');
    return byte;
  }

  bool(): boolean {
    const byte = this.u8();
    if (byte > 1) throw this.error(`a boolean of ${byte}`);
    return byte === 1;
  }

  /** An integer in [0, max], in its shortest form. */
  varint(max: number = Number.MAX_SAFE_INTEGER): number {
    let byte = this.u8();
    let value = byte & 0x7f;
    let scale = 128;
    while (byte > 0x7f) {
      // Eight bytes hold 56 bits, which is more than any number here has.
      if (scale > 2 ** 49) throw this.error('a number of more than 8 bytes');
      byte = this.u8();
      if (byte === 0) throw this.error('a number that is longer than it need be');
      value += (byte & 0x7f) * scale;
      scale *= 128;
    }
    if (value > max) throw this.error(`${value} is above ${max}`);
    return value;
  }

  /** The length of a list or of bytes. Memory can trust it: each item takes at least a byte that is here. */
  length(limit: number): number {
    const length = this.varint();
    if (length > limit) throw this.error(`a length of ${length}, at most ${limit} allowed`);
    const rest = this.#bytes.length - this.#at;
    if (length > rest) throw this.error(`a length of ${length} where ${rest} bytes are left`);
    return length;
  }

  /** The length of a list; `total` bounds the items of all lists of a payload. */
  items(limit: number, total: number): number {
    const count = this.length(limit);
    this.#listed += count;
    if (this.#listed > total) throw this.error(`lists of ${this.#listed} items, at most ${total} allowed`);
    return count;
  }

  /** Exactly `length` bytes, copied. */
  fixed(length: number): Uint8Array {
    return copyOf(this.#view(length));
  }

  /** Bytes with their length in front; a view only where they are most of what the view keeps alive. */
  bytes(limit: number): Uint8Array {
    const view = this.#view(this.length(limit));
    return view.length * 2 > view.buffer.byteLength ? view : copyOf(view);
  }

  /** As bytes(), for what is soon copied again, or forgotten. */
  passing(limit: number): Uint8Array {
    const view = this.#view(this.length(limit));
    if (view.length * 2 > view.buffer.byteLength) return view;
    return this.#carver?.copy(view) ?? copyOf(view);
  }

  /** As bytes(), but always a view, which keeps its payload alive: for those who soon let go of it. */
  borrow(limit: number): Uint8Array {
    return this.#view(this.length(limit));
  }

  /** UTF-8 with its length in bytes in front. */
  text(limit: number): string {
    const length = this.length(limit);
    const start = this.#at;
    this.#at += length;
    if (length < LONG_TEXT_BYTES && this.#isAscii(start, this.#at)) {
      return latin1(this.#bytes, start, this.#at);
    }
    try {
      return DECODER.decode(this.#bytes.subarray(start, this.#at));
    } catch {
      throw this.error('a text that is not UTF-8');
    }
  }

  /** Any bytes with their length in front, as one character each. */
  byteString(limit: number): Key {
    const length = this.length(limit);
    const start = this.#at;
    this.#at += length;
    if (length < LONG_TEXT_BYTES || !this.#isAscii(start, this.#at)) {
      return latin1(this.#bytes, start, this.#at);
    }
    return DECODER.decode(this.#bytes.subarray(start, this.#at));
  }

  /** Passes over all that is left. */
  skipRest(): void {
    this.#at = this.#bytes.length;
  }

  /** Throws unless the whole payload has been read. */
  done(): void {
    const rest = this.#bytes.length - this.#at;
    if (rest > 0) throw this.error(`${rest} bytes behind the end of the message`);
  }

  /** For callers that find a well-formed value to be wrong. */
  error(message: string): WireError {
    return new WireError(message, this.#at);
  }

  /** A plain Uint8Array whatever the payload is, because Node's Buffer has a slice() of its own. */
  #view(length: number): Uint8Array {
    const { buffer, byteOffset, length: end } = this.#bytes;
    if (this.#at + length > end) throw this.error('the payload ends within a value');
    const view = new Uint8Array(buffer, byteOffset + this.#at, length);
    this.#at += length;
    return view;
  }

  #isAscii(start: number, end: number): boolean {
    for (let i = start; i < end; i++) if ((this.#bytes[i] ?? 0) > 0x7f) return false;
    return true;
  }
}

/** A copy with memory of its own. */
function copyOf(view: Uint8Array): Uint8Array {
  const copy = new Uint8Array(view.length);
  copy.set(view);
  return copy;
}
