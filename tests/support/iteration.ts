// Iteration under churn on real sockets: a client that came late goes over all keys with `for await` while
// members join and leave. Did each key that lived throughout come exactly once?
import type { ChordSocket } from '../../src/index.ts';
import { createCluster } from '../../src/testing/index.ts';

export interface IterationResult {
  readonly joins: number;
  readonly leaves: number;
  /** Keys that lived throughout and did not come. */
  readonly missing: number;
  /** Keys that came more than once. */
  readonly twice: number;
  readonly seconds: number;
}

const MEMBERS = 6;
const PAGE_ENTRIES = 100;
/** Members join and leave in turns, so often while all keys come. */
const CHANGES = 8;

/** So many entries in a ring of six in this process, over the in-process network. */
export async function iterateUnderChurn(entries: number): Promise<IterationResult> {
  const cluster = await createCluster(MEMBERS, {
    transport: 'memory',
    limits: { pageEntries: PAGE_ENTRIES },
  });
  try {
    const writer = await cluster.client();
    const lasting = Array.from({ length: entries }, (_, i) => `lasting ${i}`);
    await writer.update(lasting.map((key) => [key, ''] as const));
    const reader = await cluster.client();
    const members: ChordSocket[] = [...cluster.nodes];
    const seen = new Map<string, number>();
    const start = performance.now();
    let [joins, leaves, count] = [0, 0, 0];
    let change: Promise<unknown> = Promise.resolve();
    const join = async (): Promise<void> => {
      const newcomer = await cluster.client();
      await newcomer.join({ timeoutMs: 30_000 });
      members.push(newcomer);
      joins += 1;
    };
    const leave = async (): Promise<void> => {
      await members.shift()?.unjoin({ timeoutMs: 30_000 });
      leaves += 1;
    };
    for await (const key of reader.keys()) {
      const text = key.toString();
      seen.set(text, (seen.get(text) ?? 0) + 1);
      count += 1;
      if (count % Math.ceil(entries / CHANGES) !== 0) continue;
      await writer.set(`passing ${count}`, '');
      const isJoin = (count / Math.ceil(entries / CHANGES)) % 2 === 1;
      change = after(change, isJoin ? join : leave);
      // Half of the changes go on while the iteration does, half of them before it goes on.
      if (members.length % 2 === 0) await change;
    }
    await change;
    return {
      joins,
      leaves,
      missing: lasting.filter((key) => !seen.has(key)).length,
      twice: [...seen.values()].filter((times) => times > 1).length,
      seconds: (performance.now() - start) / 1_000,
    };
  } finally {
    await cluster.close();
  }
}

async function after(former: Promise<unknown>, next: () => Promise<void>): Promise<void> {
  await former;
  await next();
}
