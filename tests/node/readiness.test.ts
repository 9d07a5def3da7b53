// ready(), health() and safeToStop() of real rings, and what rings do when they are full or lose a member.
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { Contact } from '../../src/core/contact.ts';
import type { MachineHealth } from '../../src/core/machine-options.ts';
import type { MemberDescription } from '../../src/core/message.ts';
import type { Arc } from '../../src/core/position.ts';
import { ChordSocket, Protocol } from '../../src/index.ts';
import type { Call } from '../../src/node/call-options.ts';
import { Readiness } from '../../src/node/readiness.ts';
import type { Runner } from '../../src/node/runner.ts';
import { type Cluster, type ClusterOptions, createCluster } from '../../src/testing/index.ts';

const NOBODY: Contact = {
  id: '',
  publicKey: new Uint8Array(),
  salt: 0,
  position: 0,
  incarnation: 1,
  host: '',
  port: 0,
};
const ALONE: MemberDescription = {
  self: NOBODY,
  predecessor: undefined,
  successors: [],
  arc: { from: 0, to: 0 },
  serving: true,
  served: [],
  entries: 0,
  copies: 0,
  gateway: '',
  underReplicated: [],
};
const HEALTH: MachineHealth = {
  member: false,
  serving: false,
  fingersComplete: true,
  underReplicated: 0,
  entries: 0,
  storeBytes: 0,
  wallOffsetMs: 0,
};

let cluster: Cluster | undefined;
afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

async function start(n: number, options: Parameters<typeof createCluster>[1] = {}): Promise<Cluster> {
  cluster = await createCluster(n, { transport: 'memory', ...options });
  return cluster;
}

describe('ready', () => {
  it('resolves once as many members are seen as asked', async () => {
    const { nodes } = await start(3);
    await expect(nodes[0]?.ready({ members: 3 })).resolves.toBeUndefined();
  });

  it('waits while two members answer for the same keys, and says so', async () => {
    const whole = { from: 5, to: 5 };
    const described = (id: string, served: readonly Arc[]): MemberDescription => {
      const next = { ...NOBODY, id: id === 'a' ? 'b' : 'a' };
      return { ...ALONE, self: { ...NOBODY, id }, predecessor: next, successors: [next], served };
    };
    const merging = [described('a', [whole]), described('b', [{ from: 1, to: 9 }])];
    const merged = [described('a', [{ from: 9, to: 1 }]), described('b', [{ from: 1, to: 9 }])];
    const walks = [merging, merging, merged];
    const runner = { run: () => Promise.resolve(walks.shift() ?? merging) } as unknown as Runner;
    const client = {
      id: 'c',
      isMember: () => false,
      health: () => HEALTH,
      mayConnect: () => true,
      assertOpen: () => {},
    };
    const readiness = new Readiness(runner, client, 1);
    const call = (timeoutMs: number): Call => ({ timeoutMs, consistency: 'quorum', signal: undefined });
    await readiness.wait(2, call(1_000));
    expect(walks).toEqual([]);
    await expect(readiness.wait(2, call(20))).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
      message: expect.stringMatching(/of rings that still merge/) as string,
    });
    expect(await readiness.health(call(1_000))).toMatchObject({ ok: false, neighboursAgree: true });
  });

  it('rejects with ERR_TIMEOUT and says how many members it saw', async () => {
    const { nodes } = await start(2);
    await expect(nodes[0]?.ready({ members: 3, timeoutMs: 100 })).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
      message: expect.stringMatching(/within 100 ms: 2 of 3 members seen/) as string,
    });
  });

  it('rejects with the reason of an abort', async () => {
    const { nodes } = await start(1);
    const reason = new Error('enough');
    const controller = new AbortController();
    const waiting = nodes[0]?.ready({ members: 2, signal: controller.signal });
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  it('refuses misuse', async () => {
    const { nodes } = await start(1);
    await expect(nodes[0]?.ready({ members: 0 })).rejects.toThrow(RangeError);
    await expect(nodes[0]?.ready({ members: '2' as unknown as number })).rejects.toThrow(TypeError);
    await expect(nodes[0]?.ready({ member: 2 } as object)).rejects.toThrow(TypeError);
  });
});

describe('health', () => {
  it('of a whole ring is ok, for members and for clients', async () => {
    const ring = await start(4);
    const client = await ring.client();
    await expect
      .poll(() => ring.nodes[0]?.health())
      .toMatchObject({
        ok: true,
        members: 4,
        serving: true,
        neighboursAgree: true,
        underReplicated: 0,
      });
    expect(await client.health()).toMatchObject({ ok: true, members: 4, serving: false });
  });

  it('of a member that was closed says why it is not', async () => {
    const { nodes } = await start(1);
    await nodes[0]?.close();
    expect(await nodes[0]?.health()).toMatchObject({ ok: false, error: { code: 'ERR_CLOSED' } });
  });
});

describe('a ring that loses a member', () => {
  it('keeps every acknowledged entry and is whole again', async () => {
    const ring = await start(4);
    const client = await ring.client();
    const pairs = Array.from({ length: 100 }, (_, i) => [`k${i}`, `${i}`] as const);
    await client.update(pairs);
    await ring.kill(1);
    const values = await Promise.all(pairs.map(([key]) => ring.nodes[0]!.getOrThrow(key)));
    expect(values.map(String)).toEqual(pairs.map(([, value]) => value));
    await ring.nodes[0]?.ready({ members: 3 });
    await expect.poll(() => ring.nodes[0]?.ring(), { timeout: 10_000 }).toHaveLength(3);
  });

  it('tells the neighbours', async () => {
    const ring = await start(2);
    const changed = once(ring.nodes[0]!, 'neighbours');
    await ring.kill(1);
    expect(await changed).toEqual([{ predecessor: undefined, successors: [] }]);
  });
});

describe('a full ring', () => {
  it('of k = 2 takes four, and the fifth goes on as a client', async () => {
    const ring = await start(4, { k: 2 });
    expect(new Set(ring.nodes.map(({ position }) => position))).toEqual(new Set([0, 1, 2, 3]));
    const fifth = await ring.client();
    await expect(fifth.join()).rejects.toMatchObject({ code: 'ERR_RING_FULL' });
    expect(fifth.leeching).toBe(true);
    await fifth.set('a', '1');
    for (const node of ring.nodes) expect((await node.getEntry('a'))?.requests).toBeLessThanOrEqual(2);
  });
});

describe('a network with a secret', () => {
  it('takes those who know it, and refuses the others on both sides', async () => {
    const ring = await start(2, { transport: 'tcp', secret: 'open sesame' });
    const friend = await ring.client({ secret: ['open sesame', 'new'] });
    await expect(friend.close()).resolves.toBeUndefined();
    const [member] = ring.nodes;
    const stranger = new ChordSocket('127.0.0.1', 0, { profile: 'local', secret: 'wrong' });
    const refused = Promise.all([once(member!, 'refused'), once(stranger, 'refused')]);
    await expect(stranger.connect(...member!.outAddr)).rejects.toMatchObject({ code: 'ERR_UNAUTHORIZED' });
    await refused;
    await stranger.close();
  });
});

describe('createCluster', () => {
  it('starts 16 members over plaintext TCP', async () => {
    const { nodes } = await start(16, { transport: 'tcp', protocol: new Protocol('chord', 'Plaintext') });
    expect(await nodes[5]?.ring()).toHaveLength(16);
  });

  it('refuses a cluster of none', async () => {
    await expect(createCluster(0)).rejects.toThrow(RangeError);
    await expect(createCluster('3' as unknown as number)).rejects.toThrow(TypeError);
  });

  it('is not made with options that its nodes cannot share, or of another transport', async () => {
    for (const options of [{ transport: 'memroy' }, { storage: '/nowhere' }, { outAddr: ['10.0.0.1', 1] }]) {
      await expect(createCluster(2, options as unknown as ClusterOptions)).rejects.toThrow(TypeError);
    }
  });
});
