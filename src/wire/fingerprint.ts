// Fingerprint: the short name of a network, which is equal exactly where the terms are.
import type { Hash } from '../core/position.ts';
import { toBase58 } from './base58.ts';
import type { Terms } from './handshake-message.ts';
import { lengthPrefixed } from './transcript.ts';

/**
 * base58(hash(subnet, encryption, version)), each with its length in front as transcript.ts has it; the
 * version as its decimal digits. `hash` is SHA-256 outside simulations.
 */
export function protocolId(hash: Hash, { subnet, encryption, version }: Omit<Terms, 'k'>): string {
  return toBase58(hash(lengthPrefixed([subnet, encryption, String(version)])));
}

/** The fingerprint that a hello carries: protocolId + toBase58(k). */
export function networkId(hash: Hash, terms: Terms): string {
  return protocolId(hash, terms) + toBase58(terms.k);
}
