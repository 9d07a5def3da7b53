// What the demo shows, as lines.
import { describe, expect, it } from 'vitest';
import type { TrafficReport } from '../../src/cli/demo-traffic.ts';
import { drawFrame, drawLogLine, drawWelcome, type Frame } from '../../src/cli/demo-view.ts';

const TRAFFIC: TrafficReport = {
  operations: 1_000,
  opsPerSecond: 99.6,
  errors: 0,
  reads: { p50: 0.44, p99: 2.04 },
  writes: { p50: Number.NaN, p99: Number.NaN },
  lastError: undefined,
  lastLookup: { key: 'planet:mars', from: 7, hops: [64, 128], requests: 2, ms: 0.81 },
};

function frameWith(members: number, change: Partial<Frame> = {}): Frame {
  return {
    k: 8,
    members: Array.from({ length: members }, (_, i) => ({
      id: `member-${i}-of-the-ring`,
      position: i,
      addr: ['127.0.0.1', 5000 + i],
      arc: { from: (i + members - 1) % members, to: i },
      serving: true,
      entries: 2,
      copies: 4,
    })),
    traffic: TRAFFIC,
    upSeconds: 12.4,
    width: 80,
    height: 40,
    paint: (_part, text) => text,
    ...change,
  };
}

describe('the demo', () => {
  it('begins with the time of the start and two commands', () => {
    const facts = { nodes: 8, k: 8, encryption: 'SSL', startMs: 812, address: '127.0.0.1:4444' };
    expect(drawWelcome(facts)).toMatchInlineSnapshot(`
      [
        "A ring of 8 members is up, 0.81 s after the start (SSL, k = 8).",
        "Paste these into another terminal, in the same folder:",
        "",
        "  npx chord get greeting --connect 127.0.0.1:4444",
        "  npx chord ring --connect 127.0.0.1:4444",
        "",
        "Ctrl-C ends it.",
        "",
      ]
    `);
  });

  it('says in one line what a log needs', () => {
    expect(drawLogLine(frameWith(8))).toBe(
      '12 s  8 members  16 entries  100 ops/s  get 0.4 ms (99 % in 2.0)  set -  0 errors  ' +
        'last lookup: planet:mars  @7 → @64 → @128  2 requests, 0.8 ms',
    );
  });

  it.each([13, 16, 24, 40, 60])('fits a picture of 8 members into %i lines', (height) => {
    const lines = drawFrame(frameWith(8, { height }));
    expect(lines.length).toBeLessThanOrEqual(height);
    expect(lines.join('\n')).toContain('8 members');
    expect(lines.join('\n')).toContain('100 ops/s');
  });

  it('shows the table where there is room for it, and the figures alone where a ring cannot be drawn', () => {
    expect(drawFrame(frameWith(8)).join('\n')).toContain('127.0.0.1:5007');
    expect(drawFrame(frameWith(8, { height: 16 })).join('\n')).not.toContain('127.0.0.1:5007');
    expect(drawFrame(frameWith(100))).toHaveLength(3);
  });

  it('shows the last error', () => {
    const traffic = { ...TRAFFIC, errors: 1, lastError: 'the owner did not answer' };
    expect(drawFrame(frameWith(8, { traffic })).join('\n')).toContain('last error: the owner did not answer');
  });
});
