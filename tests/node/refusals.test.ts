// Connections that must not come about, over real loopback: both sides say why, once, and go on.
import { randomBytes } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { ChordError } from '../../src/node/errors.ts';
import { createCredentials } from '../../src/node/certificate.ts';
import { Identity, idOf, sha256 } from '../../src/node/identity.ts';
import type { Encryption } from '../../src/node/protocol.ts';
import { chooseTransport } from '../../src/node/transport-choice.ts';
import { TcpTransport } from '../../src/transport/tcp.ts';
import { TlsTransport } from '../../src/transport/tls.ts';
import type { ByteStream } from '../../src/transport/transport.ts';
import { Codec } from '../../src/wire/codec.ts';
import { FrameReader } from '../../src/wire/frame.ts';
import type { Difference } from '../../src/wire/handshake-message.ts';
import { WIRE_LIMITS } from '../../src/wire/limits.ts';
import { failureOf, LIMITS, LinkWorld, type NodeOptions, type TestNode } from '../support/link-world.ts';

const world = new LinkWorld();
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await world.close();
});

const ENCRYPTIONS: readonly Encryption[] = ['Plaintext', 'SSL'];

/** Dials, and resolves to what both sides say about it, once each. */
async function refusedBoth(dialler: TestNode, listener: TestNode): Promise<ChordError[]> {
  const error = await failureOf(dialler.dial(listener));
  await listener.until(() => listener.refusals.length > 0);
  const address = ['127.0.0.1', listener.port];
  expect(dialler.refusals).toMatchObject([{ direction: 'outbound', address }]);
  expect(dialler.refusals[0]?.error).toBe(error);
  expect(listener.refusals).toMatchObject([{ direction: 'inbound' }]);
  expect([...dialler.connections, ...listener.connections]).toEqual([]);
  await expectWorking(listener);
  return [...dialler.refusals, ...listener.refusals].map((notice) => notice.error);
}

/** A node that fits still gets through. */
async function expectWorking(node: TestNode): Promise<void> {
  const { protocol, k } = node;
  const { subnet, encryption } = protocol;
  const secrets = node.secrets;
  const friend = await world.node({ subnet, encryption, k, secrets });
  expect((await friend.dial(node)).id).toBe(node.identity.id);
}

/** What a raw socket received when the other side ended. */
function conversation(socket: Socket): Promise<Buffer> {
  sockets.push(socket);
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(chunks)));
  });
}

describe.each(ENCRYPTIONS)('among nodes of %s', (encryption) => {
  const CASES: readonly (readonly [NodeOptions, readonly Difference[]])[] = [
    [{ subnet: 'other' }, ['subnet']],
    [{ k: 9 }, ['k']],
    [{ subnet: 'other', k: 9 }, ['subnet', 'k']],
  ];
  it.each(CASES)('%o is refused on both sides', async (difference, differs) => {
    const listener = await world.listening({ encryption });
    const dialler = await world.node({ encryption, ...difference });
    const expected = { code: 'ERR_PROTOCOL_MISMATCH', differs };
    expect(await refusedBoth(dialler, listener)).toMatchObject([expected, expected]);
  });

  it('clocks that are apart are refused on both sides', async () => {
    const listener = await world.listening({ encryption });
    const dialler = await world.node({ encryption, wallMs: () => Date.now() + 3_600_000 });
    const expected = { code: 'ERR_CLOCK_SKEW' };
    expect(await refusedBoth(dialler, listener)).toMatchObject([expected, expected]);
  });

  it('a stolen identity is refused on both sides', async () => {
    const listener = await world.listening({ encryption });
    const [victim, thief] = [Identity.create(), Identity.create()];
    // Claims the victim's key, and signs and encrypts with its own.
    const claim = Object.create(thief, {
      id: { value: victim.id },
      publicKey: { value: victim.publicKey },
      sign: { value: (bytes: Uint8Array) => thief.sign(bytes) },
    }) as Identity;
    const transport = await chooseTransport(encryption, thief, LIMITS);
    const dialler = await world.node({ encryption, transport, identity: claim });
    const expected = { code: 'ERR_UNAUTHORIZED' };
    expect(await refusedBoth(dialler, listener)).toMatchObject([expected, expected]);
  });

  it('an HTTP client is told so, and reported', async () => {
    const listener = await world.listening({ encryption });
    const socket = connect(listener.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const answer = (await conversation(socket)).toString();
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('speaks the protocol of chord-socket only');
    expect(listener.refusals).toHaveLength(1);
    expect(listener.refusals[0]?.error).toMatchObject({ code: 'ERR_PROTOCOL_MISMATCH', differs: [] });
    expect(listener.refusals[0]?.error.message).toContain('HTTP client');
    await expectWorking(listener);
  });

  it.each([
    ['text', Buffer.from('hello there\n')],
    ['random bytes', Buffer.concat([Buffer.from([0x81]), randomBytes(2_000)])],
    ['a frame that is no message', Buffer.from([0, 0, 0, 3, 0xff, 1, 2])],
    ['an empty frame', Buffer.from([0, 0, 0, 0, 1])],
    ['a frame without end', Buffer.from([0, 255, 255, 255, 1])],
    [
      'a broken TLS record',
      Buffer.concat([Buffer.from([0x16, 0x03, 0x01, 0x00, 0x20]), Buffer.alloc(64, 0x55)]),
    ],
  ])('%s costs a stranger its connection, and nothing else', async (_name, bytes) => {
    const listener = await world.listening({ encryption });
    const socket = connect(listener.port, '127.0.0.1');
    socket.write(bytes);
    await conversation(socket);
    await listener.until(() => listener.refusals.length > 0);
    expect(listener.refusals).toHaveLength(1);
    expect(listener.refusals[0]?.error.code).toBe('ERR_PROTOCOL_MISMATCH');
    await expectWorking(listener);
  });

  it('a stranger that says nothing is let go after a while', async () => {
    const listener = await world.listening({ encryption, timings: { handshakeMs: 30 } });
    const answer = await conversation(connect(listener.port, '127.0.0.1'));
    expect(answer).toHaveLength(0);
    expect(listener.refusals).toMatchObject([{ direction: 'inbound', error: { code: 'ERR_TIMEOUT' } }]);
    expect(listener.links.awaiting()).toEqual([]);
  });

  it('a node that says nothing does not answer in time', async () => {
    const silent = await new TcpTransport(LIMITS).listen({ host: '127.0.0.1', port: 0 }, (stream) => {
      stream.start({ opened: () => {}, received: () => {}, drained: () => {}, closed: () => {} });
    });
    const dialler = await world.node({ encryption });
    const error = await failureOf(dialler.links.dial('127.0.0.1', silent.address.port, { timeoutMs: 30 }));
    expect(error.code).toBe('ERR_TIMEOUT');
    expect(dialler.links.awaiting()).toEqual([]);
    await silent.close();
  });

  it('a flood of connections holds no more than the allowed number of handshakes', async () => {
    const listener = await world.listening({ encryption, limits: { ...LIMITS, handshakes: 3 } });
    const flood = Array.from({ length: 4 }, () => conversation(connect(listener.port, '127.0.0.1')));
    await Promise.race(flood);
    expect(listener.links.awaiting()).toHaveLength(3);
    expect(listener.refusals).toMatchObject([{ error: { code: 'ERR_LIMIT' } }]);
  });

  it('a connection that closes without a word is nobody refused', async () => {
    const listener = await world.listening({ encryption });
    const socket = connect(listener.port, '127.0.0.1');
    const answer = conversation(socket);
    socket.end();
    await answer;
    await expectWorking(listener);
    expect(listener.refusals).toEqual([]);
  });
});

describe('TLS meets plaintext', () => {
  it('a plaintext node that dials an encrypted one learns everything that differs', async () => {
    const listener = await world.listening({ encryption: 'SSL' });
    const dialler = await world.node({ encryption: 'Plaintext' });
    const expected = {
      code: 'ERR_PROTOCOL_MISMATCH',
      differs: ['encryption'],
    };
    expect(await refusedBoth(dialler, listener)).toMatchObject([expected, expected]);
  });

  it('with another subnet and k, all three are named', async () => {
    const listener = await world.listening({ encryption: 'SSL' });
    const dialler = await world.node({ encryption: 'Plaintext', subnet: 'other', k: 9 });
    const differs = ['subnet', 'encryption', 'k'];
    const expected = { code: 'ERR_PROTOCOL_MISMATCH', differs };
    expect(await refusedBoth(dialler, listener)).toMatchObject([expected, expected]);
  });

  it('an encrypted node that dials a plaintext one is refused as well', async () => {
    const listener = await world.listening({ encryption: 'Plaintext' });
    const dialler = await world.node({ encryption: 'SSL' });
    const expected = { code: 'ERR_PROTOCOL_MISMATCH', differs: ['encryption'] };
    expect(await refusedBoth(dialler, listener)).toMatchObject([expected, expected]);
    expect(dialler.refusals[0]?.error.theirs).toBeUndefined();
  });

  it('an HTTP client over TLS is reported', async () => {
    const listener = await world.listening({ encryption: 'SSL' });
    const socket = connectTls({ port: listener.port, host: '127.0.0.1', rejectUnauthorized: false });
    socket.write('GET / HTTP/1.1\r\n\r\n');
    expect((await conversation(socket)).toString()).toMatch(/^HTTP\/1\.1 400 /);
    expect(listener.refusals[0]?.error.message).toContain('HTTP client');
  });

  it('a client of an older TLS is refused', async () => {
    const listener = await world.listening({ encryption: 'SSL' });
    const old = { maxVersion: 'TLSv1.2', rejectUnauthorized: false } as const;
    await conversation(connectTls({ port: listener.port, host: '127.0.0.1', ...old }));
    await listener.until(() => listener.refusals.length > 0);
    expect(listener.refusals).toMatchObject([{ error: { code: 'ERR_PROTOCOL_MISMATCH' } }]);
    await expectWorking(listener);
  });

  it('a plaintext node understands the alert of a TLS server of another kind', async () => {
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.end(Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46]));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const dialler = await world.node({ encryption: 'Plaintext' });
    const error = await failureOf(dialler.links.dial('127.0.0.1', port));
    expect(error).toMatchObject({ code: 'ERR_PROTOCOL_MISMATCH', differs: ['encryption'] });
    expect(dialler.refusals).toHaveLength(1);
    server.close();
  });
});

describe('a secret', () => {
  it.each([
    ['wrong', ['right'], ['wrong']],
    ['missing at the dialler', ['right'], []],
    ['missing at the listener', [], ['right']],
  ])('that is %s is refused on both sides', async (_name, ours, theirs) => {
    const listener = await world.listening({ encryption: 'SSL', secrets: ours });
    const dialler = await world.node({ encryption: 'SSL', secrets: theirs });
    const expected = { code: 'ERR_UNAUTHORIZED' };
    expect(await refusedBoth(dialler, listener)).toMatchObject([expected, expected]);
  });

  it('that is being rotated lets nodes of both kinds in', async () => {
    const listener = await world.listening({ encryption: 'SSL', secrets: ['new', 'old'] });
    const dialler = await world.node({ encryption: 'SSL', secrets: ['old', 'new'] });
    expect((await dialler.dial(listener)).id).toBe(listener.identity.id);
  });

  it('in plaintext is a mistake of the caller', async () => {
    await expect(world.node({ encryption: 'Plaintext', secrets: ['s'] })).rejects.toThrow(TypeError);
  });

  it('keeps a man in the middle out who passes everything on under keys of his own', async () => {
    const listener = await world.listening({ encryption: 'SSL', secrets: ['s'] });
    const dialler = await world.node({ encryption: 'SSL', secrets: ['s'] });
    const middle = await manInTheMiddle(listener.port);
    const error = await failureOf(dialler.links.dial('127.0.0.1', middle.port));
    expect(error.code).toBe('ERR_UNAUTHORIZED');
    await listener.until(() => listener.refusals.length > 0);
    expect(listener.refusals[0]?.error.code).toBe('ERR_UNAUTHORIZED');
    expect([...listener.connections, ...dialler.connections]).toEqual([]);
    await middle.close();
  });
});

describe('a node that was let in', () => {
  it.each(ENCRYPTIONS)('and sends nonsense over %s loses its connection', async (encryption) => {
    const listener = await world.listening({ encryption });
    const identity = Identity.create();
    const inner = await chooseTransport(encryption, identity, LIMITS);
    let stream: ByteStream | undefined;
    const transport = {
      listen: inner.listen.bind(inner),
      forget: inner.forget.bind(inner),
      dial: (address: { host: string; port: number }): ByteStream => (stream = inner.dial(address)),
    };
    const dialler = await world.node({ encryption, identity, transport });
    await dialler.dial(listener);
    await listener.until(() => listener.connections.length === 1);
    stream?.send(Buffer.from([0, 0, 0, 2, 0xee, 0xee]));
    await listener.until(() => listener.disconnections.length === 1);
    expect(listener.errors).toMatchObject([{ code: 'ERR_PROTOCOL_MISMATCH' }]);
    expect(listener.refusals).toEqual([]);
    await expectWorking(listener);
  });
});

/** Ends both TLS connections itself, and puts its own key into the hellos, so that certificates fit them. */
async function manInTheMiddle(targetPort: number): Promise<{ port: number; close: () => Promise<void> }> {
  const identity = Identity.create();
  const transport = new TlsTransport(await createCredentials(identity), LIMITS);
  const codec = new Codec({ k: 8, hash: sha256, idOf, limits: WIRE_LIMITS });
  const forward = (from: ByteStream, to: ByteStream): void => {
    const reader = new FrameReader(WIRE_LIMITS.frameBytes);
    from.start({
      opened: () => {},
      drained: () => {},
      closed: () => to.end(),
      received: (bytes) => {
        reader.push(bytes);
        for (let payload = reader.next(); payload !== undefined; payload = reader.next()) {
          const message = codec.decodeHandshake(payload);
          const changed = message.type === 'hello' ? { ...message, publicKey: identity.publicKey } : message;
          to.send(codec.encodeHandshake(changed));
        }
      },
    });
  };
  const listener = await transport.listen({ host: '127.0.0.1', port: 0 }, (inbound) => {
    const outbound = transport.dial({ host: '127.0.0.1', port: targetPort });
    forward(inbound, outbound);
    forward(outbound, inbound);
  });
  return { port: listener.address.port, close: () => listener.close() };
}
