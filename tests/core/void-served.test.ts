// What an owner serves may be about to be acknowledged: nobody else's word makes it forget that.
import { expect, it } from 'vitest';
import type { Arc } from '../../src/core/position.ts';
import { OwnerScene } from '../support/owner-scene.ts';
import { entryOf } from '../support/segment-scene.ts';

const ARC: Arc = { from: 200, to: 0 };

function scene(): { readonly owner: OwnerScene; readonly key: string; voidIt(): void; holds(): boolean } {
  const owner = new OwnerScene();
  owner.owner.beginRing();
  owner.follow();
  owner.until(() => owner.members === 'm0');
  const { engine } = owner.driver;
  let key = '';
  for (let i = 0; key === ''; i++) if (engine.positionOf(`key ${i}`) > ARC.from) key = `key ${i}`;
  const base = owner.configuration!;
  owner.store.put(engine.positionOf(key), entryOf(key, '2'));
  const request = { arc: ARC, base, items: [{ key, version: '2' }], entries: [entryOf(key, '1')] } as const;
  return {
    owner,
    key,
    voidIt: () => owner.reply((respond) => owner.replica.voidEntries({ type: 'void', ...request }, respond)),
    holds: () => owner.store.versionOf(key) === '2',
  };
}

it('is kept by whoever serves it', () => {
  const { voidIt, holds } = scene();
  voidIt();
  expect(holds()).toBe(true);
});

it('makes room for what is in force where it is served no more', () => {
  const { owner, key, voidIt, holds } = scene();
  const base = owner.configuration!;
  owner.owner.registers.prepare(ARC, base, { round: 1, id: 'other' });
  owner.driver.poll();
  expect(owner.configuration).toBeUndefined();
  voidIt();
  expect(holds()).toBe(false);
  expect(owner.store.versionOf(key)).toBe('1');
});
