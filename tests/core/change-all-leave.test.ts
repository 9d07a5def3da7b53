// All holders of an arc leave at once, and whoever takes it over needs long to read them. They are out of the
// ring, and answer all the same: nothing is given up.
import { expect, it } from 'vitest';
import { ARC, EMPTY, OwnerScene } from '../support/owner-scene.ts';
import { configurationOf, entryOf } from '../support/segment-scene.ts';

const HOLDERS = ['m1', 'm2', 'm3'];
/** How long an answer takes, and in how many pages all is read: several times requestMaxMs together. */
const ANSWER_MS = 60;
const PAGES = 80;

it('is taken over from them without a forced epoch', () => {
  const scene = new OwnerScene(false, true);
  const { driver, owner } = scene;
  const { engine } = driver;
  for (const id of HOLDERS) {
    engine.peers.connected(id);
    scene.buried.add(id);
  }
  const base = configurationOf([1, 2, 3]);
  owner.learn([{ arc: ARC, configuration: base }]);
  scene.follow();
  const held = { ...EMPTY, parts: [{ count: PAGES, low: 1, high: 1 }] };
  const promised = { type: 'promised', accepted: undefined, watermark: 0, restored: false } as const;
  const since = new Map<number, number>();
  let pages = 0;
  for (let i = 0; i < 60_000 && scene.configuration === undefined; i++) {
    for (const { to, number, body } of Array.from(driver.open)) {
      const openMs = engine.now - (since.get(number) ?? engine.now);
      if (!since.has(number)) since.set(number, engine.now);
      if (openMs < ANSWER_MS || !driver.open.some((one) => one.number === number)) continue;
      if (body.type === 'prepare')
        driver.answer(to, 'prepare', { type: 'voted', votes: [{ arc: ARC, vote: promised }] });
      if (body.type === 'accept')
        driver.answer(to, 'accept', { type: 'voted', votes: [{ arc: ARC, vote: { type: 'accepted' } }] });
      if (body.type === 'summarise') driver.answer(to, 'summarise', held);
      if (body.type === 'digest') driver.answer(to, 'digest', { type: 'digest-is', items: [], more: false });
      if (body.type === 'pull') {
        pages += 1;
        const entries = [entryOf(`k${pages}`, '1')];
        driver.answer(to, 'pull', { type: 'pulled', entries, more: pages % PAGES !== 0 });
      }
    }
    driver.advance(1);
  }
  expect(scene.configuration?.lineage).toBe(base.lineage);
  // It took longer than after what it begins anew, which is when they were given up.
  expect(pages * ANSWER_MS).toBeGreaterThan(2 * engine.profile.requestMaxMs - ANSWER_MS * 10);
});
