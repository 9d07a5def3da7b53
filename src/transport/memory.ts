// MemoryNetwork: a network within this process, for tests and clusters that need no sockets. It owns who
// listens where, delivery in later turns, and faults that a test asks for. Bytes are handed over, not copied.
import { createHash, randomBytes } from 'node:crypto';
import type {
  Address,
  ByteStream,
  ChannelFacts,
  Listener,
  StreamEnd,
  StreamHandler,
  Transport,
} from './transport.ts';

const EPHEMERAL_PORT = 49_152;
const PORTS_END = 65_536;
const DEFAULT_QUEUE_BYTES = 16 * 1_048_576;
/** Of a node that does not listen. */
const NOWHERE: Address = { host: '', port: 0 };

type Accept = (stream: ByteStream) => void;

export class MemoryNetwork {
  readonly #listeners = new Map<string, Accept>();
  /** Both ends of every connection. */
  readonly #streams = new Set<MemoryStream>();
  /** Pairs of addresses that cannot reach each other, as pairKey has them. */
  readonly #cuts = new Set<string>();
  #nextPort = EPHEMERAL_PORT;

  /**
   * A node's access to the network. All hosts are reachable, unless cut; the node listens on any host it
   * likes.
   */
  transport(queueBytes: number = DEFAULT_QUEUE_BYTES): Transport {
    // A node is known by where it listens: that is what faults are named by.
    let own: Address | undefined;
    return {
      listen: (address, accept) => {
        const listener = this.#listen(address, accept);
        return listener.then((made) => {
          own = made.address;
          return made;
        });
      },
      dial: (address) => this.#dial(() => own ?? NOWHERE, address, queueBytes),
      forget: () => {},
    };
  }

  /** Breaks every connection between two listening nodes, and lets none be made until heal(). */
  cut(a: Address, b: Address): void {
    const key = pairKey(a, b);
    this.#cuts.add(key);
    for (const stream of this.#streams) if (stream.key() === key) stream.break();
  }

  /** Connections that have not ended at either side, and those that have at one. */
  get connectionCount(): number {
    return Math.ceil(this.#streams.size / 2);
  }

  heal(a: Address, b: Address): void {
    this.#cuts.delete(pairKey(a, b));
  }

  async #listen(address: Address, accept: Accept): Promise<Listener> {
    const bound = address.port === 0 ? { host: address.host, port: this.#freePort(address.host) } : address;
    const name = nameOf(bound);
    if (this.#listeners.has(name)) {
      throw Object.assign(new Error(`listen EADDRINUSE: ${name}`), { code: 'EADDRINUSE' });
    }
    this.#listeners.set(name, accept);
    return {
      address: bound,
      close: () => {
        if (this.#listeners.get(name) === accept) this.#listeners.delete(name);
        return Promise.resolve();
      },
    };
  }

  #freePort(host: string): number {
    for (let tries = EPHEMERAL_PORT; tries < PORTS_END; tries++) {
      const port = this.#nextPort;
      this.#nextPort = port + 1 === PORTS_END ? EPHEMERAL_PORT : port + 1;
      if (!this.#listeners.has(nameOf({ host, port }))) return port;
    }
    throw Object.assign(new Error(`no free port on ${host}`), { code: 'EADDRINUSE' });
  }

  /** Where the dialling node listens is asked anew each time: it may begin to after it has dialled. */
  #dial(from: () => Address, to: Address, queueBytes: number): ByteStream {
    const key = (): string => pairKey(from(), to);
    const seed = randomBytes(32);
    const dialled = new MemoryStream({ remote: to, key, seed, queueBytes, streams: this.#streams });
    setImmediate(() => {
      const accept = this.#listeners.get(nameOf(to));
      if (accept === undefined) return dialled.fail('nobody listens there');
      if (this.#cuts.has(key())) return dialled.fail('the network was cut there');
      const accepted = new MemoryStream({ remote: from(), key, seed, queueBytes, streams: this.#streams });
      dialled.join(accepted);
      accept(accepted);
    });
    return dialled;
  }
}

interface MemoryStreamOptions {
  readonly remote: Address;
  readonly key: () => string;
  /** Known to both ends: what an exporter computes from. */
  readonly seed: Uint8Array;
  readonly queueBytes: number;
  /** Where the stream stands while it lives. */
  readonly streams: Set<MemoryStream>;
}

/** One end of a connection. Bytes of one turn arrive together in a later one. */
class MemoryStream implements ByteStream {
  readonly remote: Address;
  readonly key: () => string;
  readonly #options: MemoryStreamOptions;
  #handler: StreamHandler | undefined;
  #other: MemoryStream | undefined;
  #queue: Uint8Array[] = [];
  queuedBytes = 0;
  #scheduled = false;
  #ended = false;
  #remoteEnded = false;
  #over = false;

  constructor(options: MemoryStreamOptions) {
    this.#options = options;
    this.remote = options.remote;
    this.key = options.key;
  }

  start(handler: StreamHandler): void {
    this.#handler = handler;
  }

  join(other: MemoryStream): void {
    if (this.#over) return;
    this.#other = other;
    other.#other = this;
    for (const end of [this, other]) {
      this.#options.streams.add(end);
      setImmediate(() => end.#open());
    }
  }

  send(bytes: Uint8Array): boolean {
    if (this.#over || this.#ended || this.#remoteEnded) return true;
    const waiting = this.queuedBytes;
    if (waiting > 0 && waiting + bytes.length > this.#options.queueBytes) return false;
    this.#queue.push(bytes);
    this.queuedBytes += bytes.length;
    this.#schedule();
    return true;
  }

  /** Nothing to do: delivery is its own turn. */
  flush(): void {}

  end(): void {
    this.#ended = true;
    this.#schedule();
  }

  destroy(): void {
    this.#queue = [];
    this.#handler = this.#handler && onlyClosed(this.#handler);
    setImmediate(() => {
      this.#finish({ kind: 'destroyed', message: 'it was closed' });
      const other = this.#other;
      if (other !== undefined) other.#receiveEnd();
    });
  }

  /** A dial that led nowhere. */
  fail(message: string): void {
    this.#finish({ kind: 'unreachable', message });
  }

  /** Both ends notice at once, and lose what was on its way. */
  break(): void {
    this.#finish({ kind: 'broken', message: 'the network was cut' });
  }

  #open(): void {
    if (this.#over) return;
    const { seed } = this.#options;
    const facts: ChannelFacts = {
      encryption: undefined,
      peerKey: undefined,
      resumed: false,
      exporter: (label) => createHash('sha256').update(label).update(seed).digest(),
    };
    this.#handler?.opened(facts);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    this.#scheduled = false;
    const queue = this.#queue;
    this.#queue = [];
    this.queuedBytes = 0;
    const other = this.#other;
    if (other === undefined) {
      if (this.#ended) this.#finish(ENDED);
      return;
    }
    for (const bytes of queue) other.#receive(bytes);
    if (!this.#over && queue.length > 0) this.#handler?.drained();
    if (!this.#ended || this.#over) return;
    other.#receiveEnd();
    if (this.#remoteEnded) this.#finish(ENDED);
  }

  #receive(bytes: Uint8Array): void {
    if (!this.#over) this.#handler?.received(bytes);
  }

  #receiveEnd(): void {
    if (this.#over) return;
    this.#remoteEnded = true;
    // As sockets do: our side ends in turn, after what is on its way.
    if (this.#ended && !this.#scheduled) this.#finish(ENDED);
    else this.end();
  }

  #finish(end: StreamEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.streams.delete(this);
    this.#handler?.closed(end);
  }
}

/** A stream that was destroyed tells nothing more but that. */
function onlyClosed(handler: StreamHandler): StreamHandler {
  return { opened: () => {}, received: () => {}, drained: () => {}, closed: (end) => handler.closed(end) };
}

const ENDED: StreamEnd = { kind: 'ended', message: 'the other side closed the connection' };

function nameOf({ host, port }: Address): string {
  return `${host}:${port}`;
}

function pairKey(a: Address, b: Address): string {
  return [nameOf(a), nameOf(b)].toSorted().join(' ');
}
