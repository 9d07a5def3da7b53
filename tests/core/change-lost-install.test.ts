// One lost `install` is taken for a lost vote, and an epoch is forced though a majority is there.
import { expect, it } from 'vitest';
import { PROFILES } from '../../src/core/profile.ts';
import { ARC, EMPTY, OwnerScene } from '../support/owner-scene.ts';
import { configurationOf } from '../support/segment-scene.ts';

it('does not give a majority up that is there, because a message to it was lost', () => {
  const scene = new OwnerScene(false, true);
  const { driver, owner } = scene;
  scene.follow(1, 2);
  scene.answerAll('inspect');
  // m5 owned the arc, and died before m1 and m2, who hold everything, had been told of the decision.
  const base = configurationOf([5, 1, 2]);
  scene.buried.add('m5');
  const began = driver.engine.now;
  owner.learn([{ arc: ARC, configuration: base }]);
  const UNKNOWN = { type: 'voted', votes: [{ arc: ARC, vote: { type: 'unknown' } }] } as const;
  for (let i = 0; i < 980 && scene.configuration === undefined; i++) {
    // m1 and m2 live, and answer each prepare at once; only what tells them of the base is lost, once each.
    for (const { to } of driver.openOf('prepare')) {
      if (to === 'm5') continue;
      driver.answer(to, 'prepare', UNKNOWN);
    }
    // They hold an entry each.
    const held = { ...EMPTY, parts: [{ count: 1, low: 1, high: 1 }] };
    for (const { to } of driver.openOf('summarise')) driver.answer(to, 'summarise', held);
    for (const { to } of driver.openOf('inspect'))
      driver.answer(to, 'inspect', { type: 'inspected', birth: 1, known: [] });
    if (driver.openOf('prepare').some(({ to }) => to === 'm5') && i === 0) driver.refuse('m5');
    driver.advance(1);
  }
  const took = driver.engine.now - began;
  expect(took).toBeLessThan(PROFILES.local.evictAfterMs);
  // It serves an empty arc in a lineage of its own: m1 and m2 were never read.
  expect(scene.configuration).toBe(undefined);
});
