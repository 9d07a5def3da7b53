// SocketStream: a byte stream over a socket of the host, be it plain or wrapped in TLS. It owns writing once
// a turn, the bound on what waits to be written, and the translation of the host's errors. Making the socket
// is tcp.ts's and tls.ts's.
import type { Socket } from 'node:net';
import type { Address, ByteStream, ChannelFacts, StreamEnd, StreamHandler } from './transport.ts';

/**
 * How long a peer may be silent before the host asks whether it is there; half a minute keeps NAT entries
 * alive.
 */
export const KEEP_ALIVE_MS = 30_000;

/** What is seen in one turn is worth one system call; from here on copying costs more than a second one. */
const COPY_BYTES_MAX = 65_536;

export interface SocketStreamOptions {
  readonly socket: Socket;
  readonly remote: Address;
  /** Bytes that may wait to be written. */
  readonly queueBytes: number;
  /** Called when the stream was started: it calls opened(), at once or later. */
  readonly begin?: (stream: SocketStream) => void;
  /** Says what an error of the host means; `opened` is whether bytes could flow before. */
  readonly describe?: (error: Error, opened: boolean) => StreamEnd;
}

export class SocketStream implements ByteStream {
  readonly remote: Address;
  readonly #options: SocketStreamOptions;
  #socket: Socket;
  #handler: StreamHandler | undefined;
  /** What was sent in this turn. */
  #turn: Uint8Array[] = [];
  #turnBytes = 0;
  #flushing: NodeJS.Immediate | undefined;
  #opened = false;
  #over = false;
  #remoteEnded = false;
  #destroyed = false;
  #error: Error | undefined;

  constructor(options: SocketStreamOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.remote = options.remote;
  }

  get queuedBytes(): number {
    return this.#turnBytes + this.#socket.writableLength;
  }

  start(handler: StreamHandler): void {
    this.#handler = handler;
    this.#listen();
    this.#options.begin?.(this);
  }

  /** Goes on over another socket that wraps the first, as TLS does. */
  wrap(socket: Socket): void {
    for (const [event, listener] of this.#listeners) this.#socket.off(event, listener);
    // The wrapper reports what happens; an error of the socket below must still not be thrown.
    this.#socket.on('error', () => {});
    this.#socket = socket;
    this.#listen();
  }

  /** Bytes can flow: tells the handler, and reads from now on. */
  opened(facts: ChannelFacts): void {
    if (this.#opened || this.#over) return;
    this.#opened = true;
    this.#handler?.opened(facts);
    this.#socket.on('data', (bytes: Uint8Array) => {
      if (!this.#over) this.#handler?.received(bytes);
    });
    this.#socket.resume();
  }

  send(bytes: Uint8Array, held = false): boolean {
    if (this.#over || this.#remoteEnded) return true;
    const waiting = this.queuedBytes;
    if (waiting > 0 && waiting + bytes.length > this.#options.queueBytes) return false;
    if (!held) this.#flushing ??= setImmediate(() => this.flush());
    this.#turn.push(bytes);
    this.#turnBytes += bytes.length;
    return true;
  }

  flush(): void {
    if (this.#flushing !== undefined) clearImmediate(this.#flushing);
    this.#flushing = undefined;
    const turn = this.#turn;
    if (turn.length === 0) return;
    const bytes = this.#turnBytes;
    this.#turn = [];
    this.#turnBytes = 0;
    const socket = this.#socket;
    if (!socket.writable) return;
    const first = turn[0];
    if (turn.length === 1 && first !== undefined) {
      socket.write(first);
    } else if (bytes <= COPY_BYTES_MAX) {
      socket.write(Buffer.concat(turn, bytes));
    } else {
      socket.cork();
      for (const part of turn) socket.write(part);
      socket.uncork();
    }
  }

  end(): void {
    this.flush();
    this.#socket.end();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#socket.destroy();
  }

  /** Ends it for an error that the socket itself does not report. */
  break(error: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  readonly #listeners: readonly [event: string, listener: (error: Error) => void][] = [
    [
      'error',
      (error) => {
        this.#error ??= error;
      },
    ],
    [
      'end',
      () => {
        // The host ends our side in turn: what was sent before has to go first.
        this.flush();
        this.#remoteEnded = true;
      },
    ],
    ['drain', () => this.#handler?.drained()],
    ['close', () => this.#finish(this.#describeEnd())],
  ];

  #listen(): void {
    for (const [event, listener] of this.#listeners) this.#socket.on(event, listener);
  }

  #finish(end: StreamEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#turn = [];
    this.#turnBytes = 0;
    this.#handler?.closed(end);
  }

  #describeEnd(): StreamEnd {
    if (this.#destroyed) return { kind: 'destroyed', message: 'it was closed' };
    const error = this.#error;
    if (error === undefined) return { kind: 'ended', message: 'the other side closed the connection' };
    return (this.#options.describe ?? describeError)(error, this.#opened);
  }
}

/** What the host's error codes say, as a part of a sentence. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the other side reset the connection',
  EPIPE: 'the other side is gone',
  EHOSTUNREACH: 'there is no route to that host',
  ENETUNREACH: 'there is no route to that network',
  EHOSTDOWN: 'that host is down',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name could not be resolved now',
  ETIMEDOUT: 'that host does not answer',
  EADDRNOTAVAIL: 'that address cannot be reached from here',
  EMFILE: 'this process has too many open files',
};

export function describeError(error: Error, opened: boolean): StreamEnd {
  const code = codeOf(error);
  const reason = REASONS[code];
  const message = reason === undefined ? error.message || code : `${reason} (${code})`;
  return { kind: opened ? 'broken' : 'unreachable', message, cause: error };
}

/** The code of an error of the host, '' where it has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
}
