// The compressed form of P-256 public keys: how nodes name each other's keys, and what a certificate has to
// carry.
import { ECDH, type KeyObject } from 'node:crypto';

export const PUBLIC_KEY_BYTES = 33;

/**
 * What stands before the uncompressed point in the SPKI that Node exports: two lengths and two object
 * identifiers.
 */
const SPKI_PREFIX_BYTES = 26;
const SPKI_BYTES = 91;

/** Compressed P-256 in 33 bytes; undefined for a key of another kind. */
export function compressPublicKey(key: KeyObject): Uint8Array | undefined {
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    return undefined;
  const spki = key.export({ format: 'der', type: 'spki' });
  // A key that came compressed is exported so.
  if (spki.length !== SPKI_BYTES) return new Uint8Array(spki.subarray(-PUBLIC_KEY_BYTES));
  const point = spki.subarray(SPKI_PREFIX_BYTES);
  const compressed = ECDH.convertKey(point, 'prime256v1', undefined, undefined, 'compressed');
  return typeof compressed === 'string' ? undefined : new Uint8Array(compressed);
}
