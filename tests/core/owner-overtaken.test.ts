// An owner that learns late that its own proposal was decided, after its successor was promised.
import { expect, it } from 'vitest';
import type { Configuration } from '../../src/core/configuration.ts';
import { entryOf } from '../support/segment-scene.ts';
import { ARC, OwnerScene } from '../support/owner-scene.ts';

/** It serves {m0 m1 m2}, and proposes {m0 m1 m3} at its round 0; what it proposes. */
function proposing(scene: OwnerScene): Configuration {
  scene.owner.beginRing();
  scene.follow();
  scene.until(() => scene.members === 'm0');
  scene.follow(1, 2);
  scene.until(() => scene.members === 'm0 m1 m2');
  scene.until(() => scene.owner.segmentAt(210)?.complete === true);
  scene.follow(1, 3);
  scene.until(() => scene.driver.openOf('accept').length === 2);
  const accept = scene.driver.openOf('accept')[0]?.body;
  if (accept === undefined) throw new Error('nothing is proposed');
  return accept.proposal.configuration;
}

it('does not serve its own proposal once it has promised the successor of that (late answer)', () => {
  const scene = new OwnerScene();
  const next = proposing(scene);
  const { driver, replica } = scene;
  // m2 takes m0 for dead: m1 and m2 promise to it, m1 tells of the proposal, which m2 decides. It tells m0.
  scene.reply((r) => replica.install({ type: 'install', arc: ARC, configuration: next, watermark: 0 }, r));
  // And goes on from there: m0 and m1 are a majority of {m0 m1 m3}.
  const ballot = { round: 1, id: 'm2 x' };
  const vote = scene.reply((r) => replica.prepare({ type: 'prepare', arc: ARC, base: next, ballot }, r));
  expect(vote()).toMatchObject({ type: 'voted', votes: [{ vote: { type: 'promised' } }] });
  // m2 reads m0 and m1, and has its set decided by them; only now m1's acceptance of round 0 comes to m0.
  driver.answer('m1', 'accept', { type: 'voted', votes: [{ arc: ARC, vote: { type: 'accepted' } }] });
  const { outcome } = (() => {
    const result = scene.read(entryOf('w', '1'));
    // m3 has not been asked to promise.
    if (driver.openOf('replicate').some(({ to }) => to === 'm3'))
      driver.answer('m3', 'replicate', { type: 'replicated', outcome: 'stored' });
    return result;
  })();
  // m0 counts itself, though it has promised: a write is acknowledged that m2 has not read.
  expect({ serving: scene.configuration?.epoch, outcome }).toEqual({ serving: undefined, outcome: '' });
});

it('does not serve its own proposal once it has promised the successor of that (slow disk)', () => {
  const scene = new OwnerScene(true);
  const next = proposing(scene);
  const { driver, replica } = scene;
  // m0's own acceptance is being written down for 1.5 s; m1's is there at once.
  driver.answer('m1', 'accept', { type: 'voted', votes: [{ arc: ARC, vote: { type: 'accepted' } }] });
  driver.advance(1_500);
  scene.reply((r) => replica.install({ type: 'install', arc: ARC, configuration: next, watermark: 0 }, r));
  const ballot = { round: 1, id: 'm2 x' };
  const vote = scene.reply((r) => replica.prepare({ type: 'prepare', arc: ARC, base: next, ballot }, r));
  driver.saved(true);
  expect(vote()).toMatchObject({ type: 'voted', votes: [{ vote: { type: 'promised' } }] });
  expect(scene.configuration?.epoch).toBe(undefined);
});
