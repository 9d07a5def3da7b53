// docs/PROTOCOL.md against the code, both ways: every message, its code, its fields in order, the limits, the
// examples.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/core/message.ts';
import { HANDSHAKE_RULES } from '../../src/wire/handshake-codec.ts';
import { WIRE_LIMITS } from '../../src/wire/limits.ts';
import { REPLY_RULES } from '../../src/wire/reply-codec.ts';
import { REQUEST_RULES } from '../../src/wire/request-codec.ts';
import { createCodec, hex, payloadOf } from './fixture.ts';
import { HANDSHAKE_SAMPLES } from './handshake-samples.ts';
import { sampleMessages } from './samples.ts';

interface Row {
  readonly code: number;
  readonly name: string;
  readonly fields: readonly string[];
  /** The cells behind the fields. */
  readonly rest: readonly string[];
}

const text = readFileSync(fileURLToPath(new URL('../../docs/PROTOCOL.md', import.meta.url)), 'utf8');
const codec = createCodec();
const rows = text.split('\n').flatMap(parseRow);

/** A line of a message table; nothing for any other line. */
function parseRow(line: string): Row[] {
  const match = /^\| `0x([0-9a-f]{2})` \| `([a-z-]+)` \| ([^|]*) \| (.*) \|$/.exec(line);
  if (match === null) return [];
  const [, code = '', name = '', fields = '', rest = ''] = match;
  const names = [...fields.matchAll(/`(\w+): [^`]+`/g)].map(([, field = '']) => field);
  return [{ code: Number.parseInt(code, 16), name, fields: names, rest: rest.split(' | ') }];
}

function rowsWithin(low: number, high: number): Row[] {
  return rows.filter(({ code }) => code >= low && code <= high);
}

/**
 * What a table ought to say: `read` are messages as they were read, so their fields are in the order of the
 * wire.
 */
function expected(
  rules: Readonly<Record<string, { readonly code: number }>>,
  read: readonly { readonly type: string }[],
): Pick<Row, 'code' | 'name' | 'fields'>[] {
  const listed = Object.entries(rules).map(([name, { code }]) => {
    const message = read.find(({ type }) => type === name);
    return { code, name, fields: Object.keys(message ?? {}).filter((field) => field !== 'type') };
  });
  return listed.toSorted((a, b) => a.code - b.code);
}

function documented(part: readonly Row[]): Pick<Row, 'code' | 'name' | 'fields'>[] {
  return part.map(({ code, name, fields }) => ({ code, name, fields }));
}

function readBodies(direction: Message['direction']): Message['body'][] {
  const messages = sampleMessages().filter((message) => message.direction === direction);
  return messages.map((message) => codec.decode(payloadOf(codec.encode(message))).body);
}

/** The names in backticks. */
function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name);
}

/** The bytes of an example, without the notes beside them. */
function example(name: string): string {
  const block = text.split(`<!-- example: ${name} -->`)[1]?.split('```')[1] ?? '';
  const lines = block
    .split('\n')
    .map((line) => /^(?:[0-9a-f]{2} )*[0-9a-f]{2}(?= {2})/.exec(line)?.[0] ?? '');
  return lines.join('').replaceAll(' ', '');
}

describe('docs/PROTOCOL.md', () => {
  it('lists the messages of the handshake with their codes and fields', () => {
    const samples = Object.values(HANDSHAKE_SAMPLES).flat();
    const read = samples.map((message) => codec.decodeHandshake(payloadOf(codec.encodeHandshake(message))));
    expect(documented(rowsWithin(0x00, 0x0f))).toEqual(expected(HANDSHAKE_RULES, read));
  });

  it('lists the requests with their codes and fields', () => {
    expect(documented(rowsWithin(0x10, 0x3f))).toEqual(expected(REQUEST_RULES, readBodies('request')));
  });

  it('lists the replies with their codes and fields', () => {
    expect(documented(rowsWithin(0x40, 0x7f))).toEqual(expected(REPLY_RULES, readBodies('reply')));
  });

  it('gives a reply the code of the first request that it answers plus 0x30', () => {
    const requests = rowsWithin(0x10, 0x3f);
    const replyTo = (row: Row): string | undefined => quoted(row.rest[1] ?? '')[0];
    for (const request of requests) {
      const first = requests.find((other) => replyTo(other) === replyTo(request));
      const reply = rows.find(({ code }) => code === (first?.code ?? 0) + 0x30);
      expect([request.name, replyTo(request)]).toEqual([request.name, reply?.name]);
    }
  });

  it('says the same of who answers what in both tables', () => {
    const asked = rowsWithin(0x10, 0x3f).flatMap(({ name, rest }) =>
      quoted(rest[1] ?? '').map((reply) => `${name}: ${reply}`),
    );
    const answered = rowsWithin(0x40, 0x7f).flatMap(({ name, rest }) =>
      quoted(rest[0] ?? '').map((request) => `${request}: ${name}`),
    );
    expect(answered.toSorted()).toEqual(asked.toSorted());
  });

  it('lists the limits with their numbers', () => {
    const listed = [...text.matchAll(/^\| `(\w+(?:Bytes|Max))` \| (\d+) \|/gm)];
    expect(Object.fromEntries(listed.map(([, name, value]) => [name, Number(value)]))).toEqual(WIRE_LIMITS);
  });

  it('shows examples that are true', () => {
    const fetch: Message = {
      direction: 'request',
      number: 128,
      body: { type: 'fetch', keys: ['apple', '\u0000\u00ff'] },
    };
    const operated: Message = {
      direction: 'reply',
      number: 5,
      body: { type: 'operated', arc: { from: 4_000_000_000, to: 123_456_789 }, result: { type: 'none' } },
    };
    expect(example('fetch')).toBe(hex(codec.encode(fetch)));
    expect(example('operated')).toBe(hex(codec.encode(operated)));
  });
});
