// Messages of real sockets: what is sent and received, handlers, bounds, misuse and closing, over the
// in-process network.
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChordSocket, type Message, type MessageGap, MeshSocket, Protocol } from '../../src/index.ts';
import type { MessageHandler } from '../../src/node/mailbox.ts';
import { type Cluster, createCluster } from '../../src/testing/index.ts';
import { MemoryNetwork } from '../../src/transport/memory.ts';

let cluster: Cluster;
let one: ChordSocket;
let two: ChordSocket;
let client: ChordSocket;

beforeEach(async () => {
  cluster = await createCluster(3, { transport: 'memory', limits: { messageBytes: 1_000, messageQueue: 5 } });
  [one, two] = cluster.nodes as [ChordSocket, ChordSocket];
  client = await cluster.client();
});

afterEach(() => cluster.close());

function meshSockets(count: number): MeshSocket[] {
  const network = new MemoryNetwork();
  const protocol = new Protocol('mesh', 'Plaintext');
  return Array.from(
    { length: count },
    () => new MeshSocket('127.0.0.1', 0, { transport: network.transport(), profile: 'local', protocol }),
  );
}

/** The next message, now or later. */
async function next(socket: MeshSocket): Promise<Message> {
  for (;;) {
    const message = socket.recv();
    if (message !== undefined) return message;
    await once(socket, 'message');
  }
}

describe('send', () => {
  it('reaches every other node and not the sender', async () => {
    await one.send('hello', 'world');
    const [, , third] = cluster.nodes;
    for (const socket of [two, third!, client]) {
      const { packets, sender } = await next(socket);
      expect({ packets, sender }).toEqual({ packets: ['hello', 'world'], sender: one.id });
    }
    expect(one.recv()).toBeUndefined();
  });

  it('brings exactly what was sent: text as text, bytes as bytes, copied', async () => {
    const bytes = Uint8Array.of(0, 128, 255);
    const sent = client.send('ключ', bytes, '', Buffer.from('a'), new Uint8Array(0));
    bytes.fill(7);
    await sent;
    const { packets } = await next(one);
    expect(packets).toEqual(['ключ', Buffer.from([0, 128, 255]), '', Buffer.from('a'), Buffer.alloc(0)]);
    expect(packets.map(Buffer.isBuffer)).toEqual([false, true, false, true, true]);
    // What one receiver does to its bytes is nobody else's business.
    (packets[1] as Buffer).fill(1);
    expect((await next(two)).packets[1]).toEqual(Buffer.from([0, 128, 255]));
  });

  it('says when it was sent', async () => {
    const before = Date.now();
    await one.send('hello');
    const { time } = await next(two);
    // A node's wall clock is read again only when it is off by some milliseconds.
    expect(time).toBeGreaterThanOrEqual(before - 1_000);
    expect(time).toBeLessThanOrEqual(Date.now() + 1_000);
  });

  it('keeps the order of the calls without being awaited', async () => {
    for (let i = 0; i < 5; i++) void one.send(`${i}`);
    const got: unknown[] = [];
    while (got.length < 5) got.push((await next(client)).packets[0]);
    expect(got).toEqual(['0', '1', '2', '3', '4']);
  });

  it.each<[string, unknown[]]>([
    ['no packets', []],
    ['a number', [1]],
    ['null', ['a', null]],
    ['undefined', [undefined]],
    ['an array', [['a']]],
    ['an ArrayBuffer', [new ArrayBuffer(1)]],
    ['half a character', ['\ud800']],
  ])('rejects %s as misuse', async (_name, packets) => {
    await expect(one.send(...(packets as string[]))).rejects.toThrow(TypeError);
    await expect(one.whisper(two.id, ...(packets as string[]))).rejects.toThrow(TypeError);
  });

  it('rejects a message beyond the limit, which counts bytes', async () => {
    await one.send('ä'.repeat(500));
    await expect(one.send('ä'.repeat(500), 'a')).rejects.toMatchObject({ code: 'ERR_LIMIT' });
  });

  it('rejects with ERR_NOT_CONNECTED where nobody is connected, with ERR_CLOSED when closed', async () => {
    const stranger = new MeshSocket('127.0.0.1', 0);
    await expect(stranger.send('hello')).rejects.toMatchObject({ code: 'ERR_NOT_CONNECTED' });
    await expect(stranger.whisper(one.id, 'hello')).rejects.toMatchObject({ code: 'ERR_NOT_CONNECTED' });
    await stranger.close();
    await expect(stranger.send('hello')).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('ends with ERR_CLOSED when the socket is closed meanwhile, unhandled or not', async () => {
    const sent = one.send('hello');
    void one.send('nobody awaits this');
    await one.close({ force: true });
    await Promise.allSettled([sent]);
    expect(one.status).toBe('Nominal');
  });
});

describe('whisper', () => {
  it('reaches one node, a client too', async () => {
    await one.whisper(client.id, 'psst');
    const { packets, sender } = await next(client);
    expect({ packets, sender }).toEqual({ packets: ['psst'], sender: one.id });
    expect(two.recv()).toBeUndefined();
  });

  it('can be replied to, from client to client', async () => {
    const other = await cluster.client();
    await other.whisper(client.id, 'psst');
    await (await next(client)).reply('yes?', Uint8Array.of(1));
    const { packets, sender } = await next(other);
    expect({ packets, sender }).toEqual({ packets: ['yes?', Buffer.from([1])], sender: client.id });
  });

  it('rejects what is no id', async () => {
    await expect(one.whisper(7 as unknown as string, 'a')).rejects.toThrow(TypeError);
    await expect(one.whisper('', 'a')).rejects.toThrow(RangeError);
  });

  it('rejects with ERR_UNREACHABLE where there is no such node', async () => {
    await expect(one.whisper('nobody', 'a')).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' });
  });
});

describe('recv', () => {
  it('gives the oldest, several, or none', async () => {
    for (const text of ['a', 'b', 'c']) await one.whisper(two.id, text);
    expect(two.recv()?.packets).toEqual(['a']);
    expect(two.recv(0)).toEqual([]);
    expect(two.recv(9).map(({ packets }) => packets[0])).toEqual(['b', 'c']);
    expect(two.recv()).toBeUndefined();
    expect(two.recv(1)).toEqual([]);
  });

  it.each([
    ['text', '1', TypeError],
    ['a fraction', 1.5, RangeError],
    ['less than none', -1, RangeError],
    ['NaN', Number.NaN, RangeError],
  ])('rejects %s as misuse', (_name, count, error) => {
    expect(() => one.recv(count as number)).toThrow(error);
  });

  it('drops the oldest when there are too many, and tells', async () => {
    const gaps: MessageGap[] = [];
    two.on('gap', (gap) => gaps.push(gap));
    for (let i = 0; i < 7; i++) await one.whisper(two.id, `${i}`);
    expect(two.recv(9).map(({ packets }) => packets[0])).toEqual(['2', '3', '4', '5', '6']);
    expect(gaps).toEqual([
      { sender: one.id, count: 1, reason: 'queue' },
      { sender: one.id, count: 1, reason: 'queue' },
    ]);
  });

  it('goes on giving what came before the socket was closed', async () => {
    await one.whisper(two.id, 'a');
    await two.close({ force: true });
    expect(two.recv()?.packets).toEqual(['a']);
  });
});

describe('the message event', () => {
  it('says that there is something, and takes nothing', async () => {
    const said = once(two, 'message');
    await one.whisper(two.id, 'a');
    expect(await said).toEqual([]);
    expect(two.recv()?.packets).toEqual(['a']);
  });
});

describe('handlers', () => {
  it('see messages in order until one of them says that it is done', async () => {
    const seen: string[] = [];
    two.registerHandler((message, _connection) => {
      seen.push(`first ${String(message.packets[0])}`);
      return message.packets[0] === 'for the first';
    });
    two.registerHandler((message, _connection) => {
      seen.push(`second ${String(message.packets[0])}`);
      return message.packets[0] === 'for the second' ? 1 : '';
    });
    for (const text of ['for the first', 'for the second', 'for nobody']) await one.whisper(two.id, text);
    expect(seen).toEqual([
      'first for the first',
      'first for the second',
      'second for the second',
      'first for nobody',
      'second for nobody',
    ]);
    expect(two.recv(9).map(({ packets }) => packets[0])).toEqual(['for nobody']);
  });

  it('may take less than both', async () => {
    let count = 0;
    two.registerHandler(() => void (count += 1));
    two.registerHandler((message: Message) => message.packets[0] === 'for the one');
    await one.send('for the one');
    await one.send('for nobody');
    expect((await next(two)).packets).toEqual(['for nobody']);
    expect(count).toBe(2);
  });

  it('are told which node handed the message over, and may reply', async () => {
    client.registerHandler((message, connection) => {
      void message.reply(connection.id);
      return true;
    });
    await one.send('who are you connected to?');
    const { packets, sender } = await next(one);
    expect(sender).toBe(client.id);
    expect(cluster.nodes.map(({ id }) => id)).toContain(packets[0]);
  });

  it.each<[string, unknown]>([
    ['three parameters', (a: unknown, b: unknown, c: unknown) => [a, b, c]],
    ['no function', 'handler'],
    ['null', null],
  ])('with %s are misuse', (_name, handler) => {
    expect(() => one.registerHandler(handler as MessageHandler)).toThrow(TypeError);
  });
});

describe('mesh sockets', () => {
  it('send messages without a dictionary, in a network of their own', async () => {
    const sockets = meshSockets(3);
    const [first, second, third] = sockets as [MeshSocket, MeshSocket, MeshSocket];
    try {
      await first.join();
      await second.connect(...first.addr);
      await third.connect(...first.addr);
      await second.join();
      await third.send('hello');
      expect((await next(first)).sender).toBe(third.id);
      await (await next(second)).reply('good day');
      expect((await next(third)).packets).toEqual(['good day']);
    } finally {
      await Promise.all(sockets.map((socket) => socket.close({ force: true })));
    }
  });

  it('talk to each other when none of them has joined', async () => {
    const sockets = meshSockets(2);
    const [first, second] = sockets as [MeshSocket, MeshSocket];
    try {
      await first.listen();
      await second.connect(...first.addr);
      await second.send('hello');
      await (await next(first)).reply('good day');
      expect((await next(second)).packets).toEqual(['good day']);
    } finally {
      await Promise.all(sockets.map((socket) => socket.close({ force: true })));
    }
  });

  it('whisper and reply by way of others when none of them has joined', async () => {
    const sockets = meshSockets(3);
    const [first, second, third] = sockets as [MeshSocket, MeshSocket, MeshSocket];
    try {
      await first.listen();
      await second.listen();
      await second.connect(...first.addr);
      await third.connect(...second.addr);
      await third.send('hello');
      await (await next(first)).reply('good day');
      expect((await next(third)).packets).toEqual(['good day']);
      await first.whisper(third.id, 'psst', Uint8Array.of(1));
      const { packets, sender } = await next(third);
      expect({ packets, sender }).toEqual({ packets: ['psst', Buffer.from([1])], sender: first.id });
      expect((await next(second)).packets).toEqual(['hello']);
      expect(second.recv()).toBeUndefined();
      await expect(first.whisper('nobody', 'psst')).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' });
    } finally {
      await Promise.all(sockets.map((socket) => socket.close({ force: true })));
    }
  });
});
