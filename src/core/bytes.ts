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
