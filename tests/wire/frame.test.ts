// Frames: cut right however the bytes arrive, within bounded memory and work.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../../src/wire/bytes.ts';
import { FrameReader } from '../../src/wire/frame.ts';
import { FrameBudget } from '../../src/wire/frame-budget.ts';
import { isWhole, PART_BYTES, Parts } from '../../src/wire/parts.ts';
import { hex } from './fixture.ts';

const LIMIT = 1 << 21;

function frameOf(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(4 + payload.length);
  new DataView(frame.buffer).setUint32(0, payload.length);
  frame.set(payload, 4);
  return frame;
}

/** As a link sends it: whole, or in parts with other frames between them. */
function travel(frame: Uint8Array, between: Uint8Array = new Uint8Array(0)): Uint8Array {
  if (isWhole(frame)) return frame;
  const parts = new Parts(frame);
  const pieces: Uint8Array[] = [];
  while (parts.rest > 0) pieces.push(...parts.next(), between);
  return Buffer.concat(pieces);
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

describe('a large message', () => {
  const payload = Uint8Array.from({ length: (1 << 20) + 7 }, (_, i) => i % 251);
  const stream = travel(frameOf(payload));

  it.each([65_540, 16_384, 1_000, 1])('is put together from chunks of %d bytes', (size) => {
    const reader = new FrameReader(LIMIT);
    const received: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += size) {
      reader.push(stream.subarray(at, at + size));
      received.push(...readAll(reader));
    }
    expect(received).toHaveLength(1);
    expect(Buffer.compare(received[0]!, payload)).toBe(0);
    expect(received[0]!.buffer.byteLength).toBe(payload.length);
    expect(reader.isWithinFrame).toBe(false);
  });

  it('has the headers that PROTOCOL.md gives as an example', () => {
    const parts = new Parts(frameOf(new Uint8Array(131_073)));
    const headers = Array.from({ length: 3 }, () => hex(parts.next()[0]));
    expect(headers).toEqual(['80010000', '80010000', 'c0000001']);
    expect(parts.rest).toBe(0);
  });

  it('lets others pass between its parts', () => {
    const reader = new FrameReader(LIMIT);
    reader.push(travel(frameOf(payload), frameOf(Uint8Array.of(1))));
    const received = readAll(reader);
    // Seventeen parts: sixteen small ones come before the message is whole.
    expect(received.map(({ length }) => length)).toEqual([
      ...Array.from({ length: 16 }, () => 1),
      payload.length,
      1,
    ]);
  });

  it('takes no more memory than twice what has arrived of it', () => {
    const reader = new FrameReader(2 ** 29);
    const before = process.memoryUsage().arrayBuffers;
    const part = travel(frameOf(new Uint8Array(2 * PART_BYTES))).slice(0, 4 + PART_BYTES);
    for (let i = 0; i < 20; i++) {
      reader.push(part.slice());
      expect(reader.next()).toBeUndefined();
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * 21 * PART_BYTES);
  });

  const part = (header: number, length: number): Uint8Array => {
    const frame = frameOf(new Uint8Array(length));
    new DataView(frame.buffer).setUint32(0, header + length);
    return frame;
  };
  const [more, last] = [2 ** 31, 2 ** 31 + 2 ** 30];

  it.each([
    ['a part that is too short', [part(more, 100)]],
    ['a last part without a first', [part(last, 100)]],
    ['a part that is too long', [part(more, PART_BYTES + 1)]],
    ['an empty part', [part(more, PART_BYTES), part(last, 0)]],
    ['a message in parts above the limit', Array.from({ length: 33 }, () => part(more, PART_BYTES))],
    ['a large message that is not in parts', [frameOf(new Uint8Array(PART_BYTES + 1))]],
  ])('is refused as %s', (_name, frames) => {
    const reader = new FrameReader(LIMIT);
    const read = (): void => {
      for (const frame of frames) {
        reader.push(frame);
        readAll(reader);
      }
    };
    expect(read).toThrow(WireError);
  });
});

describe('messages above what a connection may hold by itself', () => {
  /** Three parts and a bit, in parts. */
  const frame = frameOf(new Uint8Array(3 * PART_BYTES + 7).fill(5));
  const stream = travel(frame);
  /** Two parts and half of the third. */
  const half = stream.subarray(0, 2.5 * PART_BYTES);

  function readers(sharedBytes: number): { budget: FrameBudget; lost: number[]; make: () => FrameReader } {
    const budget = new FrameBudget(PART_BYTES, sharedBytes);
    const lost: number[] = [];
    return {
      budget,
      lost,
      make: () => new FrameReader(LIMIT, { budget, leftOut: (bytes) => lost.push(bytes) }),
    };
  }

  function take(reader: FrameReader, chunk: Uint8Array): number[] {
    reader.push(chunk);
    return readAll(reader).map(({ length }) => length);
  }

  it('share what there is, and give it back when they are whole', () => {
    const { budget, lost, make } = readers(4 * PART_BYTES + 14);
    const both = [make(), make()];
    for (const reader of both) expect(take(reader, half)).toEqual([]);
    expect(budget.taken).toBe(2 * PART_BYTES);
    for (const reader of both) expect(take(reader, stream.subarray(half.length))).toEqual([frame.length - 4]);
    expect([budget.taken, lost]).toEqual([0, []]);
  });

  it('are passed over where they find no room, and what comes behind and between is read', () => {
    const { budget, lost, make } = readers(2 * PART_BYTES);
    const [first, second] = [make(), make()];
    take(first, half);
    const between = travel(frame, frameOf(Uint8Array.of(1)));
    expect(take(second, between)).toEqual([1, 1, 1, 1]);
    expect(lost).toEqual([frame.length - 4]);
    expect(second.isWithinFrame).toBe(false);
    expect(budget.taken).toBe(PART_BYTES);
    first.clear();
    expect(budget.taken).toBe(0);
    expect(take(second, travel(frameOf(new Uint8Array(3 * PART_BYTES))))).toEqual([3 * PART_BYTES]);
  });

  it('hold nothing of what is passed over, and end where any message does', () => {
    const { budget, make } = readers(0);
    const reader = make();
    const part = stream.subarray(0, 4 + PART_BYTES);
    const before = process.memoryUsage().arrayBuffers;
    const push = (): void => {
      for (let i = 0; i <= LIMIT / PART_BYTES; i++) take(reader, part.slice());
    };
    expect(push).toThrow(/a message of \d+ bytes or more/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * LIMIT);
    expect(budget.taken).toBe(0);
  });

  it('need nothing of it where a connection holds them by itself', () => {
    const { budget, lost, make } = readers(0);
    const reader = make();
    expect(take(reader, travel(frameOf(new Uint8Array(PART_BYTES))))).toEqual([PART_BYTES]);
    expect([budget.taken, lost]).toEqual([0, []]);
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
      expect(push).toThrow(/a frame of 2097153 bytes, at most 65536 allowed/);
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
