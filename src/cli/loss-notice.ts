// Loss notice: tells people on standard error that a client which waits for the ring has lost the last member
// that it was connected to, and when one answers again. Trying again is the socket's.
import type { ChordSocket } from '../index.ts';
import { formatPair } from './flags.ts';
import { stderrLine } from './output.ts';

/** A client that knows other members is connected to one of them within this time: nothing to tell. */
const GRACE_MS = 1_000;

/** Call it before the client is connected; nothing is told once the signal has aborted. */
export function tellOfLosses(client: ChordSocket, signal: AbortSignal): void {
  const connected = new Set<string>();
  let isLost = false;
  let timer: NodeJS.Timeout | undefined;
  client.on('connect', (peer) => {
    clearTimeout(timer);
    connected.add(peer.id);
    if (isLost) stderrLine(`connected again, to ${formatPair(peer.addr)}`);
    isLost = false;
  });
  client.on('disconnect', (peer, reason) => {
    if (!connected.delete(peer.id) || connected.size > 0) return;
    timer = setTimeout(() => {
      if (signal.aborted) return;
      isLost = true;
      stderrLine(`no member answers (${formatPair(peer.addr)}: ${reason}); trying again until Ctrl-C`);
    }, GRACE_MS);
  });
  client.on('close', () => clearTimeout(timer));
}
