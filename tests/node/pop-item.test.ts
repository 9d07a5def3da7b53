// popItem by many at the same time, on a real ring of four, over the in-process network: each entry goes to
// one of them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, createCluster } from '../../src/testing/index.ts';

const TAKERS = 120;
const ENTRIES = 100;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await createCluster(4, { transport: 'memory', k: 16 });
});

afterAll(async () => {
  await cluster.close();
});

describe('popItem', () => {
  it('of many at once gives each entry to one, and undefined to those for whom there is none', async () => {
    await cluster.nodes[0]!.update(Array.from({ length: ENTRIES }, (_, i) => [`k${i}`, `${i}`] as const));
    const taken = await Promise.all(
      Array.from({ length: TAKERS }, (_, i) => cluster.nodes[i % 4]!.popItem({ timeoutMs: 20_000 })),
    );
    const values = taken.flatMap((pair) => (pair === undefined ? [] : [Number(pair[1])]));
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: ENTRIES }, (_, i) => i));
    expect(await cluster.nodes[0]!.size()).toBe(0);
  });
});
