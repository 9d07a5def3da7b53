// Base58 with Bitcoin's alphabet: how ids, protocol ids and k are shown. Of numbers as well as of bytes.
import { base58 } from '@scure/base';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/**
 * Of an integer in [0, 2**53): its digits, most significant first, '1' for 0. Of bytes: base58 as Bitcoin has
 * it, so each leading zero byte is a '1' too. Throws RangeError for any other number, TypeError for anything
 * else.
 */
export function toBase58(value: number | Uint8Array): string {
  if (value instanceof Uint8Array) return base58.encode(value);
  if (typeof value !== 'number') {
    const got = value === null ? 'null' : typeof value;
    throw new TypeError(`toBase58 takes a number or a Uint8Array, got ${got}`);
  }
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no integer in [0, 2**53)`);
  let digits = '';
  let rest = value;
  do {
    digits = ALPHABET.charAt(rest % 58) + digits;
    rest = Math.floor(rest / 58);
  } while (rest > 0);
  return digits;
}
