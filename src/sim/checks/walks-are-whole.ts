// WalksAreWhole: a walk shows each key once, every key that was there throughout, and none that was not
// there at any time of it. Judged until an epoch is forced.
import type { ClientOperation, History, Walk } from '../history.ts';
import { byKey, changed } from '../history.ts';
import type { Finding } from './finding.ts';

export function walksAreWhole(history: History): Finding | undefined {
  const keys = byKey(history.strict);
  for (const walk of history.walks) {
    if (walk.completedAt >= history.forcedAt) continue;
    const seen = new Set(walk.keys);
    if (seen.size < walk.keys.length) {
      const twice = walk.keys.find((key, i) => walk.keys.indexOf(key) !== i);
      return finding(walk, `shows "${twice}" twice`);
    }
    for (const [key, operations] of keys) {
      if (!key.startsWith(walk.prefix)) continue;
      const there = throughout(operations, walk);
      if (there === true && !seen.has(key)) return finding(walk, `does not show "${key}"`);
      if (there === false && seen.has(key)) return finding(walk, `shows "${key}", which was not there`);
    }
  }
  return undefined;
}

function finding(walk: Walk, what: string): Finding {
  const { client, prefix, invokedAt, completedAt } = walk;
  const times = `${invokedAt.toFixed(1)}..${completedAt.toFixed(1)}`;
  return { property: 'WalksAreWhole', detail: `${client}'s walk of "${prefix}" ${times} ${what}` };
}

/** Whether the key was there during all of the walk (true) or at no time (false); else undefined. */
function throughout(operations: readonly ClientOperation[], walk: Walk): boolean | undefined {
  const changes = operations.filter((operation) => changed(operation) !== false);
  const started = changes.filter(({ invokedAt }) => invokedAt <= walk.completedAt);
  if (started.length === 0) return false;
  const before = started.filter(({ completedAt = Infinity }) => completedAt < walk.invokedAt);
  const last = before.toSorted((a, b) => b.invokedAt - a.invokedAt)[0];
  if (last === undefined) return undefined;
  const there = last.input.type !== 'delete';
  const disturbed = started.some(
    ({ input, completedAt = Infinity }) =>
      completedAt >= last.invokedAt && (input.type === 'delete') === there,
  );
  return disturbed ? undefined : there;
}
