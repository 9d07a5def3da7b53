// Bytes: between byte arrays and the byte strings that the core uses as keys (see entry.ts).
import type { Key } from './entry.ts';

/** The bytes as a string of one unit each. Keys are short (limits.ts), so a loop is enough. */
export function toKey(bytes: Uint8Array): Key {
  let key = '';
  for (const byte of bytes) key += String.fromCharCode(byte);
  return key;
}

export function fromKey(key: Key): Uint8Array {
  const bytes = new Uint8Array(key.length);
  for (let i = 0; i < key.length; i++) bytes[i] = key.charCodeAt(i);
  return bytes;
}

/** Up to this many bytes one call makes the string at once; larger ones are put together of such parts. */
const PART_BYTES = 64;

/**
 * What String.fromCharCode is called with, an array for each length: a string that one call makes is flat,
 * where one that is concatenated is a tree of parts. Only used while no other code runs.
 */
const UNITS: readonly number[][] = Array.from({ length: PART_BYTES + 1 }, (_, length) =>
  Array.from({ length }, () => 0),
);

/** The bytes in [start, end) as a string of one unit each. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let from = start; from < end; from += PART_BYTES) {
    const units = UNITS[Math.min(end - from, PART_BYTES)] ?? [];
    for (let i = 0; i < units.length; i++) units[i] = bytes[from + i] ?? 0;
    const part = String.fromCharCode.apply(null, units);
    text = text === '' ? part : text + part;
  }
  return text;
}
