// An owner that takes an arc over, and is told meanwhile of what came after the set that it asks.
import { expect, it } from 'vitest';
import type { Configuration } from '../../src/core/configuration.ts';
import { memberAt } from '../support/members.ts';
import { ARC, OwnerScene } from '../support/owner-scene.ts';

function configuration(epoch: number, ...positions: number[]): Configuration {
  const members = positions.map((position) => ({ contact: memberAt(position), birth: 1 }));
  return { lineage: 'lineage', epoch, members, ancestors: [] };
}

it('goes on from the set that it was told of, and not from the one before it that has promised', () => {
  const scene = new OwnerScene();
  const { driver, owner, replica } = scene;
  const asked = (to: string): boolean => driver.openOf('prepare').some((open) => open.to === to);
  const [base, next] = [configuration(1, 1, 2), configuration(2, 3, 4, 0)];
  scene.follow(1, 2);
  owner.learn([{ arc: ARC, configuration: base }]);
  scene.until(() => asked('m1') && asked('m2'));
  // Another one, which is gone now, has had its proposal decided; only those of the new set have heard of it.
  scene.reply((r) => replica.install({ type: 'install', arc: ARC, configuration: next, watermark: 0 }, r));
  scene.until(() => asked('m3') && asked('m4'));
  expect(driver.openOf('prepare').map(({ body }) => body.base.epoch)).toContain(2);
});

it('goes on taking over what it is told of again, though its own history does not reach back so far', () => {
  const { driver, owner } = new OwnerScene(false, true);
  const of = (lineage: string, position: number, ...ancestors: Configuration[]): Configuration => ({
    ...configuration(1, position),
    lineage,
    ancestors,
  });
  const first = of('first', 5);
  const second = of('second', 6, first);
  const learn = (one: Configuration): boolean => owner.learn([{ arc: ARC, configuration: one }]);
  owner.registers.install(ARC, of('third', 7, second), 0);
  learn(first);
  driver.advance(1_000);
  const takeovers = (): Set<string> => new Set(driver.openOf('prepare').map(({ body }) => body.ballot.id));
  const begun = takeovers();
  expect(begun.size).toBe(1);
  // Whoever stands in the first offers it again and again, and others tell of what came after it.
  learn(second);
  expect(learn(first)).toBe(true);
  driver.advance(50);
  expect(takeovers()).toEqual(begun);
});
