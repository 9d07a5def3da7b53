// The choice of a transport by a node's protocol. It owns nothing else, so that sockets need not know which
// ones exist.
import { TcpTransport } from '../transport/tcp.ts';
import { TlsTransport } from '../transport/tls.ts';
import type { Transport, TransportLimits } from '../transport/transport.ts';
import { createCredentials } from './certificate.ts';
import type { Identity } from './identity.ts';
import type { Encryption } from './protocol.ts';

export type { Transport } from '../transport/transport.ts';

/**
 * TLS over TCP for 'SSL', which makes a certificate first (150 ms the first time, then 5 ms); plain TCP for
 * 'Plaintext'.
 */
export async function chooseTransport(
  encryption: Encryption,
  identity: Identity,
  limits: TransportLimits,
): Promise<Transport> {
  if (encryption === 'Plaintext') return new TcpTransport(limits);
  return new TlsTransport(await createCredentials(identity), limits);
}
