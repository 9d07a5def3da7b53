// Linearizable: operations on a key can be put in one order that explains every answer, each between its call
// and its answer. Judged until an epoch is forced; from then on the newest version wins (newest-wins.ts).
import type { ClientOperation, History } from '../history.ts';
import { describeOperation } from '../history.ts';
import { checkLinearizability } from '../linearizability.ts';
import { REGISTER } from '../register.ts';
import type { Finding } from './finding.ts';

/** Operations shown before and behind the place where the order ends. */
const SHOWN = 12;
/** A key has some hundred operations: a search that takes longer than this is lost in the unanswered ones. */
const STEPS_MAX = 300_000;

export interface LinearizableVerdict {
  readonly finding: Finding | undefined;
  /** Keys whose search was given up: they prove nothing. */
  readonly undecided: number;
}

export function linearizable(history: History): LinearizableVerdict {
  const result = checkLinearizability(REGISTER, history.strict, { stepsMax: STEPS_MAX });
  const undecided = result.undecided.length;
  if (result.counterexample === undefined) return { finding: undefined, undecided };
  const { key, prefix, rest } = result.counterexample;
  const lines = [
    'the end of the longest order that explains itself:',
    ...prefix.slice(-SHOWN).map((operation) => line(operation)),
    'what cannot come next:',
    ...rest.slice(0, SHOWN).map((operation) => line(operation)),
  ];
  const next = rest[0] === undefined ? '' : `; then ${line(rest[0])}`;
  const detail = `"${key}": no order explains the answers, ${prefix.length} operations are explained${next}`;
  return { finding: { property: 'Linearizable', detail, lines }, undecided };
}

function line(operation: unknown): string {
  return describeOperation(operation as ClientOperation);
}
