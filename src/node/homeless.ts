// Homeless: commands of a client that is connected, and knows no member yet: the node that it has dialled may
// be joining at this moment, or does not answer. It owns how long such a command waits for a member, and what
// it fails with when there is none; a client without any connection fails at once, in the core.
import type { Command } from '../core/command.ts';
import type { RunOptions } from './driver.ts';
import { ChordError } from './errors.ts';

export interface HomelessView {
  /** Whether the node is closed or closing. */
  isOver(): boolean;
  /** Connections that are open. */
  connections(): number;
  /** Whether this node is a client that knows no member. */
  seeksHome(): boolean;
  /** How long a command may wait for a member, milliseconds. */
  patienceMs(): number;
  /** Ends early where the signal is aborted, or the node is closed. */
  pause(ms: number, signal: AbortSignal | undefined): Promise<void>;
  /** Runs it at once; ERR_CLOSED once the node is over. */
  run<Result>(command: Command, options: RunOptions): Promise<Result>;
}

/** Between two looks. */
const LOOK_MS = 10;

/** Whether the command can do nothing without a member; messages and joins have other ways. */
export function needsMember({ type }: Command): boolean {
  return type === 'operate' || type === 'explain' || type === 'scan' || type === 'ring' || type === 'changes';
}

/** Runs the command once a member is known. Rejects with ERR_UNREACHABLE where none comes to be known. */
export async function runOnceHome<Result>(
  view: HomelessView,
  command: Command,
  { timeoutMs, signal }: RunOptions,
): Promise<Result> {
  const begun = performance.now();
  const passed = (): number => performance.now() - begun;
  const patienceMs = Math.min(timeoutMs, view.patienceMs());
  // Without a connection, a node or a caller there is nothing to wait for; what is said of that is right.
  const waits = (): boolean =>
    view.seeksHome() && view.connections() > 0 && !view.isOver() && signal?.aborted !== true;
  while (waits()) {
    if (passed() >= patienceMs) {
      const count = view.connections() === 1 ? 'one node is' : `${view.connections()} nodes are`;
      const sentence = `${count} connected, but no member of a ring has answered within ${patienceMs} ms`;
      throw new ChordError('ERR_UNREACHABLE', sentence);
    }
    await view.pause(LOOK_MS, signal);
  }
  return view.run(command, { signal, timeoutMs: Math.max(1, Math.ceil(timeoutMs - passed())) });
}
