// Wait notice: tells people on standard error what becomes of the addresses that a node waits for: that one
// is there now, or that it is up and refuses, as one of another network does. Trying again is the socket's.
import type { ChordSocket } from '../index.ts';
import { type Address, formatAddress, formatPair } from './flags.ts';
import { paintError, stderrLine } from './output.ts';

/** Each address is told of when it is connected, and before that once for each reason of being refused. */
export function tellOfWaits(node: ChordSocket, waitingFor: readonly Address[]): void {
  const waits = new Map<string, string | undefined>();
  for (const address of waitingFor) waits.set(formatAddress(address), undefined);
  node.on('refused', ({ address, direction, error }) => {
    if (direction !== 'outbound' || address === undefined) return;
    const there = formatPair(address);
    if (!waits.has(there) || waits.get(there) === error.code) return;
    waits.set(there, error.code);
    stderrLine(`${paintError('yellow', 'refused')}: ${error.message}`);
  });
  node.on('connect', ({ addr }) => {
    if (waits.delete(formatPair(addr))) stderrLine(`connected to ${formatPair(addr)}`);
  });
}
