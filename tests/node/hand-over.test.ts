// What a member holds when it leaves, whoever makes it leave and however often: close() beside, after and
// instead of unjoin(), and members that merging rings have no place for. Each entry here has one copy unless
// told otherwise, so that a hand-over that is cut short shows.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChordSocket, Protocol } from '../../src/index.ts';
import { type Cluster, createCluster, MemoryNetwork } from '../../src/testing/index.ts';

const ENTRIES = 1_000;

function entries(prefix: string): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: ENTRIES }, (_, i) => [`${prefix}${i}`, 'a value of some length'] as const),
  );
}

let ring: Cluster;
let stays: ChordSocket;
let leaver: ChordSocket;

async function start(members: number, replicas: number): Promise<void> {
  ring = await createCluster(members, { transport: 'memory', replicas });
  const [first, second] = ring.nodes;
  if (first === undefined || second === undefined) throw new Error('there are two at least');
  [stays, leaver] = [first, second];
  await stays.update(entries('k'));
}

afterEach(() => ring.close());

/** An unjoin that is given up at once. */
async function giveUpLeaving(socket: ChordSocket): Promise<void> {
  const controller = new AbortController();
  const leaving = socket.unjoin({ signal: controller.signal });
  const reason = new Error('enough');
  controller.abort(reason);
  await expect(leaving).rejects.toBe(reason);
}

describe('close() loses nothing', () => {
  beforeEach(() => start(2, 1));

  it('beside an unjoin, which it waits for', async () => {
    await Promise.all([leaver.unjoin(), leaver.close()]);
    expect(await stays.size()).toBe(ENTRIES);
  });

  it('beside an unjoin that nobody awaits', async () => {
    leaver.unjoin().catch(() => {});
    await leaver[Symbol.asyncDispose]();
    expect(await stays.size()).toBe(ENTRIES);
  });

  it('after an unjoin that was aborted', async () => {
    await giveUpLeaving(leaver);
    expect(leaver.leeching).toBe(true);
    await leaver.close();
    expect(await stays.size()).toBe(ENTRIES);
  });

  it('after an unjoin that took too long', async () => {
    const leaving = leaver.unjoin({ timeoutMs: 0.001 });
    await expect(leaving).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    await leaver.close();
    expect(await stays.size()).toBe(ENTRIES);
  });

  it('after an unjoin that was aborted and a join that is under way', async () => {
    await giveUpLeaving(leaver);
    const joining = leaver.join().catch((error: unknown) => error);
    await leaver.close();
    expect(await joining).toMatchObject({ code: 'ERR_CLOSED' });
    expect(await stays.size()).toBe(ENTRIES);
  });

  it('called twice', async () => {
    await Promise.all([leaver.close(), leaver.close()]);
    expect(await stays.size()).toBe(ENTRIES);
  });
});

describe('a second unjoin', () => {
  beforeEach(() => start(2, 1));

  it('waits for the same hand-over', async () => {
    const first = leaver.unjoin();
    await leaver.unjoin();
    await leaver.close({ force: true });
    await first;
    expect(await stays.size()).toBe(ENTRIES);
  });

  it('has a time-out and a signal of its own', async () => {
    const first = leaver.unjoin();
    const reason = new Error('enough');
    const controller = new AbortController();
    const aborted = leaver.unjoin({ signal: controller.signal });
    const late = leaver.unjoin({ timeoutMs: 0.001 });
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    await expect(late).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    await first;
    await leaver.close({ force: true });
    expect(await stays.size()).toBe(ENTRIES);
  });

  it('goes on with what one that was aborted has left', async () => {
    await giveUpLeaving(leaver);
    await leaver.unjoin();
    await leaver.close({ force: true });
    expect(await stays.size()).toBe(ENTRIES);
  });
});

describe('safeToStop()', () => {
  it('is false until what was held is acknowledged, and true then', async () => {
    await start(2, 1);
    const leaving = leaver.unjoin();
    expect(leaver.leeching).toBe(true);
    expect(await leaver.safeToStop()).toBe(false);
    await leaving;
    expect(await leaver.safeToStop()).toBe(true);
  });

  it('is false after an unjoin that was aborted', async () => {
    await start(2, 1);
    await giveUpLeaving(leaver);
    expect(await leaver.safeToStop()).toBe(false);
  });
});

describe('several members', () => {
  it.each([1, 3])('that give unjoin up and close at once lose nothing (replicas: %i)', async (replicas) => {
    await start(5, replicas);
    const leavers = ring.nodes.slice(1);
    await Promise.all(
      leavers.map(async (node) => {
        await giveUpLeaving(node);
        await node.close();
      }),
    );
    expect(await stays.size()).toBe(ENTRIES);
  });

  it('that are all of them end, and the last keeps what nobody can take', async () => {
    await start(3, 3);
    const closing = ring.nodes.map(async (node) => Promise.all([node.unjoin(), node.close()]));
    expect(await Promise.all(closing)).toHaveLength(3);
  });
});

describe('the last member', () => {
  it('keeps its entries, says so, and still closes at once', async () => {
    await start(2, 1);
    await leaver.unjoin();
    await stays.unjoin();
    await stays.unjoin();
    expect(await stays.safeToStop()).toBe(false);
    await stays.join();
    expect(await stays.size()).toBe(ENTRIES);
    await stays.unjoin();
    await stays.close();
  });
});

describe('a member that a full ring has no place for', () => {
  it('hands over what it holds before it is closed', async () => {
    const network = new MemoryNetwork();
    const protocol = new Protocol('chord', 'Plaintext');
    const closed: Promise<void>[] = [];
    const make = (): ChordSocket => {
      const options = {
        k: 1,
        replicas: 1,
        profile: 'local',
        protocol,
        transport: network.transport(),
      } as const;
      const socket = new ChordSocket('127.0.0.1', 0, options);
      socket.on('error', ({ code }: { code?: string }) => {
        if (code === 'ERR_RING_FULL') closed.push(socket.close());
      });
      return socket;
    };
    const all = [make(), make(), make(), make()] as const;
    const [a, b, c, d] = all;
    try {
      for (const [begins, joins] of [
        [a, b],
        [c, d],
      ] as const) {
        await begins.join();
        await joins.connect(...begins.outAddr);
        await joins.join();
        await begins.ready({ members: 2 });
      }
      await a.update(entries('a'));
      await c.update(entries('c'));
      await d.connect(...a.outAddr);
      await expect.poll(() => closed.length, { timeout: 20_000 }).toBe(2);
      await Promise.all(closed);
      const [left] = all.filter(({ leeching }) => !leeching);
      expect(await left?.size()).toBe(2 * ENTRIES);
    } finally {
      await Promise.all(all.map((socket) => socket.close({ force: true })));
    }
  });
});
