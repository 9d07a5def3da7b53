// An owner that hears from other lineages: of what came after what it asks about, and of entries.
import { expect, it } from 'vitest';
import type { Configuration } from '../../src/core/configuration.ts';
import { memberAt } from '../support/members.ts';
import { ARC, OwnerScene } from '../support/owner-scene.ts';
import { entryOf } from '../support/segment-scene.ts';

function configurationOf(lineage: string, epoch: number, position: number): Configuration {
  const members = [{ contact: memberAt(position), birth: 1 }];
  return { lineage, epoch, members, ancestors: [] };
}

it('takes nothing over from what was overtaken while it was asked who is there', () => {
  const scene = new OwnerScene();
  const { driver, owner } = scene;
  const [one, other, next] = [
    configurationOf('one', 1, 5),
    configurationOf('other', 1, 6),
    configurationOf('other', 2, 7),
  ];
  owner.learn([one, other].map((configuration) => ({ arc: ARC, configuration })));
  for (let i = 0; i < 100 && driver.openOf('inspect').length < 2; i++) driver.advance(1);
  expect(driver.openOf('inspect').map(({ to }) => to)).toEqual(['m5', 'm6']);
  // m6 has been followed by m7, of which it has not heard: a takeover from there would never come to an end.
  owner.learn([{ arc: ARC, configuration: next }]);
  const bases: string[] = [];
  for (let i = 0; i < 1_000 && bases.length === 0; i++) {
    scene.answerAll('inspect');
    for (const { body } of driver.openOf('prepare')) bases.push(`${body.base.lineage} ${body.base.epoch}`);
    driver.advance(1);
  }
  expect(bases.toSorted()).toEqual(['one 1', 'other 2']);
});

it('brings entries that another owner has made it store to its own copies', () => {
  const scene = new OwnerScene();
  const { driver, owner, replica } = scene;
  owner.beginRing();
  scene.follow();
  scene.until(() => scene.members === 'm0');
  scene.follow(1, 2);
  scene.until(() => scene.members === 'm0 m1 m2' && owner.segmentAt(210)?.complete === true);
  const key = keyAt((one) => driver.engine.positionOf(one) > ARC.from);
  const foreign = configurationOf('other', 1, 9);
  const entries = [entryOf(key, '1')];
  replica.copy({ type: 'copy', arc: ARC, base: foreign, entries, past: false }, () => {});
  expect(owner.segmentAt(210)?.complete).toBe(false);
  const told = new Set<string>();
  scene.until(() => {
    for (const { to, body } of driver.openOf('copy')) if (body.entries[0]?.key === key) told.add(to);
    return told.size === 2;
  });
  expect([...told].toSorted()).toEqual(['m1', 'm2']);
});

function keyAt(isRight: (key: string) => boolean): string {
  for (let i = 0; ; i++) if (isRight(`key ${i}`)) return `key ${i}`;
}
