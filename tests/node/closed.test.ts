// What a closed socket shows and says, however it was closed: that it is part of no ring, and ERR_CLOSED.
import { describe, expect, it } from 'vitest';
import { createCluster } from '../../src/testing/index.ts';
import { ChordSocket } from '../../src/index.ts';

describe.each([false, true])('a member that was closed (force: %s)', (force) => {
  it('is a client that knows nobody', async () => {
    await using ring = await createCluster(2, { transport: 'memory' });
    const [node] = ring.nodes;
    await node?.close({ force });
    expect(node).toMatchObject({ leeching: true, next: undefined, prev: undefined, awaitingIds: [] });
    expect(node?.routingTable.size).toBe(0);
    expect(node?.toJSON()).toMatchObject({ leeching: true });
    expect(await node?.health()).toMatchObject({ ok: false, serving: false, error: { code: 'ERR_CLOSED' } });
  });

  it('answers every call with ERR_CLOSED', async () => {
    await using ring = await createCluster(1, { transport: 'memory' });
    const [node] = ring.nodes;
    await node!.set('a', '1');
    await node!.close({ force });
    const calls = [
      () => node!.update({}),
      () => node!.update(new Map()),
      () => node!.map().update([]),
      () => node!.update({ a: '1' }),
      () => node!.safeToStop(),
      () => node!.unjoin(),
      () => node!.join(),
      () => node!.ready(),
      () => node!.ring(),
      () => node!.size(),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });
});

describe('update of no pairs', () => {
  it('is ERR_NOT_CONNECTED for a client that knows nobody, like any other', async () => {
    const socket = new ChordSocket('127.0.0.1', 0, { profile: 'local' });
    await expect(socket.update({})).rejects.toMatchObject({ code: 'ERR_NOT_CONNECTED' });
    await socket.close();
  });

  it('stores nothing where there is a ring', async () => {
    await using ring = await createCluster(1, { transport: 'memory' });
    const client = await ring.client();
    expect(await client.update({})).toEqual({ stored: 0 });
    expect(await client.update([])).toEqual({ stored: 0 });
  });
});

it.each(Array.from({ length: 12 }, (_, turns) => turns))(
  'a socket that is closed by force %i turns after it began to connect opens nothing any more',
  async (turns) => {
    const member = new ChordSocket('127.0.0.1', 0, { profile: 'local' });
    const client = new ChordSocket('127.0.0.1', 0, { profile: 'local' });
    try {
      await member.join();
      const events: string[] = [];
      for (const name of ['connect', 'close'] as const) client.on(name, () => events.push(name));
      const connected = client.connect(...member.outAddr);
      const code = connected.catch((error: unknown) => error);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      await client.close({ force: true });
      expect(await code).toMatchObject({ code: 'ERR_CLOSED' });
      expect(events).toEqual(['close']);
    } finally {
      await Promise.all([client.close({ force: true }), member.close()]);
    }
  },
);
