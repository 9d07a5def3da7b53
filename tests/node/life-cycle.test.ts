// The life of a socket over real connections: listen, connect, join, leave, close.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import {
  chord,
  type ChordOptions,
  ChordSocket,
  type MeshSocket,
  Protocol,
  toBase58,
} from '../../src/index.ts';
import { createCluster } from '../../src/testing/index.ts';

const PLAINTEXT = new Protocol('chord', 'Plaintext');
const open: MeshSocket[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((socket) => socket.close({ force: true })));
});

function make(options: ChordOptions = {}, addr = '127.0.0.1', port = 0): ChordSocket {
  const socket = new ChordSocket(addr, port, { profile: 'local', protocol: PLAINTEXT, ...options });
  open.push(socket);
  return socket;
}

async function makeMember(options: ChordOptions = {}): Promise<ChordSocket> {
  const socket = make(options);
  await socket.join();
  return socket;
}

describe('a new socket', () => {
  it.each<[string, (socket: ChordSocket) => string]>([
    ['JSON', (socket) => JSON.stringify(socket)],
    ['util.inspect', (socket) => inspect(socket, { depth: null })],
    [
      'util.inspect of all that it has',
      (socket) => inspect(socket, { depth: null, showHidden: true, customInspect: false }),
    ],
  ])('shows no secret in %s', (_name, show) => {
    const protocol = new Protocol('chord', 'SSL');
    const secret = 'salmon';
    const shown = show(make({ protocol, secret }));
    expect(shown).not.toContain(secret);
    expect(shown).not.toContain(String([...Buffer.from(secret)]));
    expect(shown).not.toMatch(/73 61 6c 6d/);
  });

  it('shows who and where it is', () => {
    const socket = make();
    const { id, addr, outAddr, k, position } = socket;
    const protocol = { subnet: 'chord', encryption: 'Plaintext' };
    const summary = { id, addr, outAddr, k, position, leeching: true, protocol };
    expect(JSON.parse(JSON.stringify(socket))).toEqual(summary);
    expect(inspect(socket)).toBe(`ChordSocket ${inspect(summary)}`);
  });

  it('has an identity, is a client and has bound nothing', () => {
    const socket = new ChordSocket('127.0.0.1', 0);
    expect(socket.id).toMatch(/^[1-9A-HJ-NP-Za-km-z]{43,44}$/);
    expect(socket).toMatchObject({
      k: 32,
      leeching: true,
      addr: ['127.0.0.1', 0],
      outAddr: ['127.0.0.1', 0],
    });
    expect(socket).toMatchObject({ status: 'Nominal', next: undefined, prev: undefined, awaitingIds: [] });
    expect(socket.protocol).toBe(chord.defaultProtocol);
    expect(socket.routingTable.size).toBe(0);
    expect(socket.position).toBeLessThan(2 ** 32);
  });

  it('announces outAddr where it is given', () => {
    const socket = make({ outAddr: ['35.24.77.21', 44565] }, '0.0.0.0', 4444);
    expect(socket.outAddr).toEqual(['35.24.77.21', 44565]);
    expect(socket.addr).toEqual(['0.0.0.0', 4444]);
  });

  it('announces an address that can be dialled where it listens on all', () => {
    expect(make({}, '0.0.0.0', 4444).outAddr[0]).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(make({}, '0.0.0.0', 4444).outAddr[0]).not.toBe('0.0.0.0');
  });

  it('answers operations with ERR_NOT_CONNECTED, because it is a client that knows nobody', async () => {
    const socket = make();
    await expect(socket.get('a')).rejects.toMatchObject({ code: 'ERR_NOT_CONNECTED' });
    await expect(socket.ready()).rejects.toMatchObject({ code: 'ERR_NOT_CONNECTED' });
    expect(await socket.health()).toMatchObject({ ok: false, serving: false });
  });
});

describe('a client of a node that has not joined yet', () => {
  it('waits a moment for it to join, and then uses the ring', async () => {
    const [node, client] = [make(), make()];
    await node.listen();
    await client.connect(...node.outAddr);
    const value = client.get('a');
    const ready = client.ready();
    await node.join();
    expect(await value).toBeUndefined();
    await ready;
    await client.set('a', '1');
    expect(String(await node.get('a'))).toBe('1');
  });

  it('is told ERR_UNREACHABLE where it does not join', async () => {
    const [node, client] = [make(), make()];
    await node.listen();
    await client.connect(...node.outAddr);
    await expect(client.get('a', undefined, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'ERR_UNREACHABLE',
      message: 'one node is connected, but no member of a ring has answered within 100 ms',
    });
    const reason = new Error('enough');
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 20);
    await expect(client.get('a', undefined, { signal: controller.signal })).rejects.toBe(reason);
  });

  it('is told ERR_CLOSED where it is closed meanwhile', async () => {
    const [node, client] = [make(), make()];
    await node.listen();
    await client.connect(...node.outAddr);
    const outcome = client.get('a').catch((error: unknown) => error);
    await client.close();
    expect(await outcome).toMatchObject({ code: 'ERR_CLOSED' });
  });
});

describe('unjoin', () => {
  it('undoes a join that is under way', async () => {
    const [member, other] = [await makeMember(), make()];
    await other.connect(...member.outAddr);
    const joining = other.join();
    await other.unjoin();
    await joining;
    expect(other.leeching).toBe(true);
  });
});

describe('its own address', () => {
  it('is refused to whoever dials it, and no event for anybody else', async () => {
    const socket = await makeMember();
    const told: unknown[] = [];
    socket.on('refused', (notice) => told.push(notice));
    await expect(socket.connect(...socket.outAddr)).rejects.toMatchObject({
      code: 'ERR_UNREACHABLE',
      self: true,
    });
    await socket.set('a', '1');
    expect(told).toEqual([]);
  });
});

describe('listen', () => {
  it('picks a free port for 0, and is idempotent', async () => {
    const socket = make();
    await Promise.all([socket.listen(), socket.listen()]);
    const [, port] = socket.addr;
    expect(port).toBeGreaterThan(0);
    await socket.listen();
    expect(socket.outAddr).toEqual(['127.0.0.1', port]);
  });

  it('says that the port is taken, and can be tried again', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const socket = make({}, '127.0.0.1', port);
    await expect(socket.listen()).rejects.toMatchObject({ code: 'ERR_ADDRESS_IN_USE' });
    await new Promise((resolve) => other.close(resolve));
    await socket.listen();
    expect(socket.addr[1]).toBe(port);
  });
});

describe('connect', () => {
  it('resolves to the peer, for a client that does not listen', async () => {
    const member = await makeMember();
    const client = make();
    const peer = await client.connect(...member.outAddr);
    expect(peer).toEqual({ id: member.id, position: member.position, addr: member.outAddr });
    expect(client.routingTable.get(member.id)).toEqual(peer);
    expect(client.leeching).toBe(true);
  });

  it('takes the address in one piece', async () => {
    const member = await makeMember();
    expect((await make().connect(member.outAddr.join(':'))).id).toBe(member.id);
  });

  it('emits connect on both sides, and disconnect when one goes', async () => {
    const member = await makeMember();
    const client = make();
    const met = once(member, 'connect');
    await client.connect(...member.outAddr);
    expect(await met).toMatchObject([{ id: client.id }]);
    const lost = once(member, 'disconnect');
    await client.close();
    expect(await lost).toMatchObject([{ id: client.id }, expect.any(String)]);
  });

  it('rejects with ERR_UNREACHABLE where nobody listens, and connects once somebody does', async () => {
    const late = make();
    await late.listen();
    const { addr } = late;
    await late.close();
    const client = make();
    await expect(client.connect(...addr)).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' });
    const met = once(client, 'connect');
    const again = make({}, ...addr);
    await again.join();
    expect(await met).toMatchObject([{ id: again.id }]);
    await client.set('a', '1');
  });

  it('rejects with what differs, and both sides emit refused', async () => {
    const member = await makeMember();
    const stranger = make({ k: 8, protocol: new Protocol('other', 'Plaintext') });
    const refusals = Promise.all([once(member, 'refused'), once(stranger, 'refused')]);
    await expect(stranger.connect(...member.outAddr)).rejects.toMatchObject({
      code: 'ERR_PROTOCOL_MISMATCH',
      differs: ['subnet', 'k'],
    });
    await refusals;
  });

  it('rejects with the reason of an abort', async () => {
    const member = await makeMember();
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(make().connect(...member.outAddr, { signal })).rejects.toBe(reason);
  });

  it('refuses misuse', async () => {
    await expect(make().connect('127.0.0.1')).rejects.toThrow(TypeError);
    await expect(make().connect('127.0.0.1', 0)).rejects.toThrow(RangeError);
  });
});

describe('join', () => {
  it('makes a ring of one that serves at once', async () => {
    const socket = await makeMember();
    expect(socket.leeching).toBe(false);
    await socket.set('a', '1');
    expect((await socket.get('a'))?.toString()).toBe('1');
    expect(await socket.health()).toMatchObject({ ok: true, members: 1, serving: true });
  });

  it('then connect gives the same ring as connect, then join', async () => {
    const first = await makeMember();
    const second = make();
    await second.connect(...first.outAddr);
    await second.join();
    const third = await makeMember();
    await third.set('mine', '3');
    await third.connect(...first.outAddr);
    for (const socket of [first, second, third]) await socket.ready({ members: 3 });
    // While two rings become one, an owner may not have heard of the other's entries yet.
    const read = async (socket: ChordSocket): Promise<string | undefined> =>
      (await socket.get('mine'))?.toString();
    for (const socket of [first, second, third]) await expect.poll(() => read(socket)).toBe('3');
    expect(first.next?.id).not.toBe(first.prev?.id);
  });

  it('works over TLS', async () => {
    const ring = await createCluster(3, { k: 8 });
    try {
      const client = await ring.client();
      await client.set('a', '1');
      expect((await ring.nodes[2]?.get('a'))?.toString()).toBe('1');
      expect(client.protocol.encryption).toBe('SSL');
    } finally {
      await ring.close();
    }
  });
});

describe('leaving', () => {
  it('hands entries over, and goes on as a client', async () => {
    const ring = await createCluster(3, { protocol: PLAINTEXT });
    try {
      const leaver = ring.nodes[1]!;
      const pairs = Array.from({ length: 100 }, (_, i) => [`k${i}`, `${i}`] as const);
      await leaver.update(pairs);
      await leaver.unjoin();
      expect(leaver.leeching).toBe(true);
      const values = await Promise.all(pairs.map(([key]) => leaver.getOrThrow(key)));
      expect(values.map(String)).toEqual(pairs.map(([, value]) => value));
    } finally {
      await ring.close();
    }
  });

  it('of the last member resolves at once', async () => {
    const socket = await makeMember();
    await socket.set('a', '1');
    await socket.unjoin();
    expect(socket.leeching).toBe(true);
  });
});

describe('safeToStop', () => {
  it('is true for a client and an empty member, false for one alone with its entries', async () => {
    const member = await makeMember();
    expect(await make().safeToStop()).toBe(true);
    expect(await member.safeToStop()).toBe(true);
    await member.set('a', '1');
    expect(await member.safeToStop()).toBe(false);
  });

  it('is false where the other copies would be no majority', async () => {
    const ring = await createCluster(2, { transport: 'memory' });
    try {
      for (const node of ring.nodes) expect(await node.safeToStop()).toBe(true);
      await ring.nodes[0]?.set('a', '1');
      for (const node of ring.nodes) expect(await node.safeToStop()).toBe(false);
      await ring.nodes[0]?.unjoin();
      expect(await ring.nodes[0]?.safeToStop()).toBe(true);
    } finally {
      await ring.close();
    }
  });

  it('is true for a member whose entries have their other copies', async () => {
    const ring = await createCluster(3, { transport: 'memory' });
    try {
      await ring.nodes[0]?.set('a', '1');
      for (const node of ring.nodes) await expect.poll(() => node.safeToStop()).toBe(true);
    } finally {
      await ring.close();
    }
  });
});

describe('close', () => {
  it('is idempotent, emits close once, and ends what waits', async () => {
    const socket = await makeMember();
    let closed = 0;
    socket.on('close', () => {
      closed += 1;
    });
    await Promise.all([socket.close(), socket.close({ force: true })]);
    await socket.close();
    expect(closed).toBe(1);
    await expect(socket.get('a')).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await expect(socket.listen()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await expect(socket.connect('127.0.0.1', 1)).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('of a socket that did nothing does nothing', async () => {
    await expect(make().close()).resolves.toBeUndefined();
  });

  it('of all members at once ends', async () => {
    const ring = await createCluster(5, { transport: 'memory' });
    await ring.nodes[0]?.set('a', '1');
    const closed = await Promise.all(ring.nodes.map((node) => node.close()));
    expect(closed).toHaveLength(5);
  });

  it('loses nothing when members close one after another', async () => {
    const ring = await createCluster(4, { transport: 'memory' });
    try {
      const last = ring.nodes[3]!;
      const pairs = Array.from({ length: 50 }, (_, i) => [`k${i}`, `${i}`] as const);
      await last.update(pairs);
      for (const node of ring.nodes.slice(0, 3)) await node.close();
      const values = await Promise.all(pairs.map(([key]) => last.getOrThrow(key)));
      expect(values.map(String)).toEqual(pairs.map(([, value]) => value));
    } finally {
      await ring.close();
    }
  });
});

describe('errors that nobody waits for', () => {
  it('do not end the process where nobody listens', async () => {
    const member = await makeMember();
    const { connect } = await import('node:net');
    const socket = connect(member.addr[1], '127.0.0.1');
    socket.on('error', () => {});
    const refused = once(member, 'refused');
    socket.end('GET / HTTP/1.1\r\n\r\n');
    await refused;
    expect(await member.has('a')).toBe(false);
  });
});

it('the reference names a network by the id of its protocol and k', () => {
  const { protocol, k } = make({ k: 2 });
  expect(protocol.id + toBase58(k)).toMatch(/^[1-9A-HJ-NP-Za-km-z]+$/);
});
