// Entry: one key of the dictionary as it is stored and replicated, and the versions that order its changes.
// It owns the hybrid logical clock that makes versions; who may make one is decided in replication. A
// deletion is an entry without a value (a tombstone), so that an older copy that returns cannot bring the
// value back.

/**
 * A dictionary key as a byte string: one UTF-16 unit per byte, each below 256. It can index a Map, compares
 * in byte order, and takes one byte a character in memory.
 */
export type Key = string;

/**
 * Opaque to users; lexicographic order is the order of versions: 12 hex digits of milliseconds, 4 of
 * counter, then six characters of the node, four of the lineage and the epoch in base 36.
 */
export type Version = string;

export interface Entry {
  readonly key: Key;
  /** Absent in a tombstone. */
  readonly value: Uint8Array | undefined;
  readonly version: Version;
  /** Epoch milliseconds; 0 = never. */
  readonly expiresAt: number;
  /**
   * The write that made it, so that a repeated request is recognised: asker's id and its counter; '' where
   * unknown.
   */
  readonly operation: string;
  /** The version that it replaced; '' for the first one of the key, and where that is not known. */
  readonly previous: Version;
}

/** What identifies one state of one key, without the value. */
export interface EntryVersion {
  readonly key: Key;
  readonly version: Version;
}

/** A place in the order in which entries are walked: by position, then by key. */
export interface Place {
  readonly position: number;
  readonly key: Key;
}

const COUNTER_MAX = 0xffff;
/** Of a version: where the parts behind the clock stand. */
const NODE_LENGTH = 6;
const LINEAGE_LENGTH = 4;
/** Digits of milliseconds and of the counter. */
const TIME_LENGTH = 12;
const COUNTER_LENGTH = 4;
const CLOCK_LENGTH = TIME_LENGTH + COUNTER_LENGTH;
const LINEAGE_AT = CLOCK_LENGTH + NODE_LENGTH;
const EPOCH_AT = LINEAGE_AT + LINEAGE_LENGTH;
const VERSION_LENGTH_MAX = 32;

/**
 * A hybrid logical clock (Kulkarni et al., 2014): at least the wall time, never behind a version that was
 * seen.
 */
export class VersionClock {
  readonly #node: string;
  #time = 0;
  #counter = 0;

  /** `id` is the member's; its first six characters break ties between members. */
  constructor(id: string) {
    this.#node = id.slice(0, NODE_LENGTH).padEnd(NODE_LENGTH, '-');
  }

  /**
   * A version above every one made or seen before. `wall` is epoch milliseconds, `era` the lineage and epoch
   * in which it is made (`eraOf`).
   */
  next(wall: number, era: string): Version {
    const time = Math.max(Math.floor(wall), this.#time);
    this.#counter = time > this.#time ? 0 : this.#counter + 1;
    this.#time = time;
    if (this.#counter > COUNTER_MAX) {
      this.#time += 1;
      this.#counter = 0;
    }
    return hex(this.#time, TIME_LENGTH) + hex(this.#counter, COUNTER_LENGTH) + this.#node + era;
  }

  /** Nothing that was made or seen comes after it: others make theirs behind it once they are told. */
  get latest(): Version {
    return hex(this.#time, 12) + hex(this.#counter, 4) + this.#node;
  }

  /** Takes note of a version made elsewhere. */
  observe(version: Version): void {
    const time = versionTime(version);
    const counter = numberAt(version, TIME_LENGTH, CLOCK_LENGTH);
    if (time > this.#time) {
      this.#time = time;
      this.#counter = counter;
    } else if (time === this.#time) {
      this.#counter = Math.max(this.#counter, counter);
    }
  }
}

/** The part of a version that tells in which configuration it was made. */
export function eraOf(lineage: string, epoch: number): string {
  return lineagePart(lineage) + epoch.toString(36);
}

/** What a version tells of the lineage it was made in. */
export function lineagePart(lineage: string): string {
  return lineage.slice(0, LINEAGE_LENGTH).padEnd(LINEAGE_LENGTH, '-');
}

/** In which epoch of its lineage a version was made; NaN where it does not say. */
export function epochOf(version: Version): number {
  return Number.parseInt(version.slice(EPOCH_AT), 36);
}

/** The same, of a version; shorter where it does not say. */
export function lineageOf(version: Version): string {
  return version.slice(LINEAGE_AT, EPOCH_AT);
}

/** Right below a version, and above the one that it replaced. Nobody makes it: no node is called so. */
export function versionBelow(version: Version): Version {
  return version.slice(0, CLOCK_LENGTH) + '!'.repeat(NODE_LENGTH) + version.slice(LINEAGE_AT);
}

/**
 * Whether the first version is to replace the second; '' stands for none. Within a lineage the epoch goes
 * before the clock: what a failed owner left behind on one copy never replaces what its successors
 * acknowledged, however far its clock was ahead. Between lineages, where rings meet, the later one wins.
 */
export function isNewer(a: Version, b: Version): boolean {
  if (a === b) return false;
  if (a.slice(LINEAGE_AT, EPOCH_AT) !== b.slice(LINEAGE_AT, EPOCH_AT)) return a > b;
  const [mine, other] = [a.slice(EPOCH_AT), b.slice(EPOCH_AT)];
  if (mine === other) return a > b;
  return mine.length === other.length ? mine > other : mine.length > other.length;
}

/** Whether the text has the form of a version, of a time before the year 2527: the clock cannot overflow. */
export function isVersion(text: string): boolean {
  const { length } = text;
  if (length < CLOCK_LENGTH || length > VERSION_LENGTH_MAX || digitOf(text.charCodeAt(0)) !== 0) return false;
  for (let i = 1; i < CLOCK_LENGTH; i++) if (digitOf(text.charCodeAt(i)) === -1) return false;
  for (let i = CLOCK_LENGTH; i < length; i++) {
    const unit = text.charCodeAt(i);
    // From '!' to '~': what can be seen.
    if (unit < 0x21 || unit > 0x7e) return false;
  }
  return true;
}

/** Before all that are ever made. */
export const FIRST_VERSION: Version = '0'.repeat(CLOCK_LENGTH);

/** The milliseconds part of a version. */
export function versionTime(version: Version): number {
  return numberAt(version, 0, TIME_LENGTH);
}

/** The hex digits in [start, end) of a version as a number. */
function numberAt(version: Version, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) value = value * 16 + digitOf(version.charCodeAt(i));
  return value;
}

/** The value of a hex digit, given as its unit; -1 for any other. */
function digitOf(unit: number): number {
  return DIGITS[unit] ?? -1;
}

/** By unit: versions are read with every message, so that this is looked up. */
const DIGITS: Int8Array = new Int8Array(0x80).fill(-1);
for (let digit = 0; digit < 16; digit++) DIGITS[digit.toString(16).charCodeAt(0)] = digit;

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** Whether the version was made at that time, epoch milliseconds, or later; '' stands for none. */
export function isSince(version: Version, since: number): boolean {
  return version !== '' && versionTime(version) >= since;
}
