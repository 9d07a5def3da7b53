// With 'refuse', a lineage that is down must not stop another one from being met that is there again.
import { expect, it } from 'vitest';
import type { Configuration } from '../../src/core/configuration.ts';
import type { Arc } from '../../src/core/position.ts';
import { memberAt } from '../support/members.ts';
import { OwnerScene } from '../support/owner-scene.ts';

function foreign(lineage: string, others: readonly number[]): Configuration {
  const members = [...others, 0].map((position) => ({ contact: memberAt(position), birth: 1 }));
  return { lineage, epoch: 4, members, ancestors: [] };
}

it.each([
  ['alone', []],
  ['beside one that is down', [[foreign('K', [11, 12]), { from: 200, to: 220 }]]],
] as [string, [Configuration, Arc][]][])('a lineage that comes back %s is met', (_, down) => {
  const scene = new OwnerScene();
  scene.owner.beginRing();
  scene.follow();
  scene.until(() => scene.members === 'm0');
  const N = foreign('N', [21, 22]);
  const lineages: [Configuration, Arc][] = [...down, [N, { from: 230, to: 240 }]];
  for (const one of ['m11', 'm12', 'm21', 'm22']) scene.buried.add(one);
  const serves = (): boolean =>
    [205, 215, 225, 235, 245].every((position) => scene.owner.segmentAt(position) !== undefined);
  const dead = (): void => {
    for (const one of scene.buried) scene.driver.refuse(one);
  };
  const run = (done: () => boolean): void => {
    for (let i = 0; i < 300 && !done(); i++) {
      scene.driver.advance(20);
      dead();
      scene.answerAll('inspect');
      if (i % 50 === 49) scene.owner.tidy();
      scene.driver.poll();
    }
  };
  for (const [configuration, arc] of lineages) {
    // It is told that it is one of the set; then the others are gone.
    scene.reply((r) => scene.replica.install({ type: 'install', arc, configuration, watermark: 0 }, r));
    run(() => false);
    expect(serves()).toBe(true);
  }
  // All of N are back; those of K are not.
  for (const one of ['m21', 'm22']) scene.buried.delete(one);
  run(() => scene.driver.openOf('prepare').some(({ body }) => body.base.lineage === 'N'));
  expect(scene.driver.openOf('prepare').some(({ body }) => body.base.lineage === 'N')).toBe(true);
});
