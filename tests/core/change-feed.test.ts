// ChangeFeed: which lineages a segment follows, in which part of it.
import { describe, expect, it } from 'vitest';
import { ChangeFeed } from '../../src/core/change-feed.ts';
import type { Led } from '../../src/core/change-feed.ts';
import type { Arc } from '../../src/core/position.ts';
import type { Segment } from '../../src/core/segment.ts';
import type { Stored } from '../../src/core/store.ts';

const LIMITS = { items: 10, size: 256, bornMs: 0 };
const [LOW, HIGH]: [Arc, Arc] = [
  { from: 0, to: 50 },
  { from: 50, to: 100 },
];
const BOTH = { from: 0, to: 100 };

function segmentOf(arc: Arc, lineage: string): Segment {
  return {
    arc,
    strangeMs: -Infinity,
    configuration: { lineage, epoch: 1, members: [], ancestors: [] },
  } as unknown as Segment;
}

/** The feed of a segment that comes to have another lineage. */
function renamed(arc: Arc, lineage: string, next: string): readonly Led[] {
  const segment = segmentOf(arc, lineage);
  const feed = new ChangeFeed(segment, 1, 0, LIMITS, []);
  (segment as { configuration: unknown }).configuration = segmentOf(arc, next).configuration;
  return feed.led;
}

function stored(lineage: string, ms = 0): Stored {
  const version = `${ms.toString(16).padStart(12, '0')}0000node--${lineage}${lineage && '1'}`;
  const entry = { key: 'k', version, value: undefined, expiresAt: 0, operation: '', previous: '' };
  return { position: 10, entry };
}

describe('a feed', () => {
  it('follows the lineages that its segment has had', () => {
    const feed = new ChangeFeed(segmentOf(BOTH, 'aaaa'), 1, 0, LIMITS, []);
    expect(['aaaa', 'bbbb', ''].map((lineage) => feed.follows(lineage, BOTH))).toEqual([true, false, true]);
  });

  it('follows what led to it only where it did: beside it the same lineage may have been given up', () => {
    const former = [...renamed(LOW, 'aaaa', 'cccc'), ...renamed(HIGH, 'bbbb', 'cccc')];
    const feed = new ChangeFeed(segmentOf(BOTH, 'cccc'), 1, 0, LIMITS, former);
    expect([LOW, HIGH, BOTH].map((part) => feed.follows('aaaa', part))).toEqual([true, false, false]);
    expect([LOW, HIGH, BOTH].map((part) => feed.follows('bbbb', part))).toEqual([false, true, false]);
    expect([10, 60].map((position) => feed.followsAt('aaaa', position))).toEqual([true, false]);
    expect(feed.follows('cccc', BOTH)).toBe(true);
  });

  it('tells those that come after it no more than it knows of its own part', () => {
    const wide = new ChangeFeed(segmentOf(BOTH, 'bbbb'), 1, 0, LIMITS, renamed(BOTH, 'aaaa', 'bbbb'));
    const low = segmentOf(LOW, 'bbbb');
    const feed = new ChangeFeed(low, 1, 0, LIMITS, wide.led);
    (low as { configuration: unknown }).configuration = segmentOf(LOW, 'cccc').configuration;
    const next = new ChangeFeed(segmentOf(BOTH, 'cccc'), 1, 0, LIMITS, feed.led);
    expect([LOW, HIGH].map((part) => next.follows('aaaa', part))).toEqual([true, false]);
  });

  it('knows when something of another history came last', () => {
    const segment = segmentOf(BOTH, 'aaaa');
    const feed = new ChangeFeed(segment, 1, 0, LIMITS, []);
    expect(feed.add(stored('aaaa'), '', 5)).toBe(false);
    expect(feed.foreignMs).toBe(-Infinity);
    expect(feed.add(stored('bbbb'), '', 7)).toBe(true);
    expect(feed.foreignMs).toBe(7);
  });

  it('knows what was made beside it, and was replaced before it came', () => {
    const feed = new ChangeFeed(segmentOf(BOTH, 'aaaa'), 1, 0, { ...LIMITS, bornMs: 100 }, []);
    const learn = (ms: number, lineage: string): boolean => feed.learn(stored(lineage, ms), 7);
    expect([learn(50, 'bbbb'), learn(150, 'aaaa'), learn(150, '')]).toEqual([false, false, false]);
    expect(feed.foreignMs).toBe(-Infinity);
    expect(learn(150, 'bbbb')).toBe(true);
    expect(feed.foreignMs).toBe(7);
    expect(feed.from(1)).toMatchObject([{ foreign: true, replaced: true }]);
  });
});
