// TlsTransport: TLS 1.3 over TCP, with a certificate of the node's own on both sides. It owns sessions and
// the key that a peer has proved to hold; whether that key is the right one is the handshake's to judge.
// Nobody's signature is asked for on a certificate: TLS proves that the peer holds its key, and that is all
// an id needs.
import type { Socket } from 'node:net';
import { connect, createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { recogniseOpening } from './opening.ts';
import { compressPublicKey } from './public-key.ts';
import { codeOf, describeError, SocketStream } from './socket-stream.ts';
import { listenOn, PLAINTEXT, remoteOf, SOCKET_OPTIONS } from './tcp.ts';
import type {
  Address,
  ByteStream,
  ChannelFacts,
  Listener,
  StreamEnd,
  Transport,
  TransportLimits,
} from './transport.ts';

/** A private key and its certificate, both PEM. */
export interface Credentials {
  readonly key: string;
  readonly certificate: string;
}

/** What a resumed session stands for: the key that its first connection proved. */
interface RememberedSession {
  readonly ticket: Buffer;
  readonly peerKey: Uint8Array;
}

/** A ticket is about 1 kB; more neighbours than these are dialled again rarely. */
const SESSIONS_MAX = 512;
/** An hour: resumption halves the work of a handshake, and members talk to the same peers for days. */
const SESSION_SECONDS = 3_600;
const EXPORTER_BYTES = 32;
const NO_CONTEXT: Buffer = Buffer.alloc(0);

export class TlsTransport implements Transport {
  readonly #limits: TransportLimits;
  readonly #context: SecureContext;
  /** By 'host:port'. */
  readonly #sessions = new Map<string, RememberedSession>();

  constructor(credentials: Credentials, limits: TransportLimits) {
    this.#limits = limits;
    // One for all connections: making one costs more than a handshake.
    this.#context = createSecureContext({
      key: credentials.key,
      cert: credentials.certificate,
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
      // Without one, a server that asks for certificates cannot resume.
      sessionIdContext: 'chord-socket',
      sessionTimeout: SESSION_SECONDS,
    });
  }

  listen(address: Address, accept: (stream: ByteStream) => void): Promise<Listener> {
    const { queueBytes } = this.#limits;
    return listenOn(address, (socket) => {
      const begin = (stream: SocketStream): void => this.#sniff(socket, stream);
      accept(new SocketStream({ socket, remote: remoteOf(socket), queueBytes, begin, describe }));
    });
  }

  dial(address: Address): ByteStream {
    const name = nameOf(address);
    const remembered = this.#sessions.get(name);
    const socket = connect({
      ...address,
      secureContext: this.#context,
      rejectUnauthorized: false,
      ...(remembered === undefined ? {} : { session: remembered.ticket }),
    });
    // As options, these are for plain sockets only.
    socket.setNoDelay(SOCKET_OPTIONS.noDelay);
    socket.setKeepAlive(SOCKET_OPTIONS.keepAlive, SOCKET_OPTIONS.keepAliveInitialDelay);
    const begin = (stream: SocketStream): void => {
      let peerKey: Uint8Array | undefined;
      socket.once('secureConnect', () => {
        const facts = factsOf(socket, remembered?.peerKey);
        peerKey = facts.peerKey;
        stream.opened(facts);
      });
      // Tickets come after the handshake, usually two; each may be used more than once.
      socket.on('session', (ticket) => {
        if (peerKey !== undefined) this.#remember(name, { ticket, peerKey });
      });
    };
    const { queueBytes } = this.#limits;
    return new SocketStream({ socket, remote: address, queueBytes, begin, describe });
  }

  forget(address: Address): void {
    this.#sessions.delete(nameOf(address));
  }

  /**
   * Looks at the first bytes before TLS does, so that a plaintext node which dials in can be read, and told
   * in plaintext what differs.
   */
  #sniff(socket: Socket, stream: SocketStream): void {
    socket.once('data', (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      if (recogniseOpening(first) === 'tls') this.#secure(socket, stream);
      else stream.opened(PLAINTEXT);
    });
  }

  #secure(socket: Socket, stream: SocketStream): void {
    const secured = new TLSSocket(socket, {
      isServer: true,
      secureContext: this.#context,
      requestCert: true,
      rejectUnauthorized: false,
    });
    stream.wrap(secured);
    // A server's socket sees the client's certificate on resumption too: it travels within the ticket.
    secured.once('secure', () => stream.opened(factsOf(secured, undefined)));
    // Without a tls.Server around it, a TLS error after the handshake is reported by this event alone.
    secured.on('_tlsError', (error: Error) => stream.break(error));
  }

  #remember(name: string, session: RememberedSession): void {
    this.#sessions.delete(name);
    this.#sessions.set(name, session);
    if (this.#sessions.size <= SESSIONS_MAX) return;
    for (const oldest of this.#sessions.keys()) {
      this.#sessions.delete(oldest);
      return;
    }
  }
}

/**
 * `remembered` is the key behind the session that was offered: the client of a resumed one sees no
 * certificate.
 */
function factsOf(socket: TLSSocket, remembered: Uint8Array | undefined): ChannelFacts {
  const resumed = remembered !== undefined && socket.isSessionReused();
  const certificate = socket.getPeerX509Certificate();
  return {
    encryption: 'SSL',
    peerKey: resumed ? remembered : certificate && compressPublicKey(certificate.publicKey),
    resumed,
    exporter: (label) => socket.exportKeyingMaterial(EXPORTER_BYTES, label, NO_CONTEXT),
  };
}

/** OpenSSL's word for a first record that is no TLS at all. */
const NOT_TLS = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
]);

function describe(error: Error, opened: boolean): StreamEnd {
  const code = codeOf(error);
  if (!opened && NOT_TLS.has(code)) {
    return { kind: 'not-tls', message: 'the other side does not speak TLS', cause: error };
  }
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') {
    return { kind: opened ? 'broken' : 'tls-failed', message: `TLS failed (${code})`, cause: error };
  }
  return describeError(error, opened);
}

function nameOf(address: Address): string {
  return `${address.host}:${address.port}`;
}
