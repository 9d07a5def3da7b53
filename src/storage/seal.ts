// Seal: the checksum that every record carries, over its key and its value, so that damage by the disk or by
// whatever is between shows. LevelDB and LMDB both return a record with a flipped byte as if it were whole.
import { hash } from 'node:crypto';

/** Of SHA-256, which one call computes in a microsecond: damage goes unnoticed once in 2**64. */
export const SEAL_BYTES = 8;
const LENGTH_BYTES = 4;

/** The value with its seal in front. */
export function seal(key: Uint8Array, value: Uint8Array): Uint8Array {
  const sealed = Buffer.allocUnsafe(SEAL_BYTES + value.length);
  digestOf(key, value).copy(sealed, 0, 0, SEAL_BYTES);
  sealed.set(value, SEAL_BYTES);
  return sealed;
}

/** The value, or undefined where key or value are not what was sealed. */
export function unseal(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < SEAL_BYTES) return undefined;
  const value = sealed.subarray(SEAL_BYTES);
  const digest = digestOf(key, value);
  for (let i = 0; i < SEAL_BYTES; i++) if (digest[i] !== sealed[i]) return undefined;
  return value;
}

/** Four bytes of a seal as a number: what the ledger adds up. */
export function markOf(sealed: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = sealed;
  return (a << 24) | (b << 16) | (c << 8) | d;
}

/** The key's length goes in too, so that no byte can change sides. */
function digestOf(key: Uint8Array, value: Uint8Array): Buffer {
  const input = Buffer.allocUnsafe(LENGTH_BYTES + key.length + value.length);
  input.writeUInt32BE(key.length);
  input.set(key, LENGTH_BYTES);
  input.set(value, LENGTH_BYTES + key.length);
  return hash('sha256', input, 'buffer');
}
