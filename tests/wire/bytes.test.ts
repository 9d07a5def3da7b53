// Single values: their exact bytes, and every form that is refused.

import { describe, expect, it } from 'vitest';
import { Reader, WireError, Writer } from '../../src/wire/bytes.ts';
import { hex, payloadOf } from './fixture.ts';

const LIMIT = 100_000;

/** The payload that the calls write. */
function written(write: (out: Writer) => void): Uint8Array {
  const out = new Writer(LIMIT);
  out.begin();
  write(out);
  return payloadOf(out.finish());
}

function reader(...bytes: number[]): Reader {
  return new Reader(Uint8Array.from(bytes));
}

describe('a number', () => {
  const forms: readonly (readonly [number, string])[] = [
    [0, '00'],
    [127, '7f'],
    [128, '8001'],
    [16_383, 'ff7f'],
    [16_384, '808001'],
    [2 ** 31 - 1, 'ffffffff07'],
    [2 ** 31, '8080808008'],
    [2 ** 32, '8080808010'],
    [2 ** 48 - 1, 'ffffffffffff3f'],
    [2 ** 53 - 1, 'ffffffffffffff0f'],
  ];

  it.each(forms)('%d has one form', (value, form) => {
    const payload = written((out) => out.varint(value));
    expect(hex(payload)).toBe(form);
    expect(new Reader(payload).varint()).toBe(value);
  });

  it('in a longer form than need be is refused', () => {
    expect(() => reader(0x80, 0x00).varint()).toThrow(/longer than it need be/);
    expect(() => reader(0xff, 0x80, 0x00).varint()).toThrow(/longer than it need be/);
  });

  it('of 2**53 or of more than 8 bytes is refused', () => {
    expect(() => reader(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10).varint()).toThrow(/above/);
    expect(() => reader(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01).varint()).toThrow(/8 bytes/);
  });

  it('that ends early is refused', () => {
    expect(() => reader().varint()).toThrow(/ends within/);
    expect(() => reader(0x80).varint()).toThrow(/ends within/);
  });
});

describe('a text', () => {
  it.each([
    '',
    'plain',
    'x'.repeat(39),
    'x'.repeat(40),
    'naïve',
    '\ufeffmark',
    '日本',
    '\u{1f600}'.repeat(20),
  ])('comes back as it was: %s', (text) => {
    const payload = written((out) => out.text(text, 200));
    expect(new Reader(payload).text(200)).toBe(text);
  });

  it('is written as its length in bytes and UTF-8', () => {
    expect(hex(written((out) => out.text('aé', 3)))).toBe('0361c3a9');
  });

  it('that is not UTF-8 is refused', () => {
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
      expect(() => reader(bytes.length, ...bytes).text(10)).toThrow(/not UTF-8/);
    }
  });

  it('counts its bytes against the limit, not its characters', () => {
    expect(() => written((out) => out.text('éé', 3))).toThrow(/a length of 4, at most 3/);
    expect(() => reader(4, 0xc3, 0xa9, 0xc3, 0xa9).text(3)).toThrow(/a length of 4, at most 3/);
  });

  it('that is not ASCII is whole wherever a block of memory ends', () => {
    const text = 'éa'.repeat(50);
    const out = new Writer(LIMIT);
    for (let i = 0; i < 500; i++) {
      out.begin();
      out.varint(i);
      out.text(text, 200);
      const input = new Reader(payloadOf(out.finish()));
      expect([input.varint(), input.text(200)]).toEqual([i, text]);
    }
  });
});

describe('a byte string', () => {
  it.each([0, 1, 7, 8, 9, 39, 40, 41, 256, 1_000])('of %d bytes comes back as it was', (length) => {
    for (const offset of [0, 200]) {
      const key = String.fromCharCode(...Array.from({ length }, (_, i) => (i + offset) % 256));
      expect(new Reader(written((out) => out.byteString(key, 1_000))).byteString(1_000)).toBe(key);
    }
  });

  it('of ASCII beyond the short form comes back as it was', () => {
    const key = 'key:'.repeat(50);
    expect(new Reader(written((out) => out.byteString(key, 200))).byteString(200)).toBe(key);
  });

  it('with a character above 255 is not written', () => {
    expect(() => written((out) => out.byteString('\u0100', 10))).toThrow(WireError);
  });
});

describe('bytes', () => {
  it('are copied out of a large chunk, so that they do not keep it alive', () => {
    const chunk = new Uint8Array(65_536);
    chunk.set([3, 7, 8, 9], 100);
    const read = new Reader(chunk.subarray(100, 104)).bytes(10);
    expect([...read]).toEqual([7, 8, 9]);
    expect(read.buffer.byteLength).toBe(3);
  });

  it('that are most of their memory are a view of it', () => {
    const payload = written((out) => out.bytes(new Uint8Array(50_000), LIMIT)).slice();
    expect(new Reader(payload).bytes(LIMIT).buffer).toBe(payload.buffer);
  });

  it('of a fixed number have no length in front', () => {
    expect(hex(written((out) => out.fixed(Uint8Array.of(1, 2), 2)))).toBe('0102');
    expect(() => written((out) => out.fixed(Uint8Array.of(1, 2), 3))).toThrow(WireError);
    expect(() => reader(1).fixed(2)).toThrow(/ends within/);
  });

  it('longer than what is left are refused', () => {
    expect(() => reader(3, 1, 2).bytes(10)).toThrow(/a length of 3 where 2 bytes are left/);
  });
});

describe('an error', () => {
  it('says where it was noticed', () => {
    const input = reader(1, 2);
    input.u8();
    expect(() => input.bool()).toThrow(expect.objectContaining({ name: 'WireError', offset: 2 }));
  });

  it('is what a boolean above 1 is', () => {
    expect([reader(0).bool(), reader(1).bool()]).toEqual([false, true]);
    expect(() => reader(2).bool()).toThrow(/a boolean of 2/);
  });
});
