// Configurations, ballots and registers to bytes and back: equality for random ones, and what is refused.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Base, Configuration, Register, RegisterRecord } from '../../src/core/configuration.ts';
import { Reader, Writer, WireError } from '../../src/wire/bytes.ts';
import { ContactReader } from '../../src/wire/contact-codec.ts';
import { WIRE_LIMITS } from '../../src/wire/limits.ts';
import {
  readBallot,
  readBase,
  readConfiguration,
  readRegister,
  readRegisterRecord,
  writeBallot,
  writeBase,
  writeConfiguration,
  writeRegister,
  writeRegisterRecord,
} from '../../src/wire/register-codec.ts';
import type { Scope } from '../../src/wire/schema.ts';
import { contactOf, idOf, K, payloadOf, sha256 } from './fixture.ts';

const scope: Scope = {
  limits: WIRE_LIMITS,
  size: 2 ** K,
  contacts: new ContactReader({ k: K, hash: sha256, idOf, hostBytes: WIRE_LIMITS.hostBytes }),
};

function written(write: (out: Writer) => void): Uint8Array {
  const out = new Writer(WIRE_LIMITS.frameBytes);
  out.begin();
  write(out);
  return payloadOf(out.finish());
}

/** Reads all of the payload. */
function wholly<T>(payload: Uint8Array, read: (input: Reader) => T): T {
  const input = new Reader(payload);
  const value = read(input);
  input.done();
  return value;
}

const record = <T>(fields: { [Field in keyof T]: fc.Arbitrary<T[Field]> }): fc.Arbitrary<T> =>
  fc.record<T>(fields, { noNullPrototype: true });
const count = fc.maxSafeNat();
const contact = fc
  .tuple(
    fc.uint8Array({ minLength: 1, maxLength: 64 }),
    record({
      salt: fc.nat({ max: 0xffff }),
      incarnation: count,
      host: fc.string({ maxLength: 30 }),
      port: fc.nat({ max: 0xffff }),
    }),
  )
  .map(([publicKey, rest]) => contactOf(new Uint8Array(publicKey), rest));
const ballot = record({ round: count, id: fc.string({ maxLength: 44 }).filter(isShort) });
const lineage = fc.string({ maxLength: 60 }).filter(isShort);
const base: fc.Arbitrary<Base> = record({ lineage, epoch: count });
const configuration: fc.Arbitrary<Configuration> = record({
  lineage,
  epoch: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  members: fc.array(record({ contact, birth: count }), { minLength: 1, maxLength: 5 }),
  ancestors: fc.array(base, { maxLength: 5 }),
});
const register: fc.Arbitrary<Register> = record({
  configuration,
  promised: fc.option(ballot, { nil: undefined }),
  accepted: fc.option(record({ ballot, configuration }), { nil: undefined }),
  watermark: count,
});
const position = fc.nat({ max: 2 ** 31 - 1 });
const registerRecord: fc.Arbitrary<RegisterRecord> = record({
  arc: record({ from: position, to: position }),
  register,
});

/** Ids and lineages are ASCII; other characters take more bytes than they have units. */
function isShort(text: string): boolean {
  return new TextEncoder().encode(text).length <= 64;
}

const MEMBERS = [
  { contact: contactOf(Uint8Array.of(1), { salt: 1, incarnation: 1, host: 'a', port: 1 }), birth: 1 },
];
const SAMPLE: Configuration = { lineage: 'l', epoch: 1, members: MEMBERS, ancestors: [] };

describe('a round trip', () => {
  it('keeps every field of a configuration', () => {
    fc.assert(
      fc.property(configuration, (value) => {
        const payload = written((out) => writeConfiguration(out, value, scope));
        expect(wholly(payload, (input) => readConfiguration(input, scope))).toStrictEqual(value);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps every field of a ballot', () => {
    fc.assert(
      fc.property(ballot, (value) => {
        expect(
          wholly(
            written((out) => writeBallot(out, value)),
            readBallot,
          ),
        ).toStrictEqual(value);
      }),
    );
  });

  it('keeps the name of a configuration', () => {
    fc.assert(
      fc.property(base, (value) => {
        const payload = written((out) => writeBase(out, value));
        expect(wholly(payload, readBase)).toStrictEqual(value);
      }),
    );
  });

  it('keeps every field of a register and of its arc', () => {
    fc.assert(
      fc.property(registerRecord, (value) => {
        const alone = written((out) => writeRegister(out, value.register, scope));
        expect(wholly(alone, (input) => readRegister(input, scope))).toStrictEqual(value.register);
        const payload = written((out) => writeRegisterRecord(out, value, scope));
        expect(wholly(payload, (input) => readRegisterRecord(input, scope))).toStrictEqual(value);
      }),
      { numRuns: 50 },
    );
  });
});

describe('what is refused', () => {
  it.each<[string, Configuration]>([
    ['an epoch of 0', { ...SAMPLE, epoch: 0 }],
    ['no members', { ...SAMPLE, members: [] }],
    [
      'more members than a list may have',
      { ...SAMPLE, members: Array.from({ length: 257 }, () => MEMBERS[0]!) },
    ],
    ['a lineage of 129 bytes', { ...SAMPLE, lineage: 'x'.repeat(129) }],
    [
      'more ancestors than a list may have',
      { ...SAMPLE, ancestors: Array.from({ length: 257 }, () => ({ lineage: 'a', epoch: 1 })) },
    ],
  ])('by the writer: %s', (_name, value) => {
    expect(() => written((out) => writeConfiguration(out, value, scope))).toThrow(WireError);
  });

  it.each<[string, number[]]>([
    ['an epoch of 0', [1, 0x6c, 0]],
    ['no members', [1, 0x6c, 1, 0]],
    ['a lineage of 129 bytes', [0x81, 0x01, ...Array.from({ length: 129 }, () => 0x6c)]],
    ['more members than bytes', [1, 0x6c, 1, 200]],
  ])('by the reader: %s', (_name, bytes) => {
    expect(() => wholly(Uint8Array.from(bytes), (input) => readConfiguration(input, scope))).toThrow(
      WireError,
    );
  });

  it('is a watermark that is no integer from 0 on', () => {
    const value: Register = {
      configuration: SAMPLE,
      promised: undefined,
      accepted: undefined,
      watermark: -1,
    };
    expect(() => written((out) => writeRegister(out, value, scope))).toThrow(WireError);
  });

  it('is every truncation, and any byte behind the end', () => {
    const full: RegisterRecord = {
      arc: { from: 7, to: 8 },
      register: {
        configuration: SAMPLE,
        promised: { round: 3, id: 'a' },
        accepted: {
          ballot: { round: 3, id: 'a' },
          configuration: { ...SAMPLE, epoch: 2, ancestors: [{ lineage: 'a', epoch: 9 }] },
        },
        watermark: 1_800_000_000_000,
      },
    };
    const payload = written((out) => writeRegisterRecord(out, full, scope));
    const read = (bytes: Uint8Array): RegisterRecord =>
      wholly(bytes, (input) => readRegisterRecord(input, scope));
    expect(read(payload)).toStrictEqual(full);
    for (let end = 0; end < payload.length; end++)
      expect(() => read(payload.subarray(0, end))).toThrow(WireError);
    expect(() => read(Uint8Array.of(...payload, 0))).toThrow(WireError);
  });
});
