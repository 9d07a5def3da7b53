// What a watch tells where a majority of the copies of several arcs is lost at once: one gap, and then
// everything again, on a simulated ring.
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
