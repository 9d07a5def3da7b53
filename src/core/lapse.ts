// Lapse: the end of an entry whose time was over, where another one replaced it before collector.ts had
// deleted it. Nothing is stored of such an end; but whoever is told of both entries is told of it in between,
// and since it follows from the two, every owner tells the same.
import type { Entry } from './entry.ts';
import { versionBelow, versionTime } from './entry.ts';

/** A deletion by time, right before `next`; undefined where `replaced` is not known, or had not ended. */
export function lapseBetween(replaced: Entry | undefined, next: Entry): Entry | undefined {
  // A deletion that was asked for finds something, and one by time is told itself.
  if (replaced?.value === undefined || next.value === undefined) return undefined;
  const { key, expiresAt, version: previous } = replaced;
  // Where versions run ahead of the clock further than it lives, they do not tell.
  const [from, to] = [versionTime(previous), versionTime(next.version)];
  if (expiresAt <= from || expiresAt > to) return undefined;
  // What was computed from it has the same end: it was there.
  if (next.expiresAt === expiresAt) return undefined;
  const version = versionBelow(next.version);
  return { key, value: undefined, version, expiresAt, operation: '', previous };
}
