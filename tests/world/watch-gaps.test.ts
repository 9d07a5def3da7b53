// What a watch tells where something is missing from several arcs at once, because a majority of the copies
// is lost or owners have forgotten it: one gap, and then everything again, on a simulated ring.
import { expect, it } from 'vitest';
import type { WatchEvent } from '../../src/node/watch.ts';
import { Watch } from '../../src/node/watch.ts';
import { at, set } from '../support/rings.ts';
import { WatchedRing } from '../support/watched-ring.ts';

const KEYS = 60;

it.each([1, 2, 3])('tells one gap for all that was lost together (victims %i)', async (first) => {
  const ring = new WatchedRing();
  const watch = new Watch(ring.runner, { prefix: 'k' }, undefined);
  await ring.ready(watch);
  const told: WatchEvent[] = [];
  void (async () => {
    for await (const event of watch) told.push(event);
  })();
  const stays = at(ring.members, 0);
  const { position } = stays.machine.self;
  const behind = ring.members.toSorted((a, b) => {
    const offset = (one: typeof a): number => (one.machine.self.position - position + 2 ** 32) % 2 ** 32;
    return offset(a) - offset(b);
  });
  for (let i = 0; i < KEYS; i++) set(ring.world, stays, `k${i}`, 'before');
  await ring.run(2_000);
  expect(told).toHaveLength(KEYS);
  // Two neighbours: of at least two arcs, which different members take over, one copy is left.
  for (const victim of behind.slice(first, first + 2)) ring.world.crash(victim);
  await ring.run(10_000);
  for (let i = 0; i < KEYS; i++) set(ring.world, stays, `k${i}`, 'after');
  await ring.run(5_000);
  const since = told.slice(KEYS);
  expect(since.filter(({ type }) => type === 'gap')).toMatchObject([{ version: '' }]);
  expect(since[0]?.type).toBe('gap');
  expect(since.filter(({ value }) => String(value) === 'after')).toHaveLength(KEYS);
  await watch.return();
});

it('tells one gap for all that owners forgot while nobody read', async () => {
  const ring = new WatchedRing({ history: 24 });
  const watch = new Watch(ring.runner, { prefix: 'k' }, undefined);
  await ring.ready(watch);
  for (let i = 0; i < 2_000; i++) {
    set(ring.world, at(ring.members, 0), `k${i % KEYS}`, String(i));
    if (i % 20 === 0) await ring.run(5);
  }
  const told: WatchEvent[] = [];
  void (async () => {
    for await (const event of watch) told.push(event);
  })();
  await ring.run(5_000);
  const gaps = told.filter(({ type }) => type === 'gap');
  expect(gaps).toHaveLength(1);
  expect(gaps[0]?.version).not.toBe('');
  const values = new Set(told.map(({ value }) => String(value)));
  for (let i = 2_000 - KEYS; i < 2_000; i++) expect(values).toContain(String(i));
  await watch.return();
});
