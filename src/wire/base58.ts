// Base58 with Bitcoin's alphabet: how ids, protocol ids and k are shown. Of numbers as well as of bytes.
import { base58 } from '@scure/base';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/**
 * Of an integer in [0, 2**53): its digits, most significant first, '1' for 0. Of bytes: base58 as Bitcoin has
 * it, so each leading zero byte is a '1' too. Throws RangeError for any other number.
 */
export function toBase58(value: number | Uint8Array): string {
  if (typeof value !== 'number') return base58.encode(value);
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no integer in [0, 2**53)`);
  let digits = '';
  let rest = value;
  do {
    digits = ALPHABET.charAt(rest % 58) + digits;
    rest = Math.floor(rest / 58);
  } while (rest > 0);
  return digits;
}
