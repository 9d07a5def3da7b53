// Nodes whose limits differ, in one ring: what an owner does not take it refuses at once, what another
// allowed everybody reads and keeps, and no connection is lost over it.
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { ChordOptions, ChordSocket } from '../../src/index.ts';
import { type Cluster, type ClusterOptions, createCluster } from '../../src/testing/cluster.ts';

const MIB = 1_048_576;
const LARGE = randomBytes(3 * MIB);
const LONG_KEY = 'k'.repeat(2_000);

let cluster: Cluster | undefined;
afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

/** A ring and one more node with other limits, and whatever went wrong between them. */
async function meet(
  ring: ClusterOptions,
  other: ChordOptions['limits'],
): Promise<{ members: readonly ChordSocket[]; one: ChordSocket; wrong: string[] }> {
  cluster = await createCluster(3, { transport: 'memory', ...ring });
  const members = cluster.nodes;
  const wrong: string[] = [];
  const one = await cluster.client({ limits: other });
  for (const node of [...members, one]) {
    node.on('disconnect', (peer, reason) => wrong.push(`${peer.id}: ${reason}`));
    node.on('error', (error) => wrong.push(error.message));
  }
  return { members, one, wrong };
}

function equals(a: Buffer | undefined, b: Buffer): boolean {
  return a !== undefined && a.equals(b);
}

/** A key that the node owns. */
async function keyOf(owner: ChordSocket, prefix: string): Promise<string> {
  for (let i = 0; ; i++) {
    const key = `${prefix}${i}`;
    if ((await owner.explain(key)).owner.id === owner.id) return key;
  }
}

describe('a client with larger limits than the ring', () => {
  const limits = { valueBytes: 8 * MIB, keyBytes: 4_096 };

  it('is refused a value by the owner, who says how much it takes', async () => {
    const { members, one, wrong } = await meet({ transport: 'tcp' }, limits);
    const refused = {
      code: 'ERR_VALUE_TOO_LARGE',
      message: expect.stringMatching(
        /the value has 3145728 bytes, and the owner of the key, 127\.0\.0\.1:\d+, takes at most 1048576/,
      ) as unknown,
    };
    await expect(one.set('large', LARGE)).rejects.toMatchObject(refused);
    await expect(one.update({ large: LARGE, small: 'v' })).rejects.toMatchObject({
      ...refused,
      failed: expect.objectContaining({ size: 1 }) as unknown,
    });
    const text = 'x'.repeat(2 * MIB);
    await expect(one.applyDelta('object', { text })).rejects.toMatchObject({ code: 'ERR_VALUE_TOO_LARGE' });
    expect(await one.get('large')).toBeUndefined();
    expect(wrong).toEqual([]);
    for (const node of [...members, one])
      await expect.poll(() => node.health(), { timeout: 10_000 }).toMatchObject({ ok: true });
  });

  it('is refused a key by the owner, and told that there is nothing under it', async () => {
    const { one, wrong } = await meet({}, limits);
    const refused = {
      code: 'ERR_KEY_TOO_LARGE',
      message: expect.stringMatching(
        /the key has 2000 bytes, and the owner .* takes at most 1024/,
      ) as unknown,
    };
    await expect(one.set(LONG_KEY, 'v')).rejects.toMatchObject(refused);
    await expect(one.increment(LONG_KEY)).rejects.toMatchObject(refused);
    expect(await one.get(LONG_KEY)).toBeUndefined();
    expect(await one.delete(LONG_KEY)).toBe(false);
    expect(wrong).toEqual([]);
  });
});

describe('a client with smaller limits than the ring', () => {
  it('reads, walks and watches what is there, and is told its own limit when it writes', async () => {
    const { members, one, wrong } = await meet({ limits: { valueBytes: 4 * MIB } }, { valueBytes: MIB });
    const watch = one.watch('large');
    await watch.ready;
    await members[0]?.set('large', LARGE);
    expect(equals(await one.get('large'), LARGE)).toBe(true);
    expect(await one.has('large')).toBe(true);
    for await (const value of one.values()) expect(equals(value, LARGE)).toBe(true);
    const { value: change } = await watch.next();
    expect(equals(change?.value, LARGE)).toBe(true);
    await watch.return();
    await expect(one.set('large', LARGE)).rejects.toMatchObject({
      code: 'ERR_VALUE_TOO_LARGE',
      message: expect.stringContaining('at most 1048576 are allowed') as unknown,
    });
    expect(await one.delete('large')).toBe(true);
    expect(wrong).toEqual([]);
    await expect.poll(() => one.health(), { timeout: 10_000 }).toMatchObject({ ok: true });
  });
});

describe('a node with larger limits than the members', () => {
  const limits = { valueBytes: 8 * MIB, keyBytes: 4_096, messageBytes: 4 * MIB };

  it('stores as a member what it allows under keys of its own, and all others keep and read it', async () => {
    const { members, one, wrong } = await meet({}, limits);
    await one.join();
    await one.ready({ members: 4 });
    const [large, long] = [await keyOf(one, 'large '), await keyOf(one, LONG_KEY)];
    await one.set(large, LARGE, { consistency: 'all' });
    await one.set(long, 'v', { consistency: 'all' });
    for (const member of members) expect(equals(await member.get(large), LARGE)).toBe(true);
    const keys: string[] = [];
    for await (const key of members[0]?.keys() ?? []) keys.push(key.toString());
    expect(keys.toSorted()).toEqual([long, large].toSorted());
    // The copies of what moved when it joined may still be compared.
    for (const node of [...members, one]) {
      await expect.poll(() => node.health(), { timeout: 10_000 }).toMatchObject({ ok: true, members: 4 });
    }
    expect(wrong).toEqual([]);
  });

  it('leaves such entries to others, who serve them and take no more of that size', async () => {
    const { members, one } = await meet({}, limits);
    await one.join();
    await one.ready({ members: 4 });
    const large = await keyOf(one, 'large ');
    await one.set(large, LARGE);
    const client = await cluster?.client({ limits });
    await one.unjoin();
    expect(equals(await members[1]?.get(large), LARGE)).toBe(true);
    await expect(client?.set(large, LARGE)).rejects.toMatchObject({ code: 'ERR_VALUE_TOO_LARGE' });
    expect(await members[1]?.delete(large)).toBe(true);
  });

  it('sends messages above the limits of the others, and they get them', async () => {
    const { members, one, wrong } = await meet({}, limits);
    const received = members.map(() => 0);
    for (const [i, member] of members.entries()) {
      member.registerHandler(({ packets }) => {
        received[i] = (received[i] ?? 0) + (LARGE.equals(packets[0] as Uint8Array) ? 1 : 0);
      });
    }
    // A client's message is on its way to the others once its home has it.
    await one.send(LARGE);
    await one.whisper(members[0]?.id ?? '', LARGE, 'to you');
    await expect.poll(() => received, { timeout: 10_000 }).toEqual([2, 1, 1]);
    expect(wrong).toEqual([]);
  });
});
