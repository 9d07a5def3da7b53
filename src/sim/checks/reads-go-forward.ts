// ReadsGoForward: whoever asks after an answer sees that version of the key or a newer one, and a new version
// is above all that were seen. It follows from linearizability, but it is judged in one pass and says at once
// what is wrong.
import type { ClientOperation, History } from '../history.ts';
import { byKey, changed, describeOperation, versionOf } from '../history.ts';
import type { Finding } from './finding.ts';

export function readsGoForward(history: History): Finding | undefined {
  for (const operations of byKey(history.strict).values()) {
    const answered = operations.filter(({ completedAt }) => completedAt !== undefined);
    const ends = answered.toSorted((a, b) => (a.completedAt ?? 0) - (b.completedAt ?? 0));
    let newest: ClientOperation | undefined;
    let next = 0;
    for (const operation of answered) {
      for (let end = ends[next]; (end?.completedAt ?? Infinity) < operation.invokedAt; end = ends[++next]) {
        if ((versionOf(end?.output) ?? '') > (versionOf(newest?.output) ?? '')) newest = end;
      }
      if (newest === undefined || goesForward(newest, operation)) continue;
      const lines = [describeOperation(newest), describeOperation(operation)];
      return { property: 'ReadsGoForward', detail: `"${operation.key}": ${lines.join(', then ')}`, lines };
    }
  }
  return undefined;
}

/** Whether the answer may follow one that had ended before it was asked for. */
function goesForward(before: ClientOperation, operation: ClientOperation): boolean {
  const seen = versionOf(before.output) ?? '';
  const shown = versionOf(operation.output);
  if (shown === undefined) return true;
  return changed(operation) === true ? shown > seen : shown >= seen;
}
