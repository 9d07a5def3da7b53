// Values of every allowed size, through real rings: they arrive as they were sent, hold up nobody, and do
// not pile up in memory.
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { ByteGate } from '../../src/node/byte-gate.ts';
import { type Cluster, createCluster } from '../../src/testing/cluster.ts';

const MIB = 1_048_576;

let cluster: Cluster | undefined;
afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

describe('a value', () => {
  it('of 1 MiB is stored and read over TLS, and one byte more is refused', async () => {
    cluster = await createCluster(3);
    const [a, b] = cluster.nodes;
    const value = randomBytes(MIB);
    await a?.set('large', value);
    expect(Buffer.compare((await b?.get('large')) ?? Buffer.alloc(0), value)).toBe(0);
    const [name, more] = ['k'.repeat(1_025), Buffer.concat([value, Buffer.alloc(1)])];
    await expect(a?.set('large', more)).rejects.toMatchObject({ code: 'ERR_VALUE_TOO_LARGE' });
    await expect(a?.set(name, 'v')).rejects.toMatchObject({ code: 'ERR_KEY_TOO_LARGE' });
  });

  it('of 16 MiB passes where the limits of all members allow it', async () => {
    const limits = { valueBytes: 16 * MIB };
    cluster = await createCluster(3, { transport: 'memory', limits });
    const [a, b] = cluster.nodes;
    const value = randomBytes(16 * MIB);
    await a?.set('large', value, { consistency: 'all' });
    expect(Buffer.compare((await b?.get('large')) ?? Buffer.alloc(0), value)).toBe(0);
  });

  it('that finds no room in the store is refused with a sentence', async () => {
    cluster = await createCluster(1, { transport: 'memory', limits: { storeBytes: 2 * MIB } });
    const [a] = cluster.nodes;
    await a?.set('one', randomBytes(MIB));
    await expect(a?.set('two', randomBytes(MIB))).rejects.toMatchObject({
      code: 'ERR_LIMIT',
      message: expect.stringContaining('limits.storeBytes') as unknown,
    });
    // What does not need more room has room enough.
    await a?.set('one', randomBytes(MIB));
    await a?.increment('count');
  });

  it('above a part, 64 times at once, neither fails nor breaks a connection', async () => {
    cluster = await createCluster(3, { transport: 'memory', limits: { queueBytes: MIB } });
    const [a, b] = [cluster.nodes[0]!, cluster.nodes[1]!];
    const lost: string[] = [];
    for (const node of cluster.nodes) node.on('disconnect', ({ id }) => lost.push(id));
    const values = Array.from({ length: 64 }, () => randomBytes(MIB / 8));
    await Promise.all(values.map((value, i) => a.set(`large ${i}`, value, { timeoutMs: 30_000 })));
    const read = await Promise.all(
      values.map((_, i) => b.get(`large ${i}`, undefined, { timeoutMs: 30_000 })),
    );
    expect(read.every((value, i) => value?.equals(values[i] ?? Buffer.alloc(0)))).toBe(true);
    expect(lost).toEqual([]);
  });
});

describe('ByteGate', () => {
  const call = { consistency: 'quorum', timeoutMs: 10_000, signal: undefined } as const;

  it('lets in what there is room for, in order, and small values always', async () => {
    const gate = new ByteGate(200_000);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const pass = (bytes: number): Promise<void> =>
      gate.pass(bytes, call, () => {
        begun.push(bytes);
        return new Promise((resolve) => {
          ends.push(resolve);
        });
      });
    const passes = [pass(150_000), pass(100_000), pass(66_000), pass(1)];
    expect(begun).toEqual([150_000, 1]);
    for (let i = 0; i < passes.length; i++) {
      ends[i]?.();
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    expect(begun).toEqual([150_000, 1, 100_000, 66_000]);
    await Promise.all(passes);
  });

  it('gives up a value that waits too long, or whose call is aborted', async () => {
    const gate = new ByteGate(1);
    const controller = new AbortController();
    let end = (): void => {};
    const first = gate.pass(100_000, call, () => new Promise<void>((resolve) => (end = resolve)));
    const never = (): Promise<void> => Promise.reject(new Error('it was let in'));
    const late = gate.pass(100_000, { ...call, timeoutMs: 1 }, never);
    const aborted = gate.pass(100_000, { ...call, signal: controller.signal }, never);
    await expect(late).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    end();
    await first;
  });
});
