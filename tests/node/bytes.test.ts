// Bytes: the edge between what users hold and what the ring stores.
import { describe, expect, it } from 'vitest';
import { keyToBuffer, keyToText, toKey, toPrefix, toValue, valueToBuffer } from '../../src/node/bytes.ts';

const LIMITS = { keyBytes: 8, valueBytes: 16 };

describe('keys', () => {
  it('are the same for a string and for its UTF-8 bytes', () => {
    expect(toKey('aé', LIMITS)).toBe(toKey(Uint8Array.of(0x61, 0xc3, 0xa9), LIMITS));
  });

  it('come back as the bytes that went in', () => {
    const bytes = Uint8Array.of(0, 127, 128, 255);
    expect(keyToBuffer(toKey(bytes, LIMITS))).toEqual(Buffer.from(bytes));
  });

  it('of a view are only the bytes that the view shows', () => {
    const whole = Uint8Array.of(1, 2, 3, 4);
    expect(keyToBuffer(toKey(whole.subarray(1, 3), LIMITS))).toEqual(Buffer.of(2, 3));
  });

  it('may be empty', () => {
    expect(toKey('', LIMITS)).toBe('');
  });

  it('are measured in bytes, not in characters', () => {
    expect(toKey('12345678', LIMITS)).toBe('12345678');
    expect(() => toKey('éééée', LIMITS)).toThrow(expect.objectContaining({ code: 'ERR_KEY_TOO_LARGE' }));
  });

  it.each<[string, unknown]>([
    ['a number', 5],
    ['undefined', undefined],
    ['null', null],
    ['a list of numbers', [1, 2]],
    ['an ArrayBuffer', new ArrayBuffer(2)],
    ['a high surrogate alone', '\ud800'],
    ['a low surrogate alone', 'a\udc00b'],
    ['surrogates in the wrong order', '\udc00\ud800'],
  ])('are refused as a type: %s', (_name, given) => {
    expect(() => toKey(given, LIMITS)).toThrow(TypeError);
  });

  it('take a pair of surrogates', () => {
    expect(keyToBuffer(toKey('😀', LIMITS)).toString()).toBe('😀');
  });

  it('are shown as text exactly where they are UTF-8', () => {
    expect(keyToText(toKey('é', LIMITS))).toBe('é');
    expect(keyToText(toKey(Uint8Array.of(0xe9), LIMITS))).toEqual(Buffer.of(0xe9));
  });
});

describe('prefixes', () => {
  it('are all keys when there is none', () => {
    expect(toPrefix(undefined)).toBe('');
  });

  it('are refused like keys', () => {
    expect(() => toPrefix(5)).toThrow(TypeError);
  });
});

describe('values', () => {
  it('are copied on the way in', () => {
    const mine = Uint8Array.of(1, 2);
    const stored = toValue(mine, LIMITS);
    mine[0] = 9;
    expect(stored).toEqual(Buffer.of(1, 2));
  });

  it('are copied on the way out', () => {
    const stored = Uint8Array.of(1, 2);
    const returned = valueToBuffer(stored);
    returned[0] = 9;
    expect(stored).toEqual(Uint8Array.of(1, 2));
  });

  it('are refused beyond the limit', () => {
    expect(toValue(new Uint8Array(16), LIMITS)).toHaveLength(16);
    expect(() => toValue(new Uint8Array(17), LIMITS)).toThrow(
      expect.objectContaining({
        code: 'ERR_VALUE_TOO_LARGE',
        message: expect.stringContaining('17 bytes') as string,
      }),
    );
  });

  it.each([5, undefined, null, { a: 1 }, '\ud800'])('are refused as a type: %j', (given) => {
    expect(() => toValue(given, LIMITS)).toThrow(TypeError);
  });
});
