// Segment: when the copies of an arc are complete.
import { describe, expect, it } from 'vitest';
import { configurationOf, entryOf, SegmentScene } from '../support/segment-scene.ts';

const SAME = { count: 0, low: 0, high: 0 };
const SUMMARY = { type: 'summary', birth: 1, clock: '', parts: [SAME], past: SAME } as const;

describe('a segment', () => {
  it('is complete once each of its copies was told of it and compared', () => {
    const { driver, segment } = new SegmentScene(configurationOf([0, 1]));
    expect(segment.complete).toBe(false);
    driver.answer('m1', 'install', { type: 'installed', whole: true });
    expect(segment.complete).toBe(false);
    driver.answer('m1', 'summarise', SUMMARY);
    expect(segment.complete).toBe(true);
  });

  it('compares a copy again that missed a write while it was compared', () => {
    const { driver, segment, write } = new SegmentScene(configurationOf([0, 1, 2]));
    for (const id of ['m1', 'm2']) driver.answer(id, 'install', { type: 'installed', whole: true });
    driver.answer('m2', 'summarise', SUMMARY);
    write();
    driver.answer('m2', 'replicate', { type: 'replicated', outcome: 'stored' });
    driver.answer('m1', 'replicate', { type: 'failed', code: 'ERR_LIMIT', message: 'full' });
    driver.answer('m1', 'summarise', SUMMARY);
    expect(segment.complete).toBe(false);
    while (driver.openOf('install').length === 0) driver.advance(1);
    driver.answer('m1', 'install', { type: 'installed', whole: true });
    driver.answer('m1', 'summarise', SUMMARY);
    expect(segment.complete).toBe(true);
  });

  it('compares the others again where one held what none of them may have', () => {
    const { driver, segment } = new SegmentScene(configurationOf([0, 1, 2]));
    for (const id of ['m1', 'm2']) driver.answer(id, 'install', { type: 'installed', whole: true });
    driver.answer('m1', 'summarise', SUMMARY);
    driver.answer('m2', 'summarise', { ...SUMMARY, parts: [{ count: 1, low: 1, high: 1 }] });
    driver.answer('m2', 'pull', { type: 'pulled', entries: [entryOf('a', '1')], more: false });
    expect(segment.complete).toBe(false);
    while (driver.openOf('install').length === 0) driver.advance(1);
    driver.answer('m1', 'install', { type: 'installed', whole: true });
    expect(driver.openOf('summarise').map(({ to }) => to)).toEqual(['m1']);
  });

  it('compares the others again also where the one was not read to its end at first', () => {
    const { driver, segment, store } = new SegmentScene(configurationOf([0, 1, 2]));
    store.put(210, entryOf('b', '1'));
    const mine = store.summary(segment.arc);
    const equal = { ...SUMMARY, parts: [mine] };
    for (const id of ['m1', 'm2']) driver.answer(id, 'install', { type: 'installed', whole: true });
    driver.answer('m1', 'summarise', equal);
    driver.answer('m2', 'summarise', { ...SUMMARY, parts: [{ count: 1, low: 1, high: 1 }] });
    driver.answer('m2', 'digest', { type: 'digest-is', items: [{ key: 'a', version: '1' }], more: false });
    driver.answer('m2', 'fetch', { type: 'fetched', entries: [entryOf('a', '1')] });
    // It stands at another configuration meanwhile.
    driver.answer('m2', 'copy', { type: 'copied', stored: false });
    while (driver.openOf('install').length === 0) driver.advance(1);
    driver.answer('m2', 'install', { type: 'installed', whole: true });
    driver.answer('m2', 'summarise', { ...SUMMARY, parts: [store.summary(segment.arc)] });
    expect(segment.complete).toBe(false);
    while (driver.openOf('install').length === 0) driver.advance(1);
    expect(driver.openOf('install').map(({ to }) => to)).toEqual(['m1']);
  });
});
