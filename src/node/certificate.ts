// Certificate: the self-signed X.509 that carries a node's key into TLS.
// It owns its making only. Nobody trusts a certificate for its names or dates: what counts is that TLS proves
// possession of the key inside, which the handshake compares with the key in the hello.
import { createPublicKey, randomBytes, webcrypto } from 'node:crypto';
import type { Credentials } from '../transport/tls.ts';
import type { Identity } from './identity.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** The date that RFC 5280 gives to certificates without an end. */
const NO_END: Date = new Date('9999-12-31T23:59:59Z');

/**
 * Makes the certificate of an identity. The first call of a process loads the library (about 150 ms); each
 * certificate then takes about 5 ms.
 */
export async function createCredentials(identity: Identity): Promise<Credentials> {
  // Loaded here, so that plaintext nodes never pay for it. The library wants reflect-metadata to be there
  // first.
  await import('reflect-metadata');
  const { X509CertificateGenerator } = await import('@peculiar/x509');
  const keys = await importKeys(identity);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=chord-socket',
      // Positive and not zero, as RFC 5280 asks of serial numbers.
      serialNumber: `01${randomBytes(8).toString('hex')}`,
      notBefore: new Date(0),
      notAfter: NO_END,
      signingAlgorithm: ALGORITHM,
      keys,
    },
    webcrypto,
  );
  return { key: identity.toPem(), certificate: certificate.toString('pem') };
}

async function importKeys(identity: Identity): Promise<webcrypto.CryptoKeyPair> {
  const { subtle } = webcrypto;
  const spki = createPublicKey(identity.toPem()).export({ format: 'der', type: 'spki' });
  const privateKey = await subtle.importKey('pkcs8', identity.toPkcs8(), ALGORITHM, true, ['sign']);
  return { privateKey, publicKey: await subtle.importKey('spki', spki, ALGORITHM, true, ['verify']) };
}
