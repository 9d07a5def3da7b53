// Runner: what the dictionary and the views of the ring need of a node: to run commands, and its defaults
// and bounds. It owns the interface only, so that these can be tried without a socket.
import type { Command } from '../core/command.ts';
import type { CallDefaults } from './call-options.ts';
import type { RunOptions } from './driver.ts';
import type { Limits } from './limits.ts';

export interface Runner {
  readonly defaults: CallDefaults;
  readonly limits: Limits;
  /** Resolves to what the command settles with; its type belongs to the command, see command.ts. */
  run<Result>(command: Command, options: RunOptions): Promise<Result>;
}
