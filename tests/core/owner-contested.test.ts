// A copy that knows the segment's configuration to be over, by what came after it and is not told any more,
// never follows it: the segment is taken over together with the lineage in which both stand.
import { expect, it } from 'vitest';
import type { Configuration } from '../../src/core/configuration.ts';
import type { Arc } from '../../src/core/position.ts';
import { memberAt } from '../support/members.ts';
import { OwnerScene } from '../support/owner-scene.ts';

const ARC: Arc = { from: 200, to: 0 };

/** Of the segment's epoch, so that it is not taken for what came after it. */
const EPOCH = 2;
const BESIDE: Configuration = {
  lineage: 'beside',
  epoch: EPOCH,
  members: [0, 10].map((position) => ({ contact: memberAt(position), birth: 1 })),
  ancestors: [],
};

/** The owner serves one lineage and stands in another; of these its copy tells, which does not follow it. */
function standingInTwo(copyStandsIn: readonly Configuration[]): OwnerScene {
  const scene = new OwnerScene(false, true);
  const { driver, owner } = scene;
  owner.beginRing();
  scene.follow(10);
  scene.until(() => scene.members === 'm0 m10');
  expect(scene.configuration?.epoch).toBe(EPOCH);
  owner.registers.install(ARC, BESIDE, 0);
  owner.segmentAt(210)?.learn();
  const known = copyStandsIn.map((configuration) => ({ arc: ARC, configuration, watermark: 0 }));
  for (let i = 0; i < 200; i++) {
    driver.advance(5);
    for (const { to } of driver.openOf('install'))
      driver.answer(to, 'install', { type: 'installed', whole: false });
    for (const { to } of driver.openOf('inspect'))
      driver.answer(to, 'inspect', { type: 'inspected', birth: 1, known });
  }
  return scene;
}

function proposedAfter({ driver }: OwnerScene): string[] {
  return driver.openOf('prepare').map(({ body }) => body.base.lineage);
}

it('has both decided to be over where the copy stands in the other one', () => {
  expect(proposedAfter(standingInTwo([BESIDE]))).toContain('beside');
});

it('goes on waiting for a copy that stands in neither', () => {
  expect(proposedAfter(standingInTwo([]))).toEqual([]);
});
