// A set is decided only with members that are there: a majority of the dead could never decide on a next one.
import { expect, it } from 'vitest';
import type { Reply } from '../../src/core/message.ts';
import { ARC, OwnerScene } from '../support/owner-scene.ts';
import { configurationOf, entryOf } from '../support/segment-scene.ts';

it.each([
  ['is there', 1, 2],
  ['has come back with nothing', 2, 0],
  ['does not answer', undefined, 0],
] as const)('a copy that holds everything and %s', (_, birth, proposals) => {
  const scene = threeMembers();
  const { driver } = scene;
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

it('is asked anew where the writes under way took their time', () => {
  const scene = threeMembers();
  const { driver } = scene;
  scene.read(entryOf('a', '1'));
  scene.buried.add('m2');
  scene.follow(1);
  driver.answer('m1', 'inspect', HERE);
  // One copy does not answer to the write; meanwhile the other one may have died.
  driver.answer('m1', 'replicate', { type: 'replicated', outcome: 'stored' });
  const until = driver.engine.now + driver.engine.profile.requestMaxMs * 2;
  while (driver.openOf('inspect').length === 0 && driver.engine.now < until) driver.advance(1);
  expect(driver.openOf('accept')).toEqual([]);
  expect(driver.openOf('inspect').map(({ to }) => to)).toContain('m1');
  driver.answer('m1', 'inspect', HERE);
  expect(driver.openOf('accept')).toHaveLength(2);
});

it.each([
  [true, { type: 'inspected', known: [] }],
  [false, { type: 'failed' }],
])('a member answers once all that it holds is on its disk, and no more than that: %s', (saved, expected) => {
  const scene = new OwnerScene(true);
  const configuration = configurationOf([1, 0]);
  const installed = scene.reply((respond) =>
    scene.replica.install({ type: 'install', arc: ARC, configuration, watermark: 0 }, respond),
  );
  const ask = (isSaved: boolean): (() => Reply | undefined) =>
    scene.reply((respond) => scene.replica.inspect({ type: 'inspect', arc: ARC, saved: isSaved }, respond));
  expect(ask(false)()).toMatchObject({ type: 'inspected', known: [{ configuration }] });
  const answer = ask(true);
  expect([installed(), answer()]).toEqual([undefined, undefined]);
  scene.driver.saved(saved);
  expect(answer()).toMatchObject(expected);
});

const HERE: Reply = { type: 'inspected', birth: 1, known: [] };

/** Owner and two copies, all complete. */
function threeMembers(): OwnerScene {
  const scene = new OwnerScene();
  const { owner } = scene;
  owner.beginRing();
  scene.follow();
  scene.until(() => scene.members === 'm0');
  scene.follow(1, 2);
  scene.until(() => scene.members === 'm0 m1 m2' && owner.segmentAt(210)?.complete === true);
  return scene;
}
