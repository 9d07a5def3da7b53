// Kept: one entry as the memory store holds it. Small entries are packed into slabs that many of them share:
// an array of bytes of its own costs some 300 bytes beside what is in it, and a million of them keep the
// collector busy. It owns that form, and the moving of entries out of slabs that are mostly empty; which
// entries are held is the store's.
import type { Entry, Key, Version } from './entry.ts';
import { fromKey, latin1 } from './bytes.ts';

/** What the store needs to know of an entry that it holds. `entry` is made anew each time. */
export interface Kept {
  readonly position: number;
  readonly key: Key;
  readonly version: Version;
  readonly expiresAt: number;
  /** Of the value; -1 in a tombstone. */
  readonly valueBytes: number;
  /** A view, made anew each time; undefined in a tombstone. */
  readonly value: Uint8Array | undefined;
  readonly entry: Entry;
}

/** Above this a value keeps an array of its own: beside it, what that costs does not count. */
const PACKED_MAX = 1_024;
/** Slabs double from the least to the most: small stores stay small, large ones need few slabs. */
const SLAB_LEAST = 4_096;
const SLAB_MOST = 65_536;
/** A position has at most 48 bits. */
const POSITION_BYTES = 6;
const TEXT_MAX = 255;
/** Askers whose part of an operation is shared. */
const ASKERS_MAX = 1_024;
/** Of a slab's bytes that are still in use, the share below which the rest is moved elsewhere. */
const LEAST_USE = 0.5;

/**
 * Bytes of many entries, written once from the start to the end. What has been written never changes, so that
 * views of it which are on their way out stay right; the memory goes when nothing refers to it any more.
 */
class Slab {
  readonly bytes: Uint8Array;
  /** Bytes written, and how many of them belong to entries that are still held. */
  used = 0;
  live = 0;
  /** All that were put here; some have moved or are gone. */
  readonly entries: Packed[] = [];

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }
}

class Packed implements Kept {
  readonly key: Key;
  readonly version: Version;
  readonly expiresAt: number;
  readonly valueBytes: number;
  /** The asker's part of the operation, which all entries of an asker share. */
  readonly asker: string;
  readonly operationBytes: number;
  readonly previous: Version;
  slab: Slab;
  at: number;

  constructor(entry: Entry, asker: string, slab: Slab, at: number) {
    this.key = entry.key;
    this.version = entry.version;
    this.expiresAt = entry.expiresAt;
    this.valueBytes = entry.value?.length ?? -1;
    this.asker = asker;
    this.operationBytes = entry.operation.length - asker.length;
    this.previous = entry.previous;
    this.slab = slab;
    this.at = at;
  }

  /** Bytes in the slab. */
  get size(): number {
    return sizeOf(this.operationBytes, this.valueBytes);
  }

  get position(): number {
    return readPosition(this.slab.bytes, this.at);
  }

  get value(): Uint8Array | undefined {
    if (this.valueBytes < 0) return undefined;
    const start = this.at + POSITION_BYTES + this.operationBytes;
    return this.slab.bytes.subarray(start, start + this.valueBytes);
  }

  get entry(): Entry {
    const { key, value, version, expiresAt, previous, slab } = this;
    const text = this.at + POSITION_BYTES;
    const start = text + this.operationBytes;
    return {
      key,
      value,
      version,
      expiresAt,
      operation: this.asker + latin1(slab.bytes, text, start),
      previous,
    };
  }
}

class Plain implements Kept {
  readonly position: number;
  readonly entry: Entry;

  constructor(position: number, entry: Entry) {
    this.position = position;
    this.entry = entry;
  }

  get key(): Key {
    return this.entry.key;
  }

  get version(): Version {
    return this.entry.version;
  }

  get expiresAt(): number {
    return this.entry.expiresAt;
  }

  get valueBytes(): number {
    return this.entry.value?.length ?? -1;
  }

  get value(): Uint8Array | undefined {
    return this.entry.value;
  }
}

export class Packer {
  #slab = new Slab(0);
  readonly #askers = new Map<string, string>();
  /** Many entries in turn come from one. */
  #lastAsker = '';

  /** The entry in the form in which it is kept. */
  keep(position: number, entry: Entry): Kept {
    const { value, operation } = entry;
    if ((value?.length ?? 0) > PACKED_MAX || operation.length > TEXT_MAX) return new Plain(position, entry);
    const asker = this.#askerOf(operation);
    const slab = this.#slabFor(sizeOf(operation.length - asker.length, value?.length ?? -1));
    const at = slab.used;
    writePosition(slab.bytes, at, position);
    const text = at + POSITION_BYTES;
    const counter = operation.length - asker.length;
    for (let i = 0; i < counter; i++) {
      const unit = operation.charCodeAt(asker.length + i);
      // No operation of ours; what was written of it so far is written over.
      if (unit > 0xff) return new Plain(position, entry);
      slab.bytes[text + i] = unit;
    }
    if (value !== undefined) slab.bytes.set(value, text + counter);
    const packed = new Packed(entry, asker, slab, at);
    add(packed, slab);
    return packed;
  }

  /** The part up to the last colon, as one string for all entries that share it. */
  #askerOf(operation: string): string {
    const last = this.#lastAsker;
    if (operation.startsWith(last) && !operation.includes(':', last.length)) return last;
    this.#lastAsker = this.#sharedAsker(operation);
    return this.#lastAsker;
  }

  #sharedAsker(operation: string): string {
    const asker = operation.slice(0, operation.lastIndexOf(':') + 1);
    const known = this.#askers.get(asker);
    if (known !== undefined) return known;
    // Entries keep what they share; only newer ones start afresh.
    if (this.#askers.size >= ASKERS_MAX) this.#askers.clear();
    // A slice keeps the whole alive, and what was decoded may be a tree of parts: a copy by units is neither.
    const copy = latin1(fromKey(asker), 0, asker.length);
    const kept = copy === asker ? copy : asker;
    this.#askers.set(kept, kept);
    return kept;
  }

  /** The entry is not held any more. */
  release(kept: Kept): void {
    if (!(kept instanceof Packed)) return;
    const { slab } = kept;
    slab.live -= kept.size;
    kept.slab = GONE;
    if (slab !== this.#slab && slab.live < slab.used * LEAST_USE) this.#vacate(slab);
  }

  /** Moves what is left in a slab, at most half of what it held, so that each byte is moved rarely. */
  #vacate(slab: Slab): void {
    for (const packed of slab.entries) {
      if (packed.slab !== slab) continue;
      const target = this.#slabFor(packed.size);
      target.bytes.set(slab.bytes.subarray(packed.at, packed.at + packed.size), target.used);
      packed.slab = target;
      packed.at = target.used;
      add(packed, target);
    }
    slab.entries.length = 0;
    slab.live = 0;
  }

  #slabFor(size: number): Slab {
    const { bytes, used } = this.#slab;
    if (used + size <= bytes.length) return this.#slab;
    const full = this.#slab;
    this.#slab = new Slab(Math.min(SLAB_MOST, Math.max(SLAB_LEAST, 2 * bytes.length)));
    // It may have emptied while it was being filled.
    if (full.live < full.used * LEAST_USE) this.#vacate(full);
    return this.#slab;
  }
}

/** Where entries stand that are not held any more. */
const GONE = new Slab(0);

function add(packed: Packed, slab: Slab): void {
  slab.used += packed.size;
  slab.live += packed.size;
  slab.entries.push(packed);
}

function sizeOf(operationBytes: number, valueBytes: number): number {
  return POSITION_BYTES + operationBytes + Math.max(0, valueBytes);
}

/** High bytes first, as two numbers that bit operations hold. */
function writePosition(bytes: Uint8Array, at: number, position: number): void {
  const high = Math.floor(position / 2 ** 32);
  const low = position >>> 0;
  bytes[at] = high >>> 8;
  bytes[at + 1] = high;
  bytes[at + 2] = low >>> 24;
  bytes[at + 3] = low >>> 16;
  bytes[at + 4] = low >>> 8;
  bytes[at + 5] = low;
}

function readPosition(bytes: Uint8Array, at: number): number {
  let position = 0;
  for (let i = at; i < at + POSITION_BYTES; i++) position = position * 256 + (bytes[i] ?? 0);
  return position;
}
