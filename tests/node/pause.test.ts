// Waits that end early: what they end with, and that they leave nothing behind in signals that live on.
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { pause, settled, untilClosed, within } from '../../src/node/pause.ts';
import { createCluster } from '../../src/testing/index.ts';

const NEVER = new Promise<never>(() => {});

/** What listens to the signal, and what AbortSignal.any has left in it, on Node 20 for good. */
function leftIn(signal: AbortSignal): number {
  const symbol = Object.getOwnPropertySymbols(signal).find((one) => one.description === 'kDependantSignals');
  const held: unknown = symbol === undefined ? undefined : Reflect.get(signal, symbol);
  const references = typeof held === 'object' && held !== null && 'size' in held ? Number(held.size) : 0;
  return getEventListeners(signal, 'abort').length + references;
}

describe('a signal that outlives its waits', () => {
  it('keeps nothing of them', async () => {
    const [{ signal }, closed] = [new AbortController(), new AbortController().signal];
    for (let i = 0; i < 20; i++) {
      await pause(0, signal, closed);
      await settled(Promise.resolve(), 1_000, signal, closed);
      await within(Promise.resolve(), 1_000, 'waiting', signal, closed);
      await untilClosed(closed, { timeoutMs: 1_000, signal }, () => Promise.resolve());
    }
    expect([leftIn(signal), leftIn(closed)]).toEqual([0, 0]);
  });

  it('keeps nothing of the calls of a socket either', async () => {
    await using ring = await createCluster(1, { transport: 'memory' });
    const client = await ring.client();
    const { signal } = new AbortController();
    for (let i = 0; i < 20; i++) {
      await client.update({ a: '1' }, { signal });
      await client.join({ signal });
      await client.unjoin({ signal });
    }
    expect(leftIn(signal)).toBe(0);
  });
});

describe('work until the node is closed', () => {
  it('gets the reason of whichever signal aborts', async () => {
    for (const first of [0, 1]) {
      const [call, node] = [new AbortController(), new AbortController()];
      const reasonOf = (signal: AbortSignal): Promise<unknown> =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)));
      const limits = { timeoutMs: 1_000, signal: call.signal };
      const reason = untilClosed(node.signal, limits, ({ signal }) => reasonOf(signal));
      [call, node][first]!.abort(`of ${first}`);
      expect(await reason).toBe(`of ${first}`);
    }
  });

  it('gets a signal that is aborted already where one of them is', async () => {
    const closed = AbortSignal.abort('closed');
    const isAborted = await untilClosed(closed, { timeoutMs: 1 }, ({ signal }) =>
      Promise.resolve(signal.aborted),
    );
    expect(isAborted).toBe(true);
  });
});

describe('a wait within limits', () => {
  it('ends with ERR_TIMEOUT, or with the reason of a signal', async () => {
    await expect(within(NEVER, 1, 'waiting')).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    const signals = [new AbortController().signal, AbortSignal.abort(new Error('enough'))];
    await expect(within(NEVER, 60_000, 'waiting', ...signals)).rejects.toThrow('enough');
  });
});
