// NothingLost: a key that was written, and that nobody may have deleted since, is there; and one that was
// deleted, and that nobody may have written since, is not. Judged until an epoch is forced: a forced one may
// lose what only the dead had stored.
import type { ClientOperation, History } from '../history.ts';
import { byKey, changed, describeOperation } from '../history.ts';
import type { Finding } from './finding.ts';

export function nothingLost(history: History): Finding | undefined {
  for (const operations of byKey(history.strict).values()) {
    for (const read of operations) {
      const present = shows(read);
      if (present === undefined) continue;
      const last = lastChange(operations, read);
      if (last === undefined || makes(last) === present) continue;
      const property = present ? 'DeletesStay' : 'AcknowledgedStays';
      const lines = [describeOperation(last), describeOperation(read)];
      return { property, detail: `"${read.key}": ${lines.join(', then ')}`, lines };
    }
  }
  return undefined;
}

/** Whether the answer says that there was an entry; undefined where it says nothing. */
function shows({ input, output }: ClientOperation): boolean | undefined {
  if (output === undefined || input.type !== 'get') return undefined;
  return output.type === 'value';
}

function makes({ input }: ClientOperation): boolean {
  return input.type !== 'delete';
}

/**
 * The change that the read must show: the last one that had ended before it, where no other change of the
 * opposite kind may have come between.
 */
function lastChange(
  operations: readonly ClientOperation[],
  read: ClientOperation,
): ClientOperation | undefined {
  let last: ClientOperation | undefined;
  for (const operation of operations) {
    if (changed(operation) !== true || (operation.completedAt ?? Infinity) >= read.invokedAt) continue;
    if (last === undefined || operation.invokedAt > last.invokedAt) last = operation;
  }
  if (last === undefined) return undefined;
  const since = last;
  const open = operations.some(
    (operation) =>
      changed(operation) !== false &&
      makes(operation) !== makes(since) &&
      (operation.completedAt ?? Infinity) >= since.invokedAt &&
      operation.invokedAt <= (read.completedAt ?? Infinity),
  );
  return open ? undefined : last;
}
