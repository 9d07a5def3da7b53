// How long `ready` of a watch waits for members that stand still, on a simulated ring: as long as it is told,
// else as long as the profile says; the watch goes on meanwhile.
import { expect, it } from 'vitest';
import { Watch } from '../../src/node/watch.ts';
import { at, set } from '../support/rings.ts';
import { WatchedRing } from '../support/watched-ring.ts';

/** Milliseconds of the simulated clock until `ready` rejects, and with what. */
async function untilLate(ring: WatchedRing, watch: Watch): Promise<{ ms: number; code: unknown }> {
  const begun = ring.world.now;
  let late: { ms: number; code: unknown } | undefined;
  watch.ready.catch((error: unknown) => {
    late = { ms: ring.world.now - begun, code: (error as { code?: unknown }).code };
  });
  await ring.run(60_000, () => late !== undefined);
  if (late === undefined) throw new Error('ready was never rejected');
  return late;
}

it.each([
  ['what it is told', { timeoutMs: 300 }, 300],
  ['what the profile says', undefined, 5_000],
])('waits for %s, and the watch tells what changes once members answer', async (_name, options, ms) => {
  const ring = new WatchedRing();
  for (const member of ring.members) ring.world.pause(member);
  const watch = new Watch(ring.runner, { prefix: 'k' }, options);
  expect(await untilLate(ring, watch)).toEqual({ ms, code: 'ERR_TIMEOUT' });
  for (const member of ring.members) ring.world.resume(member);
  await ring.run(10_000);
  set(ring.world, at(ring.members, 0), 'k', 'v');
  let told = '';
  void watch.next().then(({ value }) => (told = `${value?.type} ${String(value?.value)}`));
  await ring.run(10_000, () => told !== '');
  expect(told).toBe('set v');
  await watch.return();
});

it('waits for nothing any more once it is ready', async () => {
  const ring = new WatchedRing();
  const watch = new Watch(ring.runner, { prefix: 'k' }, { timeoutMs: 5_000 });
  await ring.ready(watch);
  await ring.run(10_000);
  await expect(watch.ready).resolves.toBeUndefined();
  await watch.return();
});
