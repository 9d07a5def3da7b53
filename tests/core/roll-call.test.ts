// A set is decided only with members that are there: a majority of the dead could never decide on a next one.
import { expect, it } from 'vitest';
import { OwnerScene } from '../support/owner-scene.ts';

it.each([
  ['is there', 1, 2],
  ['has come back with nothing', 2, 0],
  ['does not answer', undefined, 0],
] as const)('a copy that holds everything and %s', (_, birth, proposals) => {
  const scene = new OwnerScene();
  const { driver, owner } = scene;
  owner.beginRing();
  scene.follow();
  scene.until(() => scene.members === 'm0');
  scene.follow(1, 2);
  scene.until(() => scene.members === 'm0 m1 m2' && owner.segmentAt(210)?.complete === true);
  // One is taken for dead and would be left out; whether the other one is there is not known yet.
  scene.buried.add('m2');
  scene.follow(1);
  expect(driver.openOf('inspect').map(({ to }) => to)).toEqual(['m1']);
  expect(driver.openOf('accept')).toEqual([]);
  if (birth !== undefined) driver.answer('m1', 'inspect', { type: 'inspected', birth, known: [] });
  else driver.advance(driver.engine.profile.requestMaxMs);
  expect(driver.openOf('accept')).toHaveLength(proposals);
  // It serves on.
  const read = scene.read();
  expect(driver.openOf('replicate')).toHaveLength(proposals === 0 ? 2 : 0);
  expect(read.outcome).toBe('');
});
