// Frames: cut right however the bytes arrive, within bounded memory and work.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../../src/wire/bytes.ts';
import { FrameReader } from '../../src/wire/frame.ts';
import { hex } from './fixture.ts';

const LIMIT = 1 << 21;

function frameOf(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(4 + payload.length);
  new DataView(frame.buffer).setUint32(0, payload.length);
  frame.set(payload, 4);
  return frame;
}

function readAll(reader: FrameReader): Uint8Array[] {
  const payloads: Uint8Array[] = [];
  for (let next = reader.next(); next !== undefined; next = reader.next()) payloads.push(next);
  return payloads;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

describe('frames', () => {
  const payloads = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 12 });
  const cuts = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 500 })));

  it.each([true, false])('are cut right from any chunks; read after each chunk: %s', (eager) => {
    fc.assert(
      fc.property(payloads, cuts, (sent, sizes) => {
        const stream = Buffer.concat(sent.map(frameOf));
        const reader = new FrameReader(LIMIT);
        const received: Uint8Array[] = [];
        for (let at = 0; at < stream.length; ) {
          const end = at + (Number(sizes.next().value) || 1);
          reader.push(stream.subarray(at, end));
          if (eager) received.push(...readAll(reader));
          at = end;
        }
        received.push(...readAll(reader));
        expect(received.map(hex)).toEqual(sent.map(hex));
        expect(reader.isWithinFrame).toBe(false);
      }),
    );
  });

  it('in one chunk are views of it', () => {
    const chunk = frameOf(Uint8Array.of(1, 2, 3));
    const reader = new FrameReader(LIMIT);
    reader.push(chunk);
    expect(reader.next()?.buffer).toBe(chunk.buffer);
  });

  it('that end in another chunk do not keep the first alive', () => {
    const chunk = Buffer.concat([frameOf(new Uint8Array(65_000)), Uint8Array.of(0, 0, 0, 3, 7)]);
    const reader = new FrameReader(LIMIT);
    reader.push(chunk);
    expect(readAll(reader)).toHaveLength(1);
    expect(reader.isWithinFrame).toBe(true);
    reader.push(Uint8Array.of(8, 9));
    const [payload] = readAll(reader);
    expect([...payload!]).toEqual([7, 8, 9]);
    expect(payload!.buffer.byteLength).toBeLessThan(100);
  });
});

describe('a large frame', () => {
  const payload = Uint8Array.from({ length: 1 << 20 }, (_, i) => i % 251);
  const frame = frameOf(payload);

  it.each([16_384, 1_000, 1])('is put together from chunks of %d bytes', (size) => {
    const reader = new FrameReader(LIMIT);
    const received: Uint8Array[] = [];
    for (let at = 0; at < frame.length; at += size) {
      reader.push(frame.subarray(at, at + size));
      received.push(...readAll(reader));
    }
    expect(received).toHaveLength(1);
    expect(Buffer.compare(received[0]!, payload)).toBe(0);
    expect(received[0]!.buffer.byteLength).toBe(frame.length);
  });

  it('takes no more memory than twice what has arrived of it', () => {
    const reader = new FrameReader(2 ** 31);
    const before = process.memoryUsage().arrayBuffers;
    reader.push(Uint8Array.of(0x7f, 0xff, 0xff, 0xff));
    reader.next();
    for (let i = 0; i < 100; i++) {
      reader.push(new Uint8Array(1_000));
      reader.next();
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4_000_000);
    expect(reader.isWithinFrame).toBe(true);
  });
});

describe('a header', () => {
  it('above the limit is refused before anything of the frame arrives, and from then on', () => {
    for (const chunks of [[[0, 0x20, 0, 1]], [[0], [0x20, 0], [1]]]) {
      const reader = new FrameReader(LIMIT);
      const push = (): void => {
        for (const chunk of chunks) {
          reader.push(Uint8Array.from(chunk));
          reader.next();
        }
      };
      expect(push).toThrow(/a frame of 2097153 bytes, at most 2097152 allowed/);
      reader.push(frameOf(Uint8Array.of(1)));
      expect(() => reader.next()).toThrow(WireError);
    }
  });

  it('at the limit is accepted', () => {
    const reader = new FrameReader(3);
    reader.push(frameOf(Uint8Array.of(1, 2, 3)));
    expect(reader.next()).toHaveLength(3);
  });

  it('of an empty frame is refused', () => {
    const reader = new FrameReader(LIMIT);
    reader.push(new Uint8Array(4));
    expect(() => reader.next()).toThrow(/an empty frame/);
  });

  const strangers: readonly (readonly [string, Uint8Array])[] = [
    ['TLS', Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00)],
    ['HTTP', bytesOf('GET / HTTP/1.1\r\n')],
    ['HTTP', bytesOf('HTTP/1.1 400 Bad Request\r\n')],
    ['text', bytesOf('hello there\n')],
  ];

  it.each(strangers)('of a stranger says what it speaks: %s', (name, bytes) => {
    const reader = new FrameReader(LIMIT);
    reader.push(bytes);
    expect(() => reader.next()).toThrow(`look like ${name}`);
  });
});
