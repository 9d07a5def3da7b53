// What every transport promises about its streams, checked for each of them alike.
import { afterEach, describe, expect, it } from 'vitest';
import { createCredentials } from '../../src/node/certificate.ts';
import { Identity } from '../../src/node/identity.ts';
import { MemoryNetwork } from '../../src/transport/memory.ts';
import { TcpTransport } from '../../src/transport/tcp.ts';
import { TlsTransport } from '../../src/transport/tls.ts';
import type { ByteStream, Listener, StreamEnd, Transport } from '../../src/transport/transport.ts';

const QUEUE_BYTES = 1_000_000;
const LOOPBACK = { host: '127.0.0.1', port: 0 };
const network = new MemoryNetwork();

const TRANSPORTS: readonly (readonly [string, () => Promise<Transport>])[] = [
  ['TCP', () => Promise.resolve(new TcpTransport({ queueBytes: QUEUE_BYTES }))],
  [
    'TLS',
    async () => new TlsTransport(await createCredentials(Identity.create()), { queueBytes: QUEUE_BYTES }),
  ],
  ['memory', () => Promise.resolve(network.transport(QUEUE_BYTES))],
];

interface TurningPoint<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
}

function turningPoint<Value>(): TurningPoint<Value> {
  const settled: { resolve?: (value: Value) => void } = {};
  const promise = new Promise<Value>((resolve) => {
    settled.resolve = resolve;
  });
  return { promise, resolve: (value) => settled.resolve?.(value) };
}

/** A stream with what it told, and promises of its turning points. */
class Observed {
  readonly stream: ByteStream;
  readonly chunks: Uint8Array[] = [];
  readonly opened: Promise<void>;
  readonly closed: Promise<StreamEnd>;
  log: string[] = [];
  receive: (bytes: Uint8Array) => void = () => {};

  constructor(stream: ByteStream) {
    this.stream = stream;
    const [opening, closing] = [turningPoint<void>(), turningPoint<StreamEnd>()];
    [this.opened, this.closed] = [opening.promise, closing.promise];
    stream.start({
      opened: () => {
        this.log.push('opened');
        opening.resolve();
      },
      received: (bytes) => {
        this.log.push('received');
        this.chunks.push(bytes);
        this.receive(bytes);
      },
      drained: () => {},
      closed: (end) => {
        this.log.push('closed');
        closing.resolve(end);
      },
    });
  }

  text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

const listeners: Listener[] = [];
const streams: ByteStream[] = [];
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.destroy();
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
});

/** Two ends of one connection. */
async function pair(transport: Transport): Promise<[Observed, Observed]> {
  const accepted = turningPoint<Observed>();
  const listener = await transport.listen(LOOPBACK, (stream) => accepted.resolve(new Observed(stream)));
  listeners.push(listener);
  const dialled = new Observed(transport.dial(listener.address));
  const other = await accepted.promise;
  await Promise.all([dialled.opened, other.opened]);
  streams.push(dialled.stream, other.stream);
  return [dialled, other];
}

describe.each(TRANSPORTS)('a stream over %s', (_name, make) => {
  it('delivers bytes in order, and its end after them', async () => {
    const [a, b] = await pair(await make());
    for (const word of ['one ', 'two ', 'three']) a.stream.send(Buffer.from(word));
    a.stream.end();
    expect((await b.closed).kind).toBe('ended');
    expect(b.text()).toBe('one two three');
    expect((await a.closed).kind).toBe('ended');
    expect(b.log.at(0)).toBe('opened');
    expect(b.log.filter((word) => word === 'closed')).toHaveLength(1);
  });

  it('delivers what the other side had sent when ours ended', async () => {
    const [a, b] = await pair(await make());
    b.stream.send(Buffer.from('late'));
    a.stream.end();
    await a.closed;
    expect(a.text()).toBe('late');
  });

  it('delivers what was held in order with what was not, once it is flushed', async () => {
    const [a, b] = await pair(await make());
    for (const word of ['one ', 'two ', 'three ']) a.stream.send(Buffer.from(word), true);
    a.stream.flush();
    a.stream.send(Buffer.from('four'));
    a.stream.end();
    await b.closed;
    expect(b.text()).toBe('one two three four');
  });

  it('takes nothing beyond its bound, and says so', async () => {
    const [a, b] = await pair(await make());
    const piece = new Uint8Array(400_000);
    expect([a.stream.send(piece), a.stream.send(piece), a.stream.send(piece)]).toEqual([true, true, false]);
    expect(a.stream.queuedBytes).toBeLessThanOrEqual(QUEUE_BYTES);
    a.stream.end();
    await b.closed;
    expect(b.chunks.reduce((sum, { length }) => sum + length, 0)).toBe(800_000);
  });

  it('takes a piece that is larger than its bound when nothing waits', async () => {
    const [a, b] = await pair(await make());
    expect(a.stream.send(new Uint8Array(3 * QUEUE_BYTES))).toBe(true);
    a.stream.end();
    await b.closed;
    expect(b.chunks.reduce((sum, { length }) => sum + length, 0)).toBe(3 * QUEUE_BYTES);
  });

  it('that is destroyed tells both sides', async () => {
    const [a, b] = await pair(await make());
    a.stream.destroy();
    expect((await a.closed).kind).toBe('destroyed');
    await b.closed;
    expect(a.stream.send(Buffer.from('x'))).toBe(true);
  });

  it('to a place where nobody listens is unreachable', async () => {
    const transport = await make();
    const listener = await transport.listen(LOOPBACK, () => {});
    await listener.close();
    const end = await new Observed(transport.dial(listener.address)).closed;
    expect(end.kind).toBe('unreachable');
    expect(end.message).toContain('nobody listens');
  });

  it('cannot be listened for twice at one address, but again after the end', async () => {
    const transport = await make();
    const listener = await transport.listen(LOOPBACK, () => {});
    await expect(transport.listen(listener.address, () => {})).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await listener.close();
    listeners.push(await transport.listen(listener.address, () => {}));
  });
});

it('what is sent in one turn leaves in one write', async () => {
  const [a, b] = await pair(new TcpTransport({ queueBytes: QUEUE_BYTES }));
  const received = new Promise<Uint8Array>((resolve) => {
    b.receive = resolve;
  });
  for (let i = 0; i < 100; i++) a.stream.send(Buffer.from('0123456789'));
  expect((await received).length).toBe(1_000);
});
