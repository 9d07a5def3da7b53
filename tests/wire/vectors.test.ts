// The vectors in tests/wire/vectors: frames as they were once recorded, so that the bytes of a message never
// change by accident. After a change on purpose: RECORD=1 npx vitest run tests/wire/vectors.test.ts, then npm
// run format.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/core/message.ts';
import { networkId } from '../../src/wire/fingerprint.ts';
import type { HandshakeMessage, Terms } from '../../src/wire/handshake-message.ts';
import { createCodec, fromHex, fromText, hex, K, payloadOf, sha256, toText } from './fixture.ts';
import { HANDSHAKE_SAMPLES, HELLO_SAMPLE } from './handshake-samples.ts';
import { sampleMessages } from './samples.ts';

type Any = Message | HandshakeMessage;

const FOLDER = fileURLToPath(new URL('vectors', import.meta.url));
const FINGERPRINTS = 'fingerprint.json';
const FOREIGN_HELLO = 'foreign-hello.json';
const codec = createCodec();
const samples = groupByFile([...Object.values(HANDSHAKE_SAMPLES).flat(), ...sampleMessages()]);

const networks: readonly Terms[] = [
  { version: 1, subnet: 'chord', encryption: 'SSL', k: 32 },
  { version: 1, subnet: 'chord', encryption: 'Plaintext', k: 2 },
  { version: 12, subnet: 'tést', encryption: 'SSL', k: 48 },
];

const foreign: Terms = { version: 2, subnet: 'chord', encryption: 'SSL', k: 32 };

if (process.env['RECORD'] !== undefined) record();

function encode(message: Any): Uint8Array {
  return 'direction' in message ? codec.encode(message) : codec.encodeHandshake(message);
}

function decode(like: Any, payload: Uint8Array): Any {
  return 'direction' in like ? codec.decode(payload) : codec.decodeHandshake(payload);
}

function fileOf(message: Any): string {
  if ('direction' in message) return `${message.direction}-${message.body.type}.json`;
  return `handshake-${message.type}.json`;
}

function groupByFile(messages: readonly Any[]): ReadonlyMap<string, readonly Any[]> {
  const files = new Map<string, Any[]>();
  for (const message of messages) {
    const file = fileOf(message);
    files.set(file, [...(files.get(file) ?? []), message]);
  }
  return files;
}

function record(): void {
  for (const file of readdirSync(FOLDER)) rmSync(join(FOLDER, file));
  for (const [file, messages] of samples) {
    write(file, { k: K, cases: messages.map((message) => ({ message, frame: hex(encode(message)) })) });
  }
  write(
    FINGERPRINTS,
    networks.map((terms) => ({ terms, fingerprint: networkId(sha256, terms) })),
  );
  write(FOREIGN_HELLO, { terms: foreign, frame: hex(encode({ ...HELLO_SAMPLE, terms: foreign })) });
}

function write(file: string, content: unknown): void {
  writeFileSync(join(FOLDER, file), `${toText(content)}\n`);
}

/** `unknown` as JSON is, and the tests compare all of it. */
function read(file: string): unknown {
  return fromText(readFileSync(join(FOLDER, file), 'utf8'));
}

describe('the vectors', () => {
  it('are there for every message and for nothing else', () => {
    const expected = [...samples.keys(), FINGERPRINTS, FOREIGN_HELLO];
    expect(readdirSync(FOLDER).toSorted()).toEqual(expected.toSorted());
  });

  it.each([...samples])('in %s are the frames of the samples', (file, messages) => {
    const cases = messages.map((message) => ({ message, frame: hex(encode(message)) }));
    expect(read(file)).toStrictEqual({ k: K, cases });
  });

  it.each([...samples])('in %s are read back', (file, messages) => {
    const frames = [...readFileSync(join(FOLDER, file), 'utf8').matchAll(/"frame": "([0-9a-f]+)"/g)];
    const payloads = frames.map(([, frame = '']) => payloadOf(fromHex(frame)));
    expect(payloads.map((payload, i) => decode(messages[i]!, payload))).toStrictEqual(messages);
  });

  it('of fingerprints hold', () => {
    const cases = networks.map((terms) => ({ terms, fingerprint: networkId(sha256, terms) }));
    expect(read(FINGERPRINTS)).toStrictEqual(cases);
  });

  it('of a hello of another version yield its terms', () => {
    const frame = encode({ ...HELLO_SAMPLE, terms: foreign });
    expect(read(FOREIGN_HELLO)).toStrictEqual({ terms: foreign, frame: hex(frame) });
    expect(codec.decodeHandshake(payloadOf(frame))).toMatchObject({ type: 'hello', terms: foreign });
  });
});
