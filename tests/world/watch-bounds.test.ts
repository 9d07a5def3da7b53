// What a watch keeps, in its own memory and at the owners: bounded while it runs, and nothing once it has
// ended, on a simulated ring.
import { describe, expect, it } from 'vitest';
import { Watch } from '../../src/node/watch.ts';
import { PROFILES } from '../../src/core/profile.ts';
import { at, set, succeed } from '../support/rings.ts';
import { MEMBERS, WatchedRing } from '../support/watched-ring.ts';

/** Of watch.ts: what may wait, and what one more answer may bring. */
const BUFFERED_MAX = 512;
const PAGE_MAX = 512;
const PAGE_BYTES = 262_144;

describe('a watch that nobody reads', () => {
  it('keeps a bounded number of events, and tells all of them later', async () => {
    const ring = new WatchedRing();
    const watch = new Watch(ring.runner, { prefix: 'k' }, undefined);
    await ring.ready(watch);
    let most = 0;
    for (let i = 0; i < 3_000; i++) {
      set(ring.world, at(ring.members, i % MEMBERS), `k${i % 700}`, String(i));
      if (i % 20 === 0) await ring.run(5);
      most = Math.max(most, watch.buffered);
    }
    await ring.run(5_000);
    most = Math.max(most, watch.buffered);
    expect(most).toBeGreaterThanOrEqual(BUFFERED_MAX);
    expect(most).toBeLessThan(BUFFERED_MAX + PAGE_MAX);
    const told = new Set<string>();
    void (async () => {
      for await (const { type, value } of watch) told.add(`${type} ${String(value)}`);
    })();
    await ring.run(20_000, () => told.size === 3_000);
    expect(told.size).toBe(3_000);
    await watch.return();
  });

  it('counts their bytes', async () => {
    const ring = new WatchedRing();
    const watch = new Watch(ring.runner, { prefix: 'k' }, undefined);
    await ring.ready(watch);
    const value = 'x'.repeat(50_000);
    for (let i = 0; i < 60; i++) {
      set(ring.world, at(ring.members, 1), `k${i}`, value);
      await ring.run(20);
    }
    expect(watch.buffered * value.length).toBeGreaterThanOrEqual(PAGE_BYTES);
    expect(watch.buffered * value.length).toBeLessThan(3 * PAGE_BYTES);
    await watch.return();
  });
});

describe('a watch of a prefix', () => {
  it('asks no more owners than there are, however often they change', async () => {
    const ring = new WatchedRing();
    const watch = new Watch(ring.runner, { prefix: '' }, undefined);
    await ring.ready(watch);
    for (let i = 0; i < 8; i++) {
      const node = ring.world.add();
      ring.world.connect(node, at(ring.members, 0));
      await ring.run(50);
      const joining = ring.world.command(node, { type: 'join' });
      await ring.run(10_000, () => node.outcomes.has(joining));
      const leaving = ring.world.command(node, { type: 'leave' });
      await ring.run(10_000, () => node.outcomes.has(leaving));
    }
    // Owners join their arcs pair by pair, one at each sweep.
    await ring.run(30_000);
    expect(ring.runner.open).toBeLessThanOrEqual(MEMBERS);
    await watch.return();
  });

  it('costs one question and one answer for a change, whatever else is stored', async () => {
    const ring = new WatchedRing();
    for (let i = 0; i < 300; i++) set(ring.world, at(ring.members, 1), `other ${i}`, 'x');
    const watch = new Watch(ring.runner, { prefix: 'k' }, undefined);
    await ring.ready(watch);
    await ring.run(2_000);
    ring.requests.length = 0;
    set(ring.world, at(ring.members, 1), 'k1', 'x');
    await ring.run(20, () => watch.buffered > 0);
    expect(ring.requests.filter((type) => type === 'told')).toHaveLength(1);
    // Questions that have waited long enough are put anew meanwhile.
    expect(ring.requests.filter((type) => type === 'changed').length).toBeLessThanOrEqual(MEMBERS);
    expect((await watch.next()).value).toMatchObject({ type: 'set' });
    await watch.return();
  });
});

describe('more watches than an owner has room for', () => {
  it('are told all the same, and no more than that wait', async () => {
    const ring = new WatchedRing({ watches: 2 });
    const watches = Array.from({ length: 12 }, () => new Watch(ring.runner, 'k', undefined));
    for (const watch of watches) await ring.ready(watch);
    for (const value of ['1', '2', '3']) {
      set(ring.world, at(ring.members, 1), 'k', value);
      await ring.run(300);
    }
    await ring.run(5_000, () => watches.every(({ buffered }) => buffered === 3));
    expect(watches.map(({ buffered }) => buffered)).toEqual(watches.map(() => 3));
    for (const watch of watches) await watch.return();
  });
});

describe('a watch that has ended', () => {
  const ends: [string, (watch: Watch, controller: AbortController) => unknown][] = [
    ['by leaving the loop', (watch) => watch.return()],
    ['by its signal', (_watch, controller) => controller.abort()],
  ];
  it.each(ends)('%s leaves nothing behind, here or at the owners', async (_name, end) => {
    const ring = new WatchedRing();
    await ring.run(3_000);
    const before = ring.timers;
    const watches = Array.from({ length: 20 }, (_, i) => {
      const controller = new AbortController();
      const { signal } = controller;
      const watch = new Watch(ring.runner, i % 2 === 0 ? `k${i}` : { prefix: `k${i}` }, { signal });
      return { watch, controller };
    });
    for (const { watch } of watches) await ring.ready(watch);
    await ring.run(200);
    // Each question that waits has a timer.
    expect(ring.timers).toBeGreaterThan(before + 50);
    for (const { watch, controller } of watches) await end(watch, controller);
    expect(ring.runner.open).toBe(0);
    await ring.run(PROFILES.local.requestMaxMs);
    expect(ring.timers).toBeLessThan(before + 20);
    ring.requests.length = 0;
    await ring.run(5_000);
    expect(ring.requests.filter((type) => type === 'changes')).toEqual([]);
    for (const { watch } of watches) expect((await watch.next()).done).toBe(true);
  });

  it('although it was never ready, rejects ready and ends', async () => {
    const ring = new WatchedRing();
    const watch = new Watch(ring.runner, 'k', undefined);
    await watch.return();
    await expect(watch.ready).rejects.toThrow('ended');
    expect((await watch.next()).done).toBe(true);
    expect(succeed(ring.world.settle(ring.client, { type: 'ring' }))).toHaveLength(MEMBERS);
  });
});
