// TcpTransport: plaintext TCP. It owns sockets and servers of the host; what arrives over them is judged
// above.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { KEEP_ALIVE_MS, SocketStream } from './socket-stream.ts';
import type { Address, ByteStream, ChannelFacts, Listener, Transport, TransportLimits } from './transport.ts';

export const PLAINTEXT: ChannelFacts = {
  encryption: 'Plaintext',
  peerKey: undefined,
  resumed: false,
  exporter: undefined,
};

/**
 * Frames leave at once, because they were collected already; and a peer that vanished is noticed some time.
 */
export const SOCKET_OPTIONS: SocketOptions = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_MS,
};

export interface SocketOptions {
  readonly noDelay: boolean;
  readonly keepAlive: boolean;
  readonly keepAliveInitialDelay: number;
}

export class TcpTransport implements Transport {
  readonly #limits: TransportLimits;

  constructor(limits: TransportLimits) {
    this.#limits = limits;
  }

  listen(address: Address, accept: (stream: ByteStream) => void): Promise<Listener> {
    const { queueBytes } = this.#limits;
    return listenOn(address, (socket) => {
      accept(new SocketStream({ socket, remote: remoteOf(socket), queueBytes, begin: openSoon }));
    });
  }

  dial(address: Address): ByteStream {
    const socket = connect({ ...address, ...SOCKET_OPTIONS });
    const begin = (stream: SocketStream): void => {
      socket.once('connect', () => stream.opened(PLAINTEXT));
    };
    return new SocketStream({ socket, remote: address, queueBytes: this.#limits.queueBytes, begin });
  }

  forget(): void {
    // Plaintext has no sessions.
  }
}

/** A socket that was accepted is connected already. */
function openSoon(stream: SocketStream): void {
  setImmediate(() => stream.opened(PLAINTEXT));
}

export function remoteOf(socket: Socket): Address {
  return { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
}

/** A server of the host as a listener. */
export function listenOn(address: Address, accept: (socket: Socket) => void): Promise<Listener> {
  const server = createServer(SOCKET_OPTIONS, accept);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // `exclusive`, so that a port is one process's even among the workers of a cluster.
    server.listen({ ...address, exclusive: true }, () => {
      server.off('error', reject);
      // Such as too many open files while accepting: the connection is lost, the node goes on.
      server.on('error', () => {});
      resolve({ address: { host: address.host, port: portOf(server) }, close: () => closeServer(server) });
    });
  });
}

function portOf(server: Server): number {
  const bound = server.address();
  return bound === null || typeof bound === 'string' ? 0 : bound.port;
}

/**
 * Not the server's own callback, which waits for the accepted connections as well; the port is free at once.
 */
function closeServer(server: Server): Promise<void> {
  server.close();
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
