// Ends of entries that were replaced when their time was over: when there is one, and where it stands.
import { describe, expect, it } from 'vitest';
import type { Entry, Version } from '../../src/core/entry.ts';
import { eraOf, isVersion, lineageOf, VersionClock, versionTime } from '../../src/core/entry.ts';
import { lapseBetween } from '../../src/core/lapse.ts';

const T = 1_700_000_000_000;
const ERA = eraOf('line', 3);

function versionAt(ms: number): Version {
  return new VersionClock('memberOfTheRing').next(T + ms, ERA);
}

/** Written at so many milliseconds, with an end; 0 = none. */
function written(ms: number, end: number): Entry {
  const expiresAt = end === 0 ? 0 : T + end;
  return {
    key: 'k',
    value: Uint8Array.of(1),
    version: versionAt(ms),
    expiresAt,
    operation: 'o',
    previous: '',
  };
}

describe('the end of an entry', () => {
  it('is told where the next one was made when its time was over', () => {
    const [before, next] = [written(0, 50), written(55, 0)];
    const lapse = lapseBetween(before, next);
    expect(lapse).toMatchObject({ key: 'k', value: undefined, expiresAt: T + 50, previous: before.version });
    expect(lapseBetween(before, written(50, 0))).toBeDefined();
  });

  it('stands right before the next one, where nobody makes a version', () => {
    const next = written(50, 0);
    const version = lapseBetween(written(49, 50), next)?.version ?? '';
    expect(isVersion(version)).toBe(true);
    expect(version > versionAt(49) && version < next.version).toBe(true);
    expect([versionTime(version), lineageOf(version)]).toEqual([T + 50, 'line']);
    // Whatever other nodes make in that moment stands behind it.
    for (const id of ['1', 'A', '-', 'zzzzzz']) {
      expect(new VersionClock(id).next(T + 50, ERA) > version).toBe(true);
    }
  });

  it.each<[string, Entry | undefined, Entry]>([
    ['its time was not over', written(0, 50), written(49, 0)],
    ['it had none', written(0, 0), written(55, 0)],
    ['the next one was computed from it and has its end', written(0, 50), written(55, 50)],
    ['it is not remembered', undefined, written(55, 0)],
    ['there was nothing', { ...written(0, 50), value: undefined }, written(55, 0)],
    ['the next one is a deletion', written(0, 50), { ...written(55, 50), value: undefined }],
    ['versions run ahead of the clock further than it lives', written(60, 50), written(70, 0)],
  ])('is not told where %s', (_why, before, next) => {
    expect(lapseBetween(before, next)).toBeUndefined();
  });
});
