// What the wire tests share: a codec with SHA-256, contacts with real ids and positions, and the text form of
// messages in the vector files.

import { createHash } from 'node:crypto';
import type { Contact } from '../../src/core/contact.ts';
import { memberPosition } from '../../src/core/position.ts';
import { toBase58 } from '../../src/wire/base58.ts';
import { Codec } from '../../src/wire/codec.ts';
import { WIRE_LIMITS, type WireLimits } from '../../src/wire/limits.ts';

/** Of every codec and vector here, unless a test says otherwise. */
export const K = 32;

export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

export function idOf(publicKey: Uint8Array): string {
  return toBase58(sha256(publicKey));
}

export function createCodec(limits: Partial<WireLimits> = {}, k: number = K): Codec {
  return new Codec({ k, hash: sha256, idOf, limits: { ...WIRE_LIMITS, ...limits } });
}

/** A contact as the codec computes it. */
export function contactOf(
  publicKey: Uint8Array,
  rest: Pick<Contact, 'salt' | 'incarnation' | 'host' | 'port'>,
): Contact {
  const position = memberPosition(sha256, publicKey, rest.salt, K);
  return { id: idOf(publicKey), publicKey, position, ...rest };
}

/** A frame without its header. */
export function payloadOf(frame: Uint8Array): Uint8Array {
  return frame.subarray(4);
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** JSON in which bytes are {"hex": …} and what is absent is null. */
export function toText(value: unknown): string {
  return JSON.stringify(
    value,
    (_, part: unknown) => {
      if (part === undefined) return null;
      return part instanceof Uint8Array ? { hex: hex(part) } : part;
    },
    2,
  );
}

/** The reverse of toText: undefined where it says null, which JSON.parse itself cannot make. */
export function fromText(text: string): unknown {
  return revive(JSON.parse(text));
}

function revive(part: unknown): unknown {
  if (part === null) return undefined;
  if (Array.isArray(part)) return part.map(revive);
  if (typeof part !== 'object') return part;
  const fields = Object.entries(part);
  if (fields.length === 1 && 'hex' in part && typeof part.hex === 'string') return fromHex(part.hex);
  return Object.fromEntries(fields.map(([name, value]) => [name, revive(value)]));
}

/** Numbers in [0, 1) that a seed determines (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
