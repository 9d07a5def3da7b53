// A deletion is forgotten once every member of the set holds everything: whoever comes to be one meanwhile
// may still have what was deleted.
import { expect, it } from 'vitest';
import { Collector } from '../../src/core/collector.ts';
import type { Operations } from '../../src/core/operations.ts';
import { OwnerScene } from '../support/owner-scene.ts';
import { entryOf } from '../support/segment-scene.ts';

const TOMBSTONE = '0'.repeat(16);

function collecting(): OwnerScene {
  const scene = new OwnerScene();
  const { driver, owner, store } = scene;
  const { engine } = driver;
  engine.wallOffset = 1e12;
  owner.beginRing();
  scene.follow();
  scene.until(() => scene.members === 'm0');
  scene.follow(10);
  scene.until(() => scene.members === 'm0 m10' && owner.segmentAt(210)?.complete === true);
  let key = '';
  for (let i = 0; key === ''; i++) if (engine.positionOf(`key ${i}`) > 200) key = `key ${i}`;
  store.put(engine.positionOf(key), entryOf(key, TOMBSTONE, { value: undefined }));
  new Collector(engine, store, owner, {} as Operations).begin();
  for (let i = 0; i < 5 && driver.openOf('collect').length === 0; i++) driver.advance(engine.profile.sweepMs);
  return scene;
}

it('is forgotten when all have forgotten it', () => {
  const { driver, store } = collecting();
  driver.answer('m10', 'collect', { type: 'collected', done: true });
  expect(store.size).toBe(0);
});

it('is kept where somebody is to be compared meanwhile', () => {
  const scene = collecting();
  scene.follow(5, 10);
  scene.driver.answer('m10', 'collect', { type: 'collected', done: true });
  expect(scene.store.size).toBe(1);
});
