// Messages to bytes and back: equality for random messages, and what is refused.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message, Reply, Request } from '../../src/core/message.ts';
import { HEADER_BYTES, WireError } from '../../src/wire/bytes.ts';
import { HANDSHAKE_RULES } from '../../src/wire/handshake-codec.ts';
import type { WireLimits } from '../../src/wire/limits.ts';
import { REPLY_RULES } from '../../src/wire/reply-codec.ts';
import { REQUEST_RULES } from '../../src/wire/request-codec.ts';
import { HANDSHAKE_MESSAGES, MESSAGES } from './arbitraries.ts';
import { contactOf, createCodec, K, payloadOf } from './fixture.ts';
import { HELLO_SAMPLE } from './handshake-samples.ts';
import { REPLY_SAMPLES, REQUEST_SAMPLES, sampleMessages } from './samples.ts';

const codec = createCodec();

function ask(body: Request): Message {
  return { direction: 'request', number: 7, body };
}

function answer(body: Reply): Message {
  return { direction: 'reply', number: 7, body };
}

function codesOf(rules: Record<string, { readonly code: number }>): number[] {
  return Object.values(rules).map((rule) => rule.code);
}

describe('a round trip', () => {
  it.each(MESSAGES)('keeps every field of %s', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (message) => {
        const frame = codec.encode(message);
        expect(codec.decode(payloadOf(frame))).toStrictEqual(message);
      }),
      { numRuns: 50 },
    );
  });

  it.each(HANDSHAKE_MESSAGES)('keeps every field of the handshake: %s', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (message) => {
        const frame = codec.encodeHandshake(message);
        expect(codec.decodeHandshake(payloadOf(frame))).toStrictEqual(message);
      }),
      { numRuns: 50 },
    );
  });

  it('leaves earlier frames as they were, across blocks of memory', () => {
    const messages = Array.from({ length: 20 }, sampleMessages).flat();
    const frames = messages.map((message) => codec.encode(message));
    expect(frames.map((frame) => codec.decode(payloadOf(frame)))).toStrictEqual(messages);
  });

  it('writes a body that goes to several copies as it writes each alone, whatever comes between', () => {
    const [body, other] = REQUEST_SAMPLES.replicate.concat(REQUEST_SAMPLES.replicate.slice(0, 1)).slice(-2);
    const order = [body!, body!, { ...other! }, body!, body!];
    const messages = order.map((each, i): Message => ({ direction: 'request', number: 10 ** i, body: each }));
    const alone = messages.map((message) => createCodec().encode(message));
    expect(messages.map((message) => codec.encode(message))).toStrictEqual(alone);
  });

  it('keeps a value of the largest size', () => {
    const value = new Uint8Array(1_048_576).fill(5);
    const operation = { type: 'set', value, ttlMs: 0, ifAbsent: false, ifVersion: '' } as const;
    const [get] = REQUEST_SAMPLES.operate;
    const { body } = codec.decode(payloadOf(codec.encode(ask({ ...get!, operation }))));
    const read = body.type === 'operate' && body.operation.type === 'set' ? body.operation.value : undefined;
    expect(Buffer.compare(read ?? new Uint8Array(0), value)).toBe(0);
  });

  it('works after an encoding that failed', () => {
    expect(() => codec.encode(ask({ type: 'fetch', keys: ['fine', 'wrong \u0100'] }))).toThrow(WireError);
    const message = ask({ type: 'fetch', keys: ['fine'] });
    expect(codec.decode(payloadOf(codec.encode(message)))).toStrictEqual(message);
  });

  it('reads a Node Buffer into plain arrays', () => {
    const [, withValue] = REPLY_SAMPLES.operated;
    const message = answer(withValue!);
    const buffer = Buffer.from(payloadOf(codec.encode(message)));
    expect(codec.decode(buffer)).toStrictEqual(message);
  });
});

describe('codes', () => {
  it('of requests are in 0x10..0x3f, of replies in 0x40..0x7f, of the handshake below', () => {
    expect(codesOf(REQUEST_RULES).every((code) => code >= 0x10 && code <= 0x3f)).toBe(true);
    expect(codesOf(REPLY_RULES).every((code) => code >= 0x40 && code <= 0x7f)).toBe(true);
    expect(codesOf(HANDSHAKE_RULES)).toEqual([1, 2, 3, 4]);
  });

  it('that are unknown are refused', () => {
    for (const code of [0x00, 0x01, 0x3f, 0x7f, 0x80, 0xff]) {
      expect(() => codec.decode(Uint8Array.of(code, 0))).toThrow(/unknown code/);
    }
    expect(() => codec.decodeHandshake(Uint8Array.of(0x10, 0))).toThrow(/unknown code/);
  });
});

describe('a contact', () => {
  const self = contactOf(Uint8Array.of(1, 2, 3), { salt: 4, incarnation: 5, host: 'h', port: 6 });
  const notify = (from: typeof self): Uint8Array => codec.encode(ask({ type: 'notify', self: from }));
  const read = (from: typeof self): unknown => {
    const { body } = codec.decode(payloadOf(notify(from)));
    return body.type === 'notify' ? body.self : undefined;
  };

  it('gets its id and position from its key, whatever the sender believes', () => {
    expect(read({ ...self, id: 'forged', position: 99 })).toStrictEqual(self);
  });

  it('is the same object when read again', () => {
    expect(read(self)).toBe(read(self));
  });

  it('is a new object when its address or incarnation changed', () => {
    for (const change of [{ host: 'other' }, { port: 7 }, { incarnation: 6 }]) {
      expect(read({ ...self, ...change })).toStrictEqual({ ...self, ...change });
      expect(read(self)).toStrictEqual(self);
    }
  });

  it('of another salt stands elsewhere', () => {
    const { publicKey, incarnation, host, port } = self;
    const moved = contactOf(publicKey, { salt: 5, incarnation, host, port });
    expect(read(moved)).toStrictEqual(moved);
  });

  it('does not keep the payload alive', () => {
    const payload = payloadOf(notify({ ...self, publicKey: Uint8Array.of(9, 9, 9) }));
    const { body } = codec.decode(payload);
    expect(body.type === 'notify' && body.self.publicKey.buffer).not.toBe(payload.buffer);
  });

  it('is refused with a salt above the largest, or without a key', () => {
    const frame = [0x12, 0x00, 0x01, 0xaa];
    const rest = [0x00, 0x00, 0x00];
    expect(() => codec.decode(Uint8Array.of(...frame, 0xff, 0xff, 0x03, ...rest))).not.toThrow();
    expect(() => codec.decode(Uint8Array.of(...frame, 0x80, 0x80, 0x04, ...rest))).toThrow(/65536 is above/);
    expect(() => codec.decode(Uint8Array.of(0x12, 0x00, 0x00, 0x00, ...rest))).toThrow(/public key/);
    expect(() => notify({ ...self, salt: 65_536 })).toThrow(WireError);
    expect(() => notify({ ...self, publicKey: new Uint8Array(0) })).toThrow(WireError);
  });
});

const arcs = { from: 1, to: 2 };
const base = { lineage: 'l', epoch: 1 };

describe('what does not fit', () => {
  it('is refused behind the end of a message', () => {
    for (const message of sampleMessages()) {
      const payload = payloadOf(codec.encode(message));
      expect(() => codec.decode(Uint8Array.of(...payload, 0))).toThrow(/behind the end|above/);
    }
    const hello = payloadOf(codec.encodeHandshake(HELLO_SAMPLE));
    expect(() => codec.decodeHandshake(Uint8Array.of(...hello, 0))).toThrow(/behind the end/);
  });

  it('is refused at every length but the whole', () => {
    for (const message of sampleMessages()) {
      const payload = payloadOf(codec.encode(message));
      for (let length = 0; length < payload.length; length++) {
        expect(() => codec.decode(payload.subarray(0, length))).toThrow(WireError);
      }
    }
  });

  it('is refused as a position outside the ring', () => {
    const small = createCodec({}, 8);
    expect(() => small.encode(ask({ type: 'find', position: 256, followers: false }))).toThrow(WireError);
    const find = codec.encode(ask({ type: 'find', position: 2 ** K - 1, followers: false }));
    expect(() => small.decode(payloadOf(find))).toThrow(/above 255/);
    const inspect = codec.encode(ask({ type: 'inspect', arc: { from: 0, to: 256 }, saved: false }));
    expect(() => small.decode(payloadOf(inspect))).toThrow(/above 255/);
  });

  it('is refused as a version of another form', () => {
    for (const version of ['', '0190A1B2C3D40001', '0190a1b2c3d4000', '0190a1b2c3d40001 x']) {
      const items = [{ key: '', version }];
      expect(() => codec.encode(ask({ type: 'void', arc: arcs, base, items, entries: [] }))).toThrow(
        WireError,
      );
      const bytes = Buffer.from(version);
      const payload = Uint8Array.of(0x33, 0, 1, 2, 1, 0x6c, 1, 1, 0, bytes.length, ...bytes);
      expect(() => codec.decode(payload)).toThrow(/version/);
    }
  });

  it('is refused as a number that is no integer from 0 on', () => {
    for (const known of [-1, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
      expect(() => codec.encode(ask({ type: 'tables', known }))).toThrow(/no integer/);
    }
  });

  it('is a RangeError as a k outside 1 to 48', () => {
    for (const k of [0, 49, 1.5, Number.NaN]) expect(() => createCodec({}, k)).toThrow(RangeError);
  });
});

describe('limits', () => {
  const [entry] = REQUEST_SAMPLES.copy[0]!.entries;
  const [contact] = REPLY_SAMPLES.located[0]!.replicas;
  const member = REPLY_SAMPLES.described[1]!.member!;

  const whisper = { sequence: 1, sentAt: 1, packets: ['abc', 'de'] };

  /** For each limit, a message that exceeds it once it is set to the number. */
  const cases: readonly (readonly [keyof WireLimits, number, Message])[] = [
    ['keyBytes', 4, ask({ type: 'fetch', keys: ['12345'] })],
    ['valueBytes', 4, ask({ type: 'copy', arc: arcs, base, entries: [entry!], past: false })],
    ['hostBytes', 4, ask({ type: 'notify', self: contact! })],
    ['gatewayBytes', 4, answer({ type: 'described', member })],
    ['operationBytes', 4, ask({ type: 'copy', arc: arcs, base, entries: [entry!], past: false })],
    ['contactsMax', 1, ask({ type: 'introduce', contacts: [contact!, contact!] })],
    ['itemsMax', 1, ask({ type: 'fetch', keys: ['', ''] })],
    [
      'messageBytes',
      4,
      ask({ type: 'whisper', target: '', sender: '', incarnation: 1, wave: 0, items: [whisper] }),
    ],
    [
      'listedMax',
      2,
      ask({ type: 'whisper', target: '', sender: '', incarnation: 1, wave: 0, items: [whisper] }),
    ],
    ['arcsMax', 1, answer({ type: 'described', member: { ...member, underReplicated: [arcs, arcs] } })],
  ];

  it.each(cases)('hold for both sides: %s', (name, limit, message) => {
    const strict = createCodec({ [name]: limit });
    expect(() => strict.encode(message)).toThrow(/allowed/);
    expect(() => strict.decode(payloadOf(codec.encode(message)))).toThrow(/allowed/);
  });

  it('cut sentences for people instead of refusing them, between characters', () => {
    const strict = createCodec({ sentenceBytes: 5 });
    const failed = answer({ type: 'failed', code: 'ERR_STORE', message: 'aéé\u{1f600}' });
    const { body } = strict.decode(payloadOf(strict.encode(failed)));
    expect(body).toStrictEqual({ type: 'failed', code: 'ERR_STORE', message: 'aéé' });
  });

  it('on the frame hold for the writer, however small the frame', () => {
    const strict = createCodec({ frameBytes: 7 });
    expect(strict.encode(ask({ type: 'fetch', keys: ['123'] })).length).toBe(11);
    expect(() => strict.encode(ask({ type: 'fetch', keys: ['1234'] }))).toThrow(/a frame of 8 bytes/);
  });

  it('on the frame hold for one that grows step by step', () => {
    const keys = Array.from({ length: 4_000 }, () => 'x'.repeat(1_000));
    const strict = createCodec({ frameBytes: 2_000_000 });
    expect(() => strict.encode(ask({ type: 'fetch', keys }))).toThrow(
      /a frame of \d+ bytes, at most 2000000/,
    );
  });

  it('refuse a list that is longer than the bytes left before reading any of it', () => {
    const payload = Uint8Array.of(0x30, 0x00, 0x80, 0x20, 0x00, 0x00);
    expect(() => codec.decode(payload)).toThrow(/a length of 4096 where 2 bytes are left/);
  });
});

describe('a hello of another version', () => {
  const terms = { version: 2, subnet: 'chord', encryption: 'SSL', k: 32 };

  it('yields its terms, whatever follows them', () => {
    const known = codec.encodeHandshake({ ...HELLO_SAMPLE, terms });
    const end = 1 + 1 + 6 + 4 + 1;
    const start = payloadOf(known).subarray(0, end);
    for (const payload of [start, payloadOf(known), Uint8Array.of(...start, 0xff, 0xff, 1, 2, 3)]) {
      const hello = codec.decodeHandshake(payload);
      expect(hello).toMatchObject({ type: 'hello', terms, fingerprint: '' });
    }
  });

  it('yields its terms also with a k that this version does not know', () => {
    const strange = { ...terms, version: 300, k: 160 };
    const frame = codec.encodeHandshake({ ...HELLO_SAMPLE, terms: strange });
    expect(codec.decodeHandshake(payloadOf(frame))).toMatchObject({ terms: strange });
  });

  it('is still refused where the terms are cut off', () => {
    const frame = codec.encodeHandshake({ ...HELLO_SAMPLE, terms });
    expect(() => codec.decodeHandshake(payloadOf(frame).subarray(0, 10))).toThrow(WireError);
  });

  it('goes with a refusal that may have more behind its end', () => {
    const refusal = { type: 'refusal', reason: 'mismatch', terms, differs: [], message: 'no' } as const;
    const payload = payloadOf(codec.encodeHandshake(refusal));
    expect(codec.decodeHandshake(Uint8Array.of(...payload, 1, 2))).toStrictEqual(refusal);
  });

  it('needs no matching k in the codec that reads it', () => {
    const payload = codec.encodeHandshake(HELLO_SAMPLE).subarray(HEADER_BYTES);
    expect(createCodec({}, 1).decodeHandshake(payload)).toStrictEqual(HELLO_SAMPLE);
  });
});
