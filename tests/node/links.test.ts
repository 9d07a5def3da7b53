// Links between nodes that belong together: connections, messages, limits, endings. Over loopback and in
// memory.
import { afterEach, describe, expect, it } from 'vitest';
import type { Message, Tables } from '../../src/core/message.ts';
import { Identity } from '../../src/node/identity.ts';
import { MemoryNetwork } from '../../src/transport/memory.ts';
import type { ByteStream, Transport } from '../../src/transport/transport.ts';
import {
  failureOf,
  LIMITS,
  LinkWorld,
  type NodeOptions,
  ping,
  pong,
  type TestNode,
} from '../support/link-world.ts';

const world = new LinkWorld();
afterEach(() => world.close());

const network = new MemoryNetwork();
const CARRIERS: readonly (readonly [string, () => NodeOptions])[] = [
  ['plaintext', () => ({ encryption: 'Plaintext' })],
  ['TLS', () => ({ encryption: 'SSL' })],
  ['memory', () => ({ encryption: 'SSL', transport: network.transport() })],
];

/** A valid reply of about a megabyte. */
function large(number: number, bytes: number = 1_000_000): Message {
  const value = new Uint8Array(bytes).fill(7);
  const result = {
    type: 'value',
    value,
    version: '0190a1b2c3d40001QmFzZTU4',
    expiresAt: 0,
    replicas: 1,
    agreed: 1,
    replicaRequests: 0,
  } as const;
  return { direction: 'reply', number, body: { type: 'operated', arc: { from: 1, to: 1 }, result } };
}

function largeWrite(number: number): Message {
  const value = new Uint8Array(1_000_000).fill(7);
  const operation = { type: 'set', value, ttlMs: 0, ifAbsent: false, ifVersion: '' } as const;
  const shared = { consistency: 'one', operationId: '', sinceMs: 0, budgetMs: 1 } as const;
  const body = { type: 'operate', key: 'a', operation, ...shared } as const;
  return { direction: 'request', number, body };
}

/** Compared as buffers, because comparing a million numbers one by one takes seconds. */
function valueOf(message: Message | undefined): Uint8Array {
  const body = message?.body;
  return body?.type === 'operated' && body.result.type === 'value' ? body.result.value : new Uint8Array(0);
}

describe.each(CARRIERS)('over %s', (_name, carrier) => {
  it('both sides learn who the other is', async () => {
    const a = await world.node({ ...carrier(), hello: { member: false } });
    const b = await world.listening({ ...carrier(), hello: { salt: 5, incarnation: 9 } });
    const peer = await a.dial(b);
    expect(peer.id).toBe(b.identity.id);
    expect(peer).toMatchObject({ salt: 5, incarnation: 9, host: '127.0.0.1', port: b.port });
    await b.until(() => b.connections.length === 1);
    expect(b.connections[0]).toMatchObject({ peer: { id: a.identity.id, host: '', port: 0 }, member: false });
    expect(a.links.awaiting()).toEqual([]);
  });

  it('the welcome carries the tables of a member to a client that seeks a home', async () => {
    const b = await world.listening({ ...carrier(), hello: { member: false, seeksHome: true } });
    const tables: Tables = { self: b.contact, predecessor: undefined, successors: [], fingers: [] };
    const c = await world.listening({ ...carrier(), tables: () => tables });
    await b.dial(c);
    expect(b.connections[0]?.tables?.self.id).toBe(b.identity.id);
  });

  it('messages arrive in order in both directions, over one connection', async () => {
    const a = await world.listening(carrier());
    const b = await world.listening(carrier());
    b.answers = true;
    for (let i = 0; i < 100; i++) a.links.send(b.contact, ping(i));
    await a.until(() => a.messages.length === 100);
    expect(b.messages.map(({ message }) => message.number)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(a.messages.map(({ message }) => message.number)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(b.connections).toHaveLength(1);
    expect(a.links.connectedIds()).toEqual([b.identity.id]);
  });

  it('messages of a megabyte arrive whole', async () => {
    const a = await world.listening(carrier());
    const b = await world.listening(carrier());
    for (let i = 0; i < 5; i++) a.links.send(b.contact, large(i));
    await b.until(() => b.messages.length === 5);
    expect(Buffer.compare(valueOf(b.messages[4]?.message), valueOf(large(4)))).toBe(0);
  });

  it('an address where nobody listens is unreachable', async () => {
    const [a, b] = [await world.node(carrier()), await world.listening(carrier())];
    await b.links.close();
    const error = await failureOf(a.dial(b));
    expect(error).toMatchObject({ code: 'ERR_UNREACHABLE', address: ['127.0.0.1', b.port] });
    expect(error.message).toContain('nobody listens there');
    expect(a.refusals).toEqual([]);
  });

  it('a message to a node that is not there is reported once', async () => {
    const [a, b] = [await world.node(carrier()), await world.listening(carrier())];
    await b.links.close();
    a.links.send(b.contact, ping(1));
    a.links.send(b.contact, ping(2));
    expect(a.unreachables).toEqual([]);
    await a.until(() => a.unreachables.length > 0);
    expect(a.unreachables).toEqual([b.identity.id]);
  });

  it('a message for one node is not given to another that answers at its address', async () => {
    const [a, b] = [await world.node(carrier()), await world.listening(carrier())];
    const other = Identity.create();
    a.links.send({ ...b.contact, id: other.id, publicKey: other.publicKey }, ping(1));
    await a.until(() => a.unreachables.length > 0);
    expect(a.unreachables).toEqual([other.id]);
    expect(b.messages).toEqual([]);
  });

  it('a port in use is named', async () => {
    const a = await world.listening(carrier());
    const b = await world.node({ ...carrier() });
    const error = await failureOf(b.links.listen('127.0.0.1', a.port));
    expect(error).toMatchObject({ code: 'ERR_ADDRESS_IN_USE', address: ['127.0.0.1', a.port] });
    expect(error.message).toContain(`127.0.0.1:${a.port}`);
    expect(error.message).toContain('port 0');
  });

  it('a node does not connect to itself, and keeps working', async () => {
    const a = await world.listening(carrier());
    const error = await failureOf(a.dial(a));
    expect(error).toMatchObject({ code: 'ERR_UNREACHABLE', self: true });
    expect(error.message).toContain('itself');
    await a.until(() => a.refusals.length === 2);
    expect(a.refusals.map(({ direction }) => direction).toSorted()).toEqual(['inbound', 'outbound']);
    const b = await world.node(carrier());
    await b.dial(a);
  });

  it('verify proves who answers, and leaves no connection behind', async () => {
    const [a, b] = [await world.node(carrier()), await world.listening(carrier())];
    await a.links.verify(b.contact);
    const other = Identity.create().id;
    const error = await failureOf(a.links.verify({ ...b.contact, id: other }));
    expect(error.code).toBe('ERR_UNREACHABLE');
    expect(error.message).toContain(b.identity.id);
    expect([a.connections, b.connections, a.refusals, b.refusals]).toEqual([[], [], [], []]);
  });

  it('verify says that another node answers, also where that is this one', async () => {
    const [a, b] = [await world.listening(carrier()), await world.node(carrier())];
    const error = await failureOf(a.links.verify({ ...b.contact, host: '127.0.0.1', port: a.port }));
    expect(error).toMatchObject({ code: 'ERR_UNREACHABLE', address: ['127.0.0.1', a.port] });
    expect(error.message).toContain(`another node answers at 127.0.0.1:${a.port}: ${a.identity.id}`);
    expect(error.self).toBeUndefined();
  });

  it('the end of one node is told to the other', async () => {
    const [a, b] = [await world.node(carrier()), await world.listening(carrier())];
    await a.dial(b);
    await b.until(() => b.connections.length === 1);
    b.links.send(a.identity.id, ping(1));
    await b.links.close();
    await a.until(() => a.disconnections.length === 1);
    expect(a.disconnections[0]?.id).toBe(b.identity.id);
    expect(a.messages).toHaveLength(1);
  });

  it('two nodes that dial each other at once settle on one connection, and lose nothing', async () => {
    const timings = { retireMs: 30 };
    const a = await world.listening({ ...carrier(), timings });
    const b = await world.listening({ ...carrier(), timings });
    a.answers = b.answers = true;
    await Promise.all([a.dial(b), b.dial(a)]);
    for (let i = 0; i < 50; i++) {
      a.links.send(b.contact, ping(i));
      b.links.send(a.contact, ping(i));
      if (i % 10 === 0) await new Promise(setImmediate);
    }
    await Promise.all([a.until(() => a.messages.length === 100), b.until(() => b.messages.length === 100)]);
    expect([a.disconnections, b.disconnections, a.unreachables, b.unreachables]).toEqual([[], [], [], []]);
  });

  it('an aborted dial rejects with the reason', async () => {
    const [a, b] = [await world.node(carrier()), await world.listening(carrier())];
    const reason = new Error('enough');
    const controller = new AbortController();
    const dial = a.links.dial('127.0.0.1', b.port, { signal: controller.signal });
    controller.abort(reason);
    await expect(dial).rejects.toBe(reason);
    await expect(a.links.dial('127.0.0.1', b.port, { signal: controller.signal })).rejects.toBe(reason);
    expect(a.links.awaiting()).toEqual([]);
  });

  it('more connections than allowed are refused on both sides', async () => {
    const b = await world.listening({ ...carrier(), limits: { ...LIMITS, connections: 1 } });
    const [a, c] = [await world.node(carrier()), await world.node(carrier())];
    await a.dial(b);
    const error = await failureOf(c.dial(b));
    expect(error.code).toBe('ERR_LIMIT');
    await b.until(() => b.refusals.length === 1);
    expect(b.refusals[0]).toMatchObject({ direction: 'inbound', error: { code: 'ERR_LIMIT' } });
    expect(c.refusals).toMatchObject([{ direction: 'outbound', error: { code: 'ERR_LIMIT' } }]);
  });

  it('a peer that does not read loses its connection, not our memory', async () => {
    const [a, b] = [
      await world.node({ ...carrier(), limits: { ...LIMITS, queueBytes: 4_000_000 } }),
      await world.listening(carrier()),
    ];
    await a.dial(b);
    for (let i = 0; i < 100; i++) a.links.send(b.identity.id, largeWrite(i));
    await a.until(() => a.disconnections.length === 1);
    expect(a.unreachables).toEqual([b.identity.id]);
    expect(a.disconnections[0]?.reason).toContain('does not read');
    expect(a.errors.every(({ code }) => code === 'ERR_LIMIT')).toBe(true);
  });

  it('large answers beyond what may wait are left out, and everything else gets through', async () => {
    const [a, b] = [
      await world.node({ ...carrier(), limits: { ...LIMITS, queueBytes: 1_000_000 } }),
      await world.listening(carrier()),
    ];
    await a.dial(b);
    for (let i = 0; i < 20; i++) a.links.send(b.identity.id, large(i));
    a.links.send(b.identity.id, pong(99));
    await b.until(() => b.messages.length === 9);
    expect(a.disconnections).toEqual([]);
    expect(a.errors.map(({ code }) => code)).toEqual(Array.from({ length: 12 }, () => 'ERR_LIMIT'));
    // Sent last, it passed all but the parts that were with the host already.
    expect(b.messages[0]?.message.number).toBe(99);
  });

  it('everything rejects after close, and close can be repeated', async () => {
    const [a, b] = [await world.node(carrier()), await world.listening(carrier())];
    const dial = failureOf(a.dial(b));
    await Promise.all([a.links.close(), a.links.close()]);
    expect((await dial).code).toBe('ERR_CLOSED');
    expect((await failureOf(a.dial(b))).code).toBe('ERR_CLOSED');
    expect((await failureOf(a.links.listen('127.0.0.1', 0))).code).toBe('ERR_CLOSED');
  });
});

it('a node that was started anew takes the place of its former life', async () => {
  const identity = Identity.create();
  const b = await world.listening();
  const old = await world.node({ identity, hello: { incarnation: 1 } });
  await old.dial(b);
  const anew = await world.node({ identity, hello: { incarnation: 2 } });
  await anew.dial(b);
  await old.until(() => old.disconnections.length === 1);
  b.links.send(identity.id, pong(7));
  await anew.until(() => anew.messages.length === 1);
  expect(b.disconnections).toEqual([]);
});

it('a message beyond the limits of the wire is reported, and costs nothing else', async () => {
  const [a, b] = [await world.node(), await world.listening()];
  await a.dial(b);
  a.links.send(b.identity.id, { direction: 'request', number: -1, body: { type: 'ping' } });
  await a.until(() => a.errors.length === 1 && a.unreachables.length === 1);
  expect(a.errors[0]?.code).toBe('ERR_LIMIT');
  expect(a.links.connectedIds()).toEqual([b.identity.id]);
});

it('a message that finds no room while it arrives is left out and told, and costs nothing else', async () => {
  const limits = { ...LIMITS, frameBytes: 100_000 };
  const [a, b] = [await world.node(), await world.listening({ limits, largeFramesBytes: 500_000 })];
  await a.dial(b);
  for (const bytes of [500_000, 700_000, 500_000]) a.links.send(b.identity.id, large(bytes, bytes));
  await b.until(() => b.messages.length === 2);
  expect(b.messages.map(({ message }) => message.number)).toEqual([500_000, 500_000]);
  expect(b.errors).toMatchObject([
    { code: 'ERR_LIMIT', message: expect.stringContaining('was left out') as unknown },
  ]);
  expect([a.disconnections, b.disconnections]).toEqual([[], []]);
});

it('a network that was cut is whole again once healed', async () => {
  const net = new MemoryNetwork();
  const a = await world.listening({ transport: net.transport() });
  const b = await world.listening({ transport: net.transport() });
  const at = { host: '127.0.0.1', port: a.port };
  const bt = { host: '127.0.0.1', port: b.port };
  await a.dial(b);
  net.cut(at, bt);
  await a.until(() => a.disconnections.length === 1);
  expect((await failureOf(a.dial(b))).code).toBe('ERR_UNREACHABLE');
  net.heal(at, bt);
  expect((await a.dial(b)).id).toBe(b.identity.id);
});

it('a cut breaks a connection too that was dialled before its node listened', async () => {
  const net = new MemoryNetwork();
  const a = await world.node({ transport: net.transport() });
  const b = await world.listening({ transport: net.transport() });
  await a.dial(b);
  const { port } = await a.links.listen('127.0.0.1', 0);
  net.cut({ host: '127.0.0.1', port }, { host: '127.0.0.1', port: b.port });
  await a.until(() => a.disconnections.length === 1);
  expect((await failureOf(a.dial(b))).code).toBe('ERR_UNREACHABLE');
});

it('of two connections that crossed, one is left in the end', async () => {
  const net = new MemoryNetwork();
  const timings = { retireMs: 1 };
  const a = await world.listening({ transport: net.transport(), timings });
  const b = await world.listening({ transport: net.transport(), timings });
  await Promise.all([a.dial(b), b.dial(a)]);
  expect(net.connectionCount).toBe(2);
  while (net.connectionCount > 1) await new Promise(setImmediate);
  a.links.send(b.identity.id, ping(1));
  b.links.send(a.identity.id, ping(2));
  await Promise.all([a.until(() => a.messages.length === 1), b.until(() => b.messages.length === 1)]);
  expect([a.disconnections, b.disconnections]).toEqual([[], []]);
});

it('the connection that was unused for longest gives way', async () => {
  const limits = { ...LIMITS, connections: 4 };
  const b = await world.listening({ limits, timings: { idleMs: 0 } });
  const nodes: TestNode[] = [];
  for (let i = 0; i < 4; i++) {
    const node = await world.node();
    await node.dial(b);
    nodes.push(node);
    // The first one keeps in use.
    nodes[0]?.links.send(b.identity.id, ping(i));
    await b.until(() => b.messages.length === i + 1);
  }
  await nodes[1]?.until(() => nodes[1]?.disconnections.length === 1);
  expect(b.disconnections).toEqual([{ id: nodes[1]?.identity.id, reason: 'it was not used' }]);
});

it('closing ends although a stream never says that it is gone', async () => {
  const facts = { encryption: 'Plaintext', peerKey: undefined, resumed: false, exporter: undefined } as const;
  const mute: ByteStream = {
    remote: { host: '127.0.0.1', port: 1 },
    queuedBytes: 0,
    start: (handler) => queueMicrotask(() => handler.opened(facts)),
    send: () => true,
    flush: () => {},
    end: () => {},
    destroy: () => {},
  };
  const transport: Transport = {
    listen: () => Promise.reject(new Error('not used')),
    dial: () => mute,
    forget: () => {},
  };
  const node = await world.node({ transport, timings: { closeMs: 5 } });
  const dial = node.links.dial('127.0.0.1', 1).catch((error: unknown) => error);
  await new Promise(setImmediate);
  await node.links.close();
  expect(await dial).toMatchObject({ code: 'ERR_CLOSED' });
});
