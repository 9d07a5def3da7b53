// A release names what comes after what is let go; where that did not tell so, the holder voted anew.
import { expect, it } from 'vitest';
import type { Reply } from '../../src/core/message.ts';
import { Registers } from '../../src/core/registers.ts';
import { Saver } from '../../src/core/saver.ts';
import { memberAt } from '../support/members.ts';
import { ARC, EMPTY, OwnerScene } from '../support/owner-scene.ts';
import { configurationOf } from '../support/segment-scene.ts';

it('a holder that was let go does not vote anew where it has promised', () => {
  const scene = new OwnerScene();
  const { driver, owner, replica } = scene;
  // The history of what is in force does not reach back to the old one (the latest 64 are kept); what came
  // between is remembered.
  const old = { ...configurationOf([9, 8, 7]), lineage: 'old' };
  const between = {
    ...configurationOf([6, 5, 4]),
    lineage: 'between',
    ancestors: [{ lineage: 'old', epoch: 1 }],
  };
  owner.registers.install(ARC, between, 0);
  owner.registers.forget(ARC, between, between);
  owner.beginRing();
  scene.follow();
  scene.until(() => scene.members === 'm0' && owner.segmentAt(210)?.complete === true);
  // m9 has promised the old one away, and offers it.
  const saver = new Saver(false, 100, { effect: () => {}, defer: () => {}, after: () => {} });
  const view = { promised: () => {}, moved: () => {}, forgotten: () => {} };
  const theirs = new Registers(256, () => ({ id: 'm9', birth: 1 }), saver, view);
  theirs.install(ARC, old, 0);
  theirs.prepare(ARC, old, { round: 1, id: 'p' });
  const offer = { type: 'offer', arc: ARC, position: 210, base: old, told: undefined } as const;
  const ask = (): Reply | undefined =>
    scene.reply((respond) => replica.offer('m9', memberAt(9), offer, ARC, respond))();
  expect(ask()).toMatchObject({ outcome: 'wait' });
  driver.poll();
  // Before it is read, it is to serve no more.
  const votes = theirs.prepare(ARC, old, { round: 1, id: 'm0' });
  driver.answer('m9', 'prepare', { type: 'voted', votes });
  driver.answer('m9', 'summarise', EMPTY);
  const answer = ask();
  expect(answer).toMatchObject({ type: 'offered', outcome: 'release' });
  if (answer?.type !== 'offered' || answer.known === undefined) return;
  theirs.forget(ARC, old, answer.known.configuration);
  expect(theirs.prepare(ARC, old, { round: 1, id: 'q' })[0]?.vote.type).toBe('elsewhere');
  expect(theirs.install(ARC, old, 0)).toBe(false);
});
