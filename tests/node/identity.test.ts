// Keys, ids, signatures, certificates and protocols.
import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createCredentials } from '../../src/node/certificate.ts';
import { Identity, idOf, sha256, verifySignature } from '../../src/node/identity.ts';
import { chordProtocol, meshProtocol, Protocol } from '../../src/node/protocol.ts';
import { compressPublicKey } from '../../src/transport/public-key.ts';
import { toBase58 } from '../../src/wire/base58.ts';

const TEXT = Buffer.from('text');

describe('an identity', () => {
  it('has a compressed key and an id that follows from it', () => {
    const { publicKey, id } = Identity.create();
    expect(publicKey).toHaveLength(33);
    expect([2, 3]).toContain(publicKey[0]);
    expect(id).toBe(toBase58(sha256(publicKey)));
    expect(id).toBe(idOf(publicKey));
  });

  it('is the same after it was stored', () => {
    const identity = Identity.create();
    const again = Identity.fromPkcs8(identity.toPkcs8());
    expect(again.id).toBe(identity.id);
    expect(verifySignature(identity.publicKey, TEXT, again.sign(TEXT))).toBe(true);
  });

  it('is not made from other bytes', () => {
    expect(() => Identity.fromPkcs8(new Uint8Array(40))).toThrow(TypeError);
  });

  it('signs in 64 bytes, which hold for its key and text alone', () => {
    const [a, b] = [Identity.create(), Identity.create()];
    const signature = a.sign(TEXT);
    expect(signature).toHaveLength(64);
    expect(verifySignature(a.publicKey, TEXT, signature)).toBe(true);
    expect(verifySignature(b.publicKey, TEXT, signature)).toBe(false);
    expect(verifySignature(a.publicKey, Buffer.from('other'), signature)).toBe(false);
    expect(verifySignature(a.publicKey, TEXT, signature.subarray(1))).toBe(false);
  });

  it.each([0, 1, 32, 33, 34, 65])('is not what %i other bytes are', (length) => {
    const signature = Identity.create().sign(TEXT);
    expect(verifySignature(new Uint8Array(length).fill(2), TEXT, signature)).toBe(false);
  });
});

it('a certificate carries the key of its identity and is signed with it', async () => {
  const identity = Identity.create();
  const { certificate, key } = await createCredentials(identity);
  const parsed = new X509Certificate(certificate);
  expect(compressPublicKey(parsed.publicKey)).toEqual(identity.publicKey);
  expect(parsed.verify(parsed.publicKey)).toBe(true);
  expect(key).toContain('BEGIN PRIVATE KEY');
});

describe('a protocol', () => {
  it('has an id that differs with subnet and encryption', () => {
    const ids = [
      new Protocol('chord', 'SSL'),
      new Protocol('chord', 'Plaintext'),
      new Protocol('chord2', 'SSL'),
      new Protocol('', 'SSL'),
    ].map(({ id }) => id);
    expect(new Set(ids).size).toBe(4);
    expect(chordProtocol.id).toBe(ids[0]);
    expect(meshProtocol.id).toBe(new Protocol('mesh', 'SSL').id);
  });

  it.each([
    [undefined, 'SSL'],
    [7, 'SSL'],
    ['\ud800', 'SSL'],
    ['x'.repeat(256), 'SSL'],
    ['chord', 'ssl'],
    ['chord', undefined],
  ])('is not made of %j and %j', (subnet, encryption) => {
    expect(() => new Protocol(subnet as string, encryption as 'SSL')).toThrow(TypeError);
  });
});
