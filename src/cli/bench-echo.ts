// What this machine can do at most: servers that send every byte back, and a client that counts frames. The
// benchmark runs them between its own rounds, so that a busy machine slows both. Nothing of the ring is in
// here but its certificates.
import { connect as connectPlain, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls';
import { createCredentials } from '../node/certificate.ts';
import { Identity } from '../node/identity.ts';
import type { Encryption } from './flags.ts';

/** What a get or a put of 100 bytes takes on the wire, about. */
const FRAME_BYTES = 150;
const FRAME: Uint8Array = new Uint8Array(FRAME_BYTES).fill(0x5a);
const HOST = '127.0.0.1';

export interface Echo {
  /** One frame to one of the servers and back, over one connection only or over all of them in turn. */
  exchange(over: 'one' | 'spread'): Promise<void>;
  close(): Promise<void>;
}

/** Starts that many servers in this process and opens a connection to each. */
export async function startEcho(servers: number, encryption: Encryption): Promise<Echo> {
  const secure = encryption === 'SSL' ? await secureContext() : undefined;
  const listening = await Promise.all(Array.from({ length: servers }, () => listen(secure)));
  const lines = await Promise.all(listening.map((server) => openLine(portOf(server), secure !== undefined)));
  return {
    async exchange(over) {
      const index = over === 'one' ? 0 : Math.floor(Math.random() * lines.length);
      await lines[index]?.exchange();
    },
    async close() {
      for (const line of lines) line.close();
      await Promise.all(listening.map((server) => new Promise((done) => server.close(done))));
    },
  };
}

type Secure = ReturnType<typeof createSecureContext>;

async function secureContext(): Promise<Secure> {
  const { key, certificate } = await createCredentials(Identity.create());
  return createSecureContext({ key, cert: certificate, minVersion: 'TLSv1.3' });
}

function listen(secure: Secure | undefined): Promise<Server> {
  const server = createServer({ noDelay: true }, (plain) => {
    const socket = secure ? new TLSSocket(plain, { isServer: true, secureContext: secure }) : plain;
    socket.on('data', (bytes: Uint8Array) => socket.write(bytes));
    // The end of the other side ends this one too; a reset at the end of a run says nothing.
    plain.on('error', () => {});
    socket.on('error', () => {});
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, HOST, () => resolve(server));
  });
}

function portOf(server: Server): number {
  const bound = server.address();
  return bound === null || typeof bound === 'string' ? 0 : bound.port;
}

async function openLine(port: number, encrypted: boolean): Promise<Line> {
  const socket = encrypted
    ? connectTls({ host: HOST, port, rejectUnauthorized: false })
    : connectPlain({ host: HOST, port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once(encrypted ? 'secureConnect' : 'connect', resolve);
    socket.once('error', reject);
  });
  socket.setNoDelay(true);
  return new Line(socket);
}

/** One connection: answers come in the order of requests, so that counting bytes is enough. */
class Line {
  readonly #socket: Socket;
  readonly #waiting: (() => void)[] = [];
  #turn: Uint8Array[] = [];
  #received = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes: Uint8Array) => this.#take(bytes.length));
    socket.on('error', () => {});
  }

  exchange(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      // All that is asked in one turn leaves in one write, as it does in the ring.
      if (this.#turn.length === 0) setImmediate(() => this.#flush());
      this.#turn.push(FRAME);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #flush(): void {
    const [first] = this.#turn;
    if (this.#turn.length === 1 && first !== undefined) this.#socket.write(first);
    else this.#socket.write(Buffer.concat(this.#turn));
    this.#turn = [];
  }

  #take(bytes: number): void {
    this.#received += bytes;
    while (this.#received >= FRAME_BYTES) {
      this.#received -= FRAME_BYTES;
      this.#waiting.shift()?.();
    }
  }
}
