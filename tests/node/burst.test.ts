// Thousands of small writes at once: what an owner asks of its copies in one turn has to fit a message, which
// holds so many entries and no more, however small they are. tests/core/rounds.test.ts counts them; this one
// shows that with real sockets all are stored.
import { afterEach, expect, it } from 'vitest';
import { type Cluster, createCluster } from '../../src/testing/index.ts';

/** On a busy machine the two may take each other for dead for a while, and an arc is taken over meanwhile. */
const PATIENCE = { timeoutMs: 40_000 };
/** Below limits.inFlight; half of them belong to each member. */
const WRITES = 16_000;
let cluster: Cluster | undefined;

afterEach(async () => {
  await cluster?.close();
});

it('are all stored', { timeout: 100_000 }, async () => {
  cluster = await createCluster(2, { k: 16 });
  const [socket] = cluster.nodes;
  const keys = Array.from({ length: WRITES }, (_, i) => `k${i}`);
  const settled = await Promise.allSettled(keys.map(async (key) => socket!.set(key, 'x', PATIENCE)));
  const failed = settled.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
  expect(failed.slice(0, 3)).toEqual([]);
  expect(await socket!.size()).toBe(WRITES);
});
