// First bytes: what is taken for what.
import { expect, it } from 'vitest';
import { recogniseOpening } from '../../src/transport/opening.ts';

it.each([
  ['frames', [0, 0, 0, 9]],
  ['frames', [0]],
  ['tls', [0x16, 0x03, 0x01]],
  ['tls', [0x16]],
  ['unknown', [0x16, 0x04]],
  ['tls-alert', [0x15, 0x03, 0x03]],
  ['unknown', [0x81]],
] as const)('%s: %o', (opening, bytes) => {
  expect(recogniseOpening(Uint8Array.from(bytes))).toBe(opening);
});

it.each([
  'GET / HTTP/1.1',
  'POST /',
  'HEAD /',
  'PUT /x',
  'DELETE /',
  'OPTIONS *',
  'PRI * HTTP/2.0',
  'HTTP/1.1 400',
])('http: %s', (text) => {
  expect(recogniseOpening(Buffer.from(text))).toBe('http');
});

it.each(['SSH-2.0', 'GETTING', 'hello', '\r\n'])('unknown: %j', (text) => {
  expect(recogniseOpening(Buffer.from(text))).toBe('unknown');
});
