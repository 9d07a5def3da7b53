// Messages of the handshake, of every type: as samples.ts has them of the rest.
import { networkId } from '../../src/wire/fingerprint.ts';
import type { HandshakeMessage, Hello, Terms } from '../../src/wire/handshake-message.ts';
import { K, sha256 } from './fixture.ts';
import { bytes, tables, type Samples } from './samples.ts';

const { self } = tables;
const terms: Terms = { version: 1, subnet: 'chord', encryption: 'SSL', k: K };

export const HELLO_SAMPLE: Hello = {
  type: 'hello',
  terms,
  fingerprint: networkId(sha256, terms),
  publicKey: self.publicKey,
  salt: self.salt,
  incarnation: self.incarnation,
  member: true,
  seeksHome: false,
  host: self.host,
  port: self.port,
  nonce: sha256(Uint8Array.of(9)),
  wallMs: 1_800_000_000_123,
};

export const HANDSHAKE_SAMPLES: Samples<HandshakeMessage> = {
  hello: [HELLO_SAMPLE, { ...HELLO_SAMPLE, member: false, seeksHome: true, host: '', port: 0 }],
  refusal: [
    {
      type: 'refusal',
      reason: 'mismatch',
      terms: { version: 1, subnet: 'tést', encryption: 'Plaintext', k: 8 },
      differs: ['subnet', 'encryption', 'k', 'version'],
      message: 'subnet is "tést" here, not "chord"',
    },
    { type: 'refusal', reason: 'unauthorized', terms, differs: [], message: 'the secret differs' },
    { type: 'refusal', reason: 'clock-skew', terms, differs: [], message: 'the clocks are 70 s apart' },
    { type: 'refusal', reason: 'limit', terms, differs: [], message: '' },
    { type: 'refusal', reason: 'closing', terms, differs: [], message: '' },
  ],
  proof: [
    { type: 'proof', signature: bytes(64), mac: new Uint8Array(0) },
    { type: 'proof', signature: new Uint8Array(0), mac: bytes(32) },
    { type: 'proof', signature: new Uint8Array(0), mac: new Uint8Array(0) },
  ],
  welcome: [
    { type: 'welcome', tables },
    { type: 'welcome', tables: undefined },
  ],
};
