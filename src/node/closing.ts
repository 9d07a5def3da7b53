// Closing: the end of a node, step by step: it leaves, then the links go, then the store. It owns the order,
// and how long each step is waited for: whatever hangs, a node that is told to close is closed.
import type { Command } from '../core/command.ts';
import type { DebugLog } from './debug-log.ts';
import type { RunOptions } from './driver.ts';
import { settled } from './pause.ts';

export interface ClosingView {
  readonly log: DebugLog;
  /** Of an operation: closing waits no longer than that for the others. */
  readonly timeoutMs: number;
  readonly driver: { run(command: Command, options: RunOptions): Promise<unknown>; close(): Promise<void> };
  readonly memory: { close(): Promise<void> };
  /** Opening the store and the port, where that has begun. */
  listening(): Promise<void> | undefined;
}

/** A SIGTERM has to end a process within this, and so do all steps together. */
const CLOSE_MS = 5_000;
/** The others get this long to take the entries over. */
const LEAVE_MS = 3_000;
/** A store that has not opened after this hangs, or holds much: it is closed once it has opened. */
const OPENING_MS = 1_000;

/** Once `force` is aborted, the others are not waited for. */
export async function closeDown(view: ClosingView, force: AbortSignal): Promise<void> {
  const endsAt = performance.now() + CLOSE_MS;
  if (!force.aborted) await leave(view, force);
  const listening = view.listening();
  const hasOpened = listening === undefined || (await settled(listening, OPENING_MS));
  await view.driver.close();
  const storeMs = hasOpened ? endsAt - performance.now() : 0;
  if (!(await settled(view.memory.close(), storeMs))) view.log.write('warn', 'closed before the store was');
  view.log.write('info', 'closed');
}

/**
 * Straight to the driver, because for users the node is closed already. A client, too, may hold what it could
 * not hand over when it left; where it holds nothing, this is over at once.
 */
async function leave({ driver, timeoutMs, log }: ClosingView, signal: AbortSignal): Promise<void> {
  try {
    await driver.run({ type: 'leave' }, { timeoutMs: Math.min(LEAVE_MS, timeoutMs), signal });
  } catch (error) {
    if (signal.aborted) return;
    log.write('warn', 'closed before the others had confirmed every entry', { error });
  }
}
