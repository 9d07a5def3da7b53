// NewestWins: whatever happened to the ring, forced epochs and merges included, an acknowledged version that
// anybody still held when the faults ended is not followed by an older one, and a deleted entry does not come
// back.
import type { ClientOperation, History } from '../history.ts';
import { byKey, changed, describeOperation, mayHaveChanged, versionOf } from '../history.ts';
import { versionTime } from '../../core/entry.ts';
import type { World } from '../world.ts';
import { copies } from './copies-agree.ts';
import type { Finding } from './finding.ts';

/** Every version that is held now, by key; keys of clients are ASCII, so their bytes are their text. */
export function heldVersions(world: World): Map<string, Set<string>> {
  const held = new Map<string, Set<string>>();
  for (const [key, entries] of copies(world)) {
    held.set(key, new Set(entries.map(({ entry }) => entry.version)));
  }
  return held;
}

/** `held` is what was held when the faults ended; `finals` what was read of each key at the end. */
export function newestWins(
  history: History,
  held: ReadonlyMap<string, ReadonlySet<string>>,
  finals: readonly ClientOperation[],
): Finding | undefined {
  const keys = byKey(history.operations);
  for (const final of finals) {
    const writes = (keys.get(final.key) ?? []).filter((operation) => mayHaveChanged(operation, history));
    const kept = writes.filter((operation) => {
      const version = versionOf(operation.output) ?? '';
      return changed(operation) !== false && held.get(final.key)?.has(version) === true;
    });
    const newest = kept.toSorted((a, b) =>
      (versionOf(a.output) ?? '') < (versionOf(b.output) ?? '') ? 1 : -1,
    )[0];
    if (newest === undefined || follows(final, newest, writes)) continue;
    const lines = [describeOperation(newest), describeOperation(final)];
    return { property: 'NewestWins', detail: `"${final.key}": ${lines.join(', but in the end ')}`, lines };
  }
  return undefined;
}

/** Whether what is read in the end may follow an acknowledged version that was held. */
function follows(
  final: ClientOperation,
  newest: ClientOperation,
  writes: readonly ClientOperation[],
): boolean {
  const floor = versionOf(newest.output) ?? '';
  if (final.output?.type === 'value') {
    const { version = '' } = final.output;
    // A deletion that is held has no version below what is read, unless the key was written after it.
    return newest.input.type === 'delete' ? version > floor : version >= floor;
  }
  // A deletion that was sent to both sides of a cut has a version on each, made while it was under way; the
  // answer tells of one, or that there is a conflict on one.
  return writes.some(({ input, output, invokedAt, completedAt = Infinity }) => {
    if (input.type !== 'delete') return false;
    const version = output?.type === 'conflict' ? undefined : versionOf(output);
    return version === undefined || versionTime(version) + completedAt - invokedAt >= versionTime(floor);
  });
}
