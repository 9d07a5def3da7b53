// An owner that others have replaced, and that has not heard of it, lets nobody go: its successor may count
// on them.
import { expect, it } from 'vitest';
import { memberAt } from '../support/members.ts';
import { ARC, OwnerScene } from '../support/owner-scene.ts';
import { configurationOf } from '../support/segment-scene.ts';

it.each([
  ['stored', 'release'],
  ['refused', 'wait'],
] as const)('where the copies answer "%s" a holder is told "%s"', (outcome, told) => {
  const scene = new OwnerScene();
  const { driver, owner, replica } = scene;
  owner.beginRing();
  scene.follow();
  scene.until(() => scene.members === 'm0');
  scene.follow(1, 2);
  scene.until(() => scene.members === 'm0 m1 m2' && owner.segmentAt(210)?.complete === true);
  // It was one of the set before this one.
  const base = owner.registers.known(ARC)[0]!;
  const former = { ...configurationOf([0, 1, 9]), lineage: base.lineage, epoch: base.epoch - 1 };
  const offer = { type: 'offer', arc: ARC, position: 210, base: former, told: undefined } as const;
  const answer = scene.reply((respond) => replica.offer('m9', memberAt(9), offer, ARC, respond));
  expect(answer()).toBeUndefined();
  for (const id of ['m1', 'm2']) driver.answer(id, 'replicate', { type: 'replicated', outcome });
  if (outcome === 'refused') driver.advance(driver.engine.profile.requestMaxMs * 2);
  expect(answer()).toMatchObject({ type: 'offered', outcome: told });
});
