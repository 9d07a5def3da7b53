// Bytes: the one place where what users hand in becomes keys and values of the core, and back. It owns the
// conversion, the check that text is well-formed and the two size limits. Every value is copied in both
// directions, so that neither side can change what the other holds.
import type { Key } from '../core/entry.ts';
import { ChordError } from './errors.ts';
import { kindOf } from './kind.ts';

/** A key or a value as users give it: text, which is stored as UTF-8, or bytes. */
export type Bytes = string | Uint8Array;

/** The byte bounds of what may be stored. */
export interface ByteLimits {
  readonly keyBytes: number;
  readonly valueBytes: number;
}

/** Throws TypeError for anything but text or bytes, ERR_KEY_TOO_LARGE beyond the limit. */
export function toKey(given: unknown, limits: ByteLimits): Key {
  return boundKey(toKeyOfAnySize(given), limits);
}

/** The key; throws ERR_KEY_TOO_LARGE beyond the limit. */
export function boundKey(key: Key, limits: ByteLimits): Key {
  if (key.length > limits.keyBytes) {
    throw new ChordError(
      'ERR_KEY_TOO_LARGE',
      `the key has ${key.length} bytes, at most ${limits.keyBytes} are allowed (limits.keyBytes)`,
    );
  }
  return key;
}

/**
 * For where a key that is too large is one failure among others. Throws TypeError for anything but text or
 * bytes.
 */
export function toKeyOfAnySize(given: unknown): Key {
  // Most keys are ASCII, which is the same in a string of bytes.
  if (typeof given === 'string' && isAscii(given)) return given;
  return toBuffer(given, 'key').toString('latin1');
}

/** Like toKey, but the empty prefix stands for all keys, and one longer than any key matches none. */
export function toPrefix(given: unknown): Key {
  return given === undefined ? '' : toBuffer(given, 'prefix').toString('latin1');
}

/** A copy. Throws TypeError for anything but text or bytes, ERR_VALUE_TOO_LARGE beyond the limit. */
export function toValue(given: unknown, limits: ByteLimits): Uint8Array {
  const bytes = given instanceof Uint8Array ? given : toBuffer(given, 'value');
  if (bytes.length > limits.valueBytes) {
    throw new ChordError(
      'ERR_VALUE_TOO_LARGE',
      `the value has ${bytes.length} bytes, at most ${limits.valueBytes} are allowed (limits.valueBytes)`,
    );
  }
  return bytes === given ? Buffer.from(bytes) : bytes;
}

/** Throws TypeError for anything but text or bytes. */
export function checkValue(given: unknown): asserts given is Bytes {
  if (typeof given !== 'string' || hasLoneSurrogate(given)) toBuffer(given, 'value');
}

export function keyToBuffer(key: Key): Buffer {
  return Buffer.from(key, 'latin1');
}

/** A copy, because the value may lie in a store or inside a larger frame. */
export function valueToBuffer(value: Uint8Array): Buffer {
  return Buffer.from(value);
}

/** The key as text where its bytes are UTF-8, else its bytes: what a Map can be asked for. */
export function keyToText(key: Key): string | Buffer {
  const bytes = keyToBuffer(key);
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : bytes;
}

function toBuffer(given: unknown, what: string): Buffer {
  if (typeof given === 'string') {
    if (hasLoneSurrogate(given)) {
      throw new TypeError(`the ${what} is not well-formed UTF-16: it holds a surrogate without its partner`);
    }
    return Buffer.from(given, 'utf8');
  }
  if (given instanceof Uint8Array) return Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  throw new TypeError(`the ${what} must be a string or a Uint8Array, got ${kindOf(given)}`);
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}
