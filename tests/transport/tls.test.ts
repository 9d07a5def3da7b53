// TLS between two transports: keys, exporters, and sessions that are resumed.
import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCredentials } from '../../src/node/certificate.ts';
import { Identity } from '../../src/node/identity.ts';
import { TlsTransport } from '../../src/transport/tls.ts';
import type {
  Address,
  ByteStream,
  ChannelFacts,
  Listener,
  StreamEnd,
} from '../../src/transport/transport.ts';

const LIMITS = { queueBytes: 1_000_000 };
const LABEL = 'EXPORTER-chord-socket';

interface Side {
  readonly identity: Identity;
  readonly transport: TlsTransport;
}

async function makeSide(): Promise<Side> {
  const identity = Identity.create();
  return { identity, transport: new TlsTransport(await createCredentials(identity), LIMITS) };
}

interface Seen {
  readonly facts: ChannelFacts;
  readonly exported: string;
}

function see(facts: ChannelFacts): Seen {
  return { facts, exported: Buffer.from(facts.exporter?.(LABEL) ?? []).toString('hex') };
}

let server: Side;
let client: Side;
let listener: Listener;
const accepted: Seen[] = [];

beforeAll(async () => {
  [server, client] = [await makeSide(), await makeSide()];
  listener = await server.transport.listen({ host: '127.0.0.1', port: 0 }, (stream) =>
    answer(stream, accepted),
  );
});
afterAll(() => listener.close());

/** Echoes once, then ends. */
function answer(stream: ByteStream, seen: Seen[]): void {
  stream.start({
    opened: (facts) => void seen.push(see(facts)),
    received: (bytes) => {
      stream.send(bytes);
      stream.end();
    },
    drained: () => {},
    closed: () => {},
  });
}

/** One connection from beginning to end. */
function visit(transport: TlsTransport, address: Address): Promise<Seen> {
  const stream = transport.dial(address);
  return new Promise((resolve, reject) => {
    let seen: Seen | undefined;
    stream.start({
      opened: (facts) => {
        seen = see(facts);
        stream.send(Buffer.from('hello'));
      },
      received: () => {},
      drained: () => {},
      closed: (end: StreamEnd) => {
        if (seen === undefined) reject(end.cause ?? new Error(end.message));
        else resolve(seen);
      },
    });
  });
}

describe('a connection', () => {
  it('proves both keys, and gives both sides the same exporter value', async () => {
    client.transport.forget(listener.address);
    const seen = await visit(client.transport, listener.address);
    const other = accepted.at(-1);
    expect(seen.facts).toMatchObject({ encryption: 'SSL', resumed: false });
    expect(seen.facts.peerKey).toEqual(server.identity.publicKey);
    expect(other?.facts.peerKey).toEqual(client.identity.publicKey);
    expect(seen.exported).toMatch(/^[0-9a-f]{64}$/);
    expect(other?.exported).toBe(seen.exported);
  });

  it('has an exporter value of its own', async () => {
    const [a, b] = [
      await visit(client.transport, listener.address),
      await visit(client.transport, listener.address),
    ];
    expect(a.exported).not.toBe(b.exported);
  });
});

describe('a resumed session', () => {
  it('stands for the key of the connection it came from, on both sides', async () => {
    await visit(client.transport, listener.address);
    for (let i = 0; i < 3; i++) {
      const seen = await visit(client.transport, listener.address);
      expect(seen.facts.resumed).toBe(true);
      expect(seen.facts.peerKey).toEqual(server.identity.publicKey);
      // The certificate travels in the ticket: a server that did not see it would let anybody in.
      expect(accepted.at(-1)?.facts.peerKey).toEqual(client.identity.publicKey);
      expect(accepted.at(-1)?.exported).toBe(seen.exported);
    }
  });

  it('is not used after it was forgotten', async () => {
    await visit(client.transport, listener.address);
    client.transport.forget(listener.address);
    expect((await visit(client.transport, listener.address)).facts.resumed).toBe(false);
  });

  it('cannot be resumed by another node at the same address, which shows its own key', async () => {
    const first = await makeSide();
    const place = await first.transport.listen({ host: '127.0.0.1', port: 0 }, (stream) =>
      answer(stream, []),
    );
    await visit(client.transport, place.address);
    await place.close();
    const second = await makeSide();
    const again = await second.transport.listen(place.address, (stream) => answer(stream, []));
    const seen = await visit(client.transport, place.address);
    expect(seen.facts.resumed).toBe(false);
    expect(seen.facts.peerKey).toEqual(second.identity.publicKey);
    await again.close();
  });
});

describe('a broken record after the handshake', () => {
  it('ends the connection', async () => {
    const ends = new EventEmitter();
    const ended = once(ends, 'end');
    const place = await server.transport.listen({ host: '127.0.0.1', port: 0 }, (stream) => {
      const opened = (): void => void raw.write(Buffer.alloc(64, 0x17));
      stream.start({
        opened,
        received: () => {},
        drained: () => {},
        closed: ({ kind }) => ends.emit('end', kind),
      });
    });
    const raw = connect(place.address.port, '127.0.0.1');
    const secured = connectTls({ socket: raw, rejectUnauthorized: false });
    secured.on('error', () => {});
    expect(await ended).toEqual(['broken']);
    secured.destroy();
    await place.close();
  });
});
