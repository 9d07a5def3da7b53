// CountsOnce: every increment counts once, however often it was sent: what is read is at least the sum of
// those that had been answered, and at most the sum of those that may have happened. The upper bound holds
// whatever happens to the ring; the lower one until an epoch is forced.
import type { ClientOperation, History } from '../history.ts';
import { byKey, describeOperation, mayHaveChanged } from '../history.ts';
import type { Finding } from './finding.ts';

/** Keys that are only ever counted up begin with this. */
export const COUNTER = 'counter';

export function countsOnce(history: History): Finding | undefined {
  for (const [key, operations] of byKey(history.operations)) {
    if (!key.startsWith(COUNTER)) continue;
    const writes = operations.filter((operation) => mayHaveChanged(operation, history));
    for (const operation of operations) {
      const value = shown(operation);
      if (value === undefined) continue;
      const { invokedAt, completedAt = Infinity } = operation;
      const most = sum(writes.filter((write) => write.invokedAt <= completedAt));
      const settled = writes.filter((write) => (write.completedAt ?? Infinity) < invokedAt);
      const least = completedAt < history.forcedAt ? sum(settled) : 0;
      if (value >= least && value <= most) continue;
      const detail = `"${key}" is ${value}, not ${least} to ${most}: ${describeOperation(operation)}`;
      return { property: 'CountsOnce', detail, lines: operations.map((one) => describeOperation(one)) };
    }
  }
  return undefined;
}

function shown({ output }: ClientOperation): number | undefined {
  if (output?.type === 'none') return 0;
  if (output?.type === 'value' || output?.type === 'number') return Number(output.value);
  return undefined;
}

/** Where there is no increment of its own, a set over the version that was read counts one up. */
function sum(writes: readonly ClientOperation[]): number {
  return writes.reduce((total, { input }) => total + (input.type === 'increment' ? input.by : 1), 0);
}
