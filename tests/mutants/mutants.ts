// Mutants: bugs of the protocol that are planted one at a time, to show that the checks can fail. It owns the
// words and the whole list; planting.ts plants them, hunt.ts hunts them, and nothing in src knows of them.
import { ENTRY_MUTANTS } from './entry-mutants.ts';
import { LOOKUP_MUTANTS } from './lookup-mutants.ts';
import { RING_MUTANTS } from './ring-mutants.ts';
import type { TrialName } from './trials.ts';

export interface Mutant {
  readonly name: string;
  /** What the bug does, in the words of who would have made it. */
  readonly why: string;
  readonly file: string;
  /** Text of the file that is there exactly once. */
  readonly find: string;
  readonly replace: string;
  readonly caughtBy: TrialName;
}

export const MUTANTS: readonly Mutant[] = [...RING_MUTANTS, ...LOOKUP_MUTANTS, ...ENTRY_MUTANTS];
