// Samples of what watchers ask and owners answer, for samples.ts.
import type { ChangesReply, ChangesRequest } from '../../src/core/change-query.ts';
import type { Entry, Version } from '../../src/core/entry.ts';

const arc = { from: 4_000_000_000, to: 123_456_789 };
const whole = { from: 7, to: 7 };

export function changesSamples(since: Version): ChangesRequest[] {
  const asked = { type: 'changes', prefix: true, waitMs: 1_000, budgetMs: 9_990 } as const;
  const marks = [
    { arc, lineage: 'xyz1', since, sinceMs: 1_700_000_000_000 },
    { arc: whole, lineage: '', since: '', sinceMs: 0 },
  ];
  return [
    { ...asked, arc, key: 'app', marks, log: 4_000_000_000, place: 7 },
    { ...asked, arc: whole, key: '', marks: [], log: 0, place: 0 },
  ];
}

export function changedSamples(version: Version, entry: Entry): ChangesReply[] {
  const common = { type: 'changed', log: 4_000_000_000, place: 12 } as const;
  return [
    {
      ...common,
      arc,
      lineage: 'xyz1',
      entries: [entry],
      through: version,
      throughMs: 9,
      more: false,
      missing: false,
      behind: '',
    },
    {
      ...common,
      arc: whole,
      lineage: '',
      entries: [],
      through: '',
      throughMs: 0,
      more: true,
      missing: true,
      behind: version,
    },
  ];
}
