// What increments and merges make of stored bytes: the formats, what is refused, and merging against the
// language's own.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Computed, valueAfter } from '../../src/core/computed-value.ts';

const LARGEST = Number.MAX_SAFE_INTEGER;

function increment(stored: string | undefined, by: number): string {
  return outcome(valueAfter({ type: 'increment', by }, bytesOf(stored), 1_000));
}

function merge(stored: string | undefined, patch: string, limit = 1_000): string {
  return outcome(valueAfter({ type: 'merge', patch: bytesOf(patch)! }, bytesOf(stored), limit));
}

function outcome(computed: Computed): string {
  return computed.type === 'refused' ? computed.code : new TextDecoder().decode(computed.value);
}

function bytesOf(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : new TextEncoder().encode(text);
}

describe('an increment', () => {
  it('counts from nothing, up and down', () => {
    expect(increment(undefined, 1)).toBe('1');
    expect(increment('41', 1)).toBe('42');
    expect(increment('1', -3)).toBe('-2');
    expect(increment('-2', 2)).toBe('0');
    expect(increment(undefined, -0)).toBe('0');
  });

  it('reaches the last safe integer on either side and goes no further', () => {
    expect(increment(String(LARGEST - 1), 1)).toBe(String(LARGEST));
    expect(increment(String(-LARGEST), 0)).toBe(String(-LARGEST));
    expect(increment(String(LARGEST), 1)).toBe('ERR_NOT_A_NUMBER');
    expect(increment(String(-LARGEST), -LARGEST)).toBe('ERR_NOT_A_NUMBER');
  });

  it.each(['', ' 1', '1 ', '+1', '-0', '01', '1.0', '1e3', '0x1', 'one', '١', '9007199254740992', '1\n'])(
    'refuses %j',
    (stored) => {
      expect(increment(stored, 1)).toBe('ERR_NOT_A_NUMBER');
    },
  );

  it('says what it found', () => {
    const refused = valueAfter({ type: 'increment', by: 1 }, bytesOf(`x${'y'.repeat(50)}`), 1_000);
    expect(refused).toMatchObject({
      message: `the stored value is "x${'y'.repeat(31)}" and 19 bytes more, expected a decimal integer`,
    });
  });

  it('adds as integers do, whatever they are', () => {
    const half = Math.floor(LARGEST / 2);
    const number = fc.integer({ min: -half, max: half });
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(increment(String(a), b)).toBe(String(BigInt(a) + BigInt(b)));
      }),
    );
  });
});

describe('a merge', () => {
  it('makes an object where there is none', () => {
    expect(merge(undefined, '{"a":1}')).toBe('{"a":1}');
    expect(merge(undefined, '{}')).toBe('{}');
  });

  it('replaces members in their place and puts new ones behind', () => {
    expect(merge('{"a":1,"b":{"x":1},"c":3}', '{"d":4,"b":{"y":2}}')).toBe('{"a":1,"b":{"y":2},"c":3,"d":4}');
  });

  it('stores a null', () => {
    expect(merge('{"a":1,"b":2}', '{"a":null}')).toBe('{"a":null,"b":2}');
  });

  it('leaves what it does not name to the last digit, and in its order', () => {
    expect(merge('{"id":12345678901234567890,"9":1,"1":1.50}', '{"on":true}')).toBe(
      '{"id":12345678901234567890,"9":1,"1":1.50,"on":true}',
    );
  });

  it('takes spaces, quotes and brackets inside of strings for what they are', () => {
    const stored = ' { "a\\"}," : "]}{\\\\" ,\n"b":[ 1, {"c":"}"} ]\t} ';
    expect(JSON.parse(merge(stored, '{"b":0}'))).toEqual({ 'a"},': ']}{\\', b: 0 });
    expect(merge('{"\\u0061":1}', '{"a":2}')).toBe('{"a":2}');
  });

  it("makes nothing of the names that are the language's own", () => {
    const merged = merge('{"a":1}', '{"__proto__":{"admin":true},"constructor":1}');
    expect(merged).toBe('{"a":1,"__proto__":{"admin":true},"constructor":1}');
    expect({}).not.toHaveProperty('admin');
  });

  it.each(['', 'x', '1', 'null', '[1]', '"{}"', '{"a":1', '{a:1}', '{}{}'])('refuses %j', (other) => {
    expect(merge(other, '{}')).toBe('ERR_NOT_JSON');
    expect(merge('{}', other)).toBe('ERR_NOT_JSON');
  });

  it('refuses bytes that are no UTF-8', () => {
    const stored = Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d);
    const patch = new TextEncoder().encode('{}');
    expect(outcome(valueAfter({ type: 'merge', patch }, stored, 1_000))).toBe('ERR_NOT_JSON');
  });

  it('refuses to make a value that is too large', () => {
    expect(merge('{"a":1}', '{"b":2}', 13)).toBe('{"a":1,"b":2}');
    expect(merge('{"a":1}', '{"b":2}', 12)).toBe('ERR_VALUE_TOO_LARGE');
  });

  it('survives nesting as deep as a value can hold', () => {
    const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(merge(deep, '{"b":1}', 1_000_000)).toBe(`${deep.slice(0, -1)},"b":1}`);
  });

  it('gives the same object as spreading does', () => {
    // Names that the language sorts or treats apart are tried above.
    const name = fc.string().filter((text) => text !== '__proto__' && !/^\d+$/.test(text));
    const object = fc.dictionary(name, fc.jsonValue(), { noNullPrototype: true });
    const spaces = fc.constantFrom(undefined, 1, '\t');
    fc.assert(
      fc.property(object, object, spaces, (a, b, space) => {
        const merged = merge(JSON.stringify(a, null, space), JSON.stringify(b), 1_000_000);
        const expected = JSON.stringify({ ...a, ...b });
        expect(JSON.stringify(JSON.parse(merged))).toBe(expected);
      }),
    );
  });
});

describe('the other writes', () => {
  it('leave what they were given', () => {
    const value = Uint8Array.of(1);
    const set = { type: 'set', value, ttlMs: 0, ifAbsent: false, ifVersion: '' } as const;
    expect(valueAfter(set, undefined, 0)).toEqual({ type: 'computes', value });
    expect(valueAfter({ type: 'delete', ifVersion: '' }, value, 0)).toEqual({
      type: 'computes',
      value: undefined,
    });
  });
});
