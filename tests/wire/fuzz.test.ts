// Bytes of strangers: whatever arrives, the codec answers with a message or a WireError, at a bounded cost. A
// message that it accepts has exactly the bytes that it would be written as.

import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/core/message.ts';
import { WireError } from '../../src/wire/bytes.ts';
import type { HandshakeMessage } from '../../src/wire/handshake-message.ts';
import { createCodec, hex, payloadOf, seeded } from './fixture.ts';
import { HANDSHAKE_SAMPLES } from './handshake-samples.ts';
import { sampleMessages } from './samples.ts';

const codec = createCodec();
const SEED = 20_261_122;
const ROUNDS = 100_000;

type Random = () => number;

interface Form<T> {
  readonly decode: (payload: Uint8Array) => T;
  readonly encode: (message: T) => Uint8Array;
}

interface Outcome {
  accepted: number;
  refused: number;
  readonly complaints: string[];
}

/** One to four small changes: a byte set, a bit turned, a piece cut, doubled or inserted, an end cut off. */
function mutate(payload: Uint8Array, random: Random): Uint8Array {
  const bytes = [...payload];
  const below = (limit: number): number => Math.floor(random() * limit);
  for (let left = 1 + below(4); left > 0; left--) {
    const at = below(bytes.length + 1);
    const kind = below(6);
    if (kind === 0) bytes[at] = below(256);
    else if (kind === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
    else if (kind === 2) bytes.splice(at, 1 + below(8));
    else if (kind === 3) bytes.splice(at, 0, ...bytes.slice(at, at + below(30)));
    else if (kind === 4) bytes.splice(at, 0, 0xff, below(256));
    else bytes.length = at;
  }
  return Uint8Array.from(bytes);
}

/** Bytes and list items that the decoded value holds. */
function weigh(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, part) => sum + weigh(part), 1);
}

/** How the payload fares: whether it was accepted, and a complaint where it fared as none may. */
function judge<T>(
  payload: Uint8Array,
  { decode, encode }: Form<T>,
): { accepted: boolean; complaint?: string } {
  try {
    const message = decode(payload);
    // A contact of 7 bytes becomes an id of 44 characters and a few numbers.
    if (weigh(message) > 50 + payload.length * 10) return { accepted: true, complaint: 'too large' };
    if (hex(payloadOf(encode(message))) === hex(payload)) return { accepted: true };
    return { accepted: true, complaint: 'another form of the same message' };
  } catch (error) {
    return error instanceof WireError ? { accepted: false } : { accepted: false, complaint: String(error) };
  }
}

function fuzz<T>(form: Form<T>, messages: readonly T[]): Outcome {
  const payloads = messages.map((message) => payloadOf(form.encode(message)));
  const random = seeded(SEED);
  const outcome: Outcome = { accepted: 0, refused: 0, complaints: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const sample = payloads[round % payloads.length] ?? new Uint8Array(0);
    const isRandom = round % 10 === 0;
    const payload = isRandom ? randomBytes(sample[0] ?? 0, random) : mutate(sample, random);
    const { accepted, complaint } = judge(payload, form);
    if (accepted) outcome.accepted += 1;
    else outcome.refused += 1;
    if (complaint !== undefined) outcome.complaints.push(`${complaint}: ${hex(payload)}`);
  }
  return outcome;
}

/** A known code, then anything. */
function randomBytes(code: number, random: Random): Uint8Array {
  const bytes = Uint8Array.from({ length: 1 + Math.floor(random() * 60) }, () => random() * 256);
  bytes[0] = code;
  return bytes;
}

describe(`mutated and random payloads (seed ${SEED})`, () => {
  it('of messages are messages or WireErrors', () => {
    const form: Form<Message> = {
      decode: (payload) => codec.decode(payload),
      encode: (message) => codec.encode(message),
    };
    const outcome = fuzz(form, sampleMessages());
    expect(outcome.complaints.slice(0, 5)).toEqual([]);
    // Both ends are reached, or the mutations are too mild or too wild to test anything.
    expect(Math.min(outcome.accepted, outcome.refused)).toBeGreaterThan(ROUNDS / 20);
  });

  it('of the handshake are messages or WireErrors', () => {
    const form: Form<HandshakeMessage> = {
      decode: (payload) => codec.decodeHandshake(payload),
      encode: (message) => codec.encodeHandshake(message),
    };
    const outcome = fuzz(form, Object.values(HANDSHAKE_SAMPLES).flat());
    // What follows in a hello or refusal of another version than 1 is not read, and so not written either.
    const lenient = /^another form of the same message: 0[12](?!01)/;
    expect(outcome.complaints.filter((complaint) => !lenient.test(complaint)).slice(0, 5)).toEqual([]);
    expect(Math.min(outcome.accepted, outcome.refused)).toBeGreaterThan(ROUNDS / 20);
  });
});
