// The names of networks and of numbers.

import { createHash } from 'node:crypto';
import { base58 } from '@scure/base';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBase58 } from '../../src/wire/base58.ts';
import { networkId, protocolId } from '../../src/wire/fingerprint.ts';
import { lengthPrefixed } from '../../src/wire/transcript.ts';
import { hex, sha256 } from './fixture.ts';

const terms = { version: 1, subnet: 'chord', encryption: 'SSL', k: 32 };

describe('base58', () => {
  it.each([
    [0, '1'],
    [1, '2'],
    [57, 'z'],
    [58, '21'],
    [32, 'Z'],
    [2 ** 53 - 1, '2DLNrMSKug'],
  ])('of %d is %s', (number, text) => {
    expect(toBase58(number)).toBe(text);
  });

  it('of a number is that of its bytes without leading zeros', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (number) => {
        const digits = number.toString(16);
        const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
        expect(toBase58(number)).toBe(number === 0 ? '1' : base58.encode(new Uint8Array(bytes)));
      }),
    );
  });

  it('of bytes keeps leading zeros', () => {
    expect(toBase58(Uint8Array.of(0, 0, 1))).toBe('112');
  });

  it.each([
    ['bigint', 5n],
    ['string', 'x'],
    ['null', null],
  ])('says that it got a %s where it takes numbers and bytes', (got, value) => {
    const refusal = `toBase58 takes a number or a Uint8Array, got ${got}`;
    expect(() => toBase58(value as unknown as number)).toThrow(new TypeError(refusal));
  });

  it('of any other number is a RangeError', () => {
    for (const number of [-1, 0.5, 2 ** 53, Number.NaN]) expect(() => toBase58(number)).toThrow(RangeError);
  });
});

describe('a transcript', () => {
  it('is each part with its length in four bytes in front', () => {
    expect(hex(lengthPrefixed(['é', Uint8Array.of(9), '']))).toBe('00000002c3a9000000010900000000');
    expect(hex(lengthPrefixed([]))).toBe('');
  });
});

describe('the fingerprint of a network', () => {
  it('is made of its terms as documented', () => {
    const input = Buffer.from('0000000563686f72640000000353534c0000000131', 'hex');
    const digest = createHash('sha256').update(input).digest();
    expect(protocolId(sha256, terms)).toBe(base58.encode(new Uint8Array(digest)));
    expect(networkId(sha256, terms)).toBe(`${protocolId(sha256, terms)}Z`);
  });

  it('differs as soon as one of the terms does', () => {
    const others = [
      { ...terms, version: 2 },
      { ...terms, subnet: 'chor' },
      { ...terms, encryption: 'Plaintext' },
      { ...terms, subnet: 'chordS', encryption: 'SL' },
      { ...terms, k: 31 },
    ];
    const ids = [terms, ...others].map((each) => networkId(sha256, each));
    expect(new Set(ids).size).toBe(ids.length);
  });
});
