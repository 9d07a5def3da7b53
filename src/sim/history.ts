// History: what the clients of a run asked and saw, each operation with the times of its call and of its
// answer. It owns the record, and the part of it that may be judged strictly; what is right is in checks/.
import type { HistoryOperation } from './linearizability.ts';
import type { RegisterInput, RegisterOutput } from './register.ts';

export interface ClientOperation extends HistoryOperation<RegisterInput, RegisterOutput> {
  readonly client: string;
  /** The node that it was asked of. */
  readonly node: string;
  /** Why there is no answer: its code; '' while it is under way. */
  readonly failure: string | undefined;
}

/** A walk over the keys that begin with a prefix, seen to its end. */
export interface Walk {
  readonly client: string;
  readonly prefix: string;
  readonly invokedAt: number;
  readonly completedAt: number;
  /** As they came. */
  readonly keys: readonly string[];
}

/** How an operation ended: with an answer, or with a code that leaves open whether it happened. */
export type Ending = { readonly output: RegisterOutput } | { readonly failure: string };

/**
 * With this code an operation did not begin, so it certainly had no effect: it is not part of the history.
 */
const NOT_BEGUN = 'ERR_NOT_CONNECTED';

export class History {
  readonly #operations: ClientOperation[] = [];
  readonly #open = new Map<number, number>();
  readonly walks: Walk[] = [];
  /** When an epoch was forced for the first time: from then on less is promised. */
  forcedAt: number = Infinity;
  /** How often one was. */
  forced = 0;
  #calls = 0;

  /** An operation is asked for; the number is for `end`. */
  begin(operation: Pick<ClientOperation, 'client' | 'node' | 'key' | 'input' | 'invokedAt'>): number {
    const call = ++this.#calls;
    this.#open.set(call, this.#operations.length);
    this.#operations.push({ ...operation, completedAt: undefined, output: undefined, failure: '' });
    return call;
  }

  end(call: number, at: number, ending: Ending): void {
    const index = this.#open.get(call);
    const operation = index === undefined ? undefined : this.#operations[index];
    if (index === undefined || operation === undefined) return;
    this.#open.delete(call);
    this.#operations[index] =
      'output' in ending
        ? { ...operation, completedAt: at, output: ending.output, failure: undefined }
        : { ...operation, failure: ending.failure };
  }

  /** An epoch was forced. */
  force(at: number): void {
    this.forced += 1;
    this.forcedAt = Math.min(this.forcedAt, at);
  }

  /** Everything that was begun. */
  get operations(): readonly ClientOperation[] {
    return this.#operations.filter(({ failure }) => failure !== NOT_BEGUN);
  }

  /** Of the operations, how many were answered: 0..1. */
  get shareKnown(): number {
    const { operations } = this;
    if (operations.length === 0) return 1;
    return operations.filter(({ output }) => output !== undefined).length / operations.length;
  }

  /**
   * What must be linearizable: all that was answered before an epoch was forced. What was under way then may
   * have happened; reads without an answer say nothing.
   */
  get strict(): readonly ClientOperation[] {
    const { forcedAt } = this;
    return this.operations.flatMap((operation) => {
      if (operation.invokedAt >= forcedAt) return [];
      const answered = operation.output !== undefined && (operation.completedAt ?? Infinity) < forcedAt;
      if (answered) return [operation];
      if (operation.input.type === 'get') return [];
      return [{ ...operation, completedAt: undefined, output: undefined }];
    });
  }
}

/** The operations of each key, in the order of their calls. */
export function byKey(operations: readonly ClientOperation[]): Map<string, ClientOperation[]> {
  const keys = new Map<string, ClientOperation[]>();
  for (const operation of operations) {
    const list = keys.get(operation.key);
    if (list === undefined) keys.set(operation.key, [operation]);
    else list.push(operation);
  }
  return keys;
}

/** The version that an answer tells of; undefined where it tells none. */
export function versionOf(output: RegisterOutput | undefined): string | undefined {
  return output !== undefined && 'version' in output ? output.version : undefined;
}

/** Whether the operation changed its key, for all that the answer says; undefined where that is open. */
export function changed({ input, output }: ClientOperation): boolean | undefined {
  if (input.type === 'get') return false;
  if (output === undefined) return undefined;
  if (output.type === 'deleted') return output.existed;
  return output.type === 'stored' || output.type === 'number' || output.type === 'merged';
}

/**
 * After a forced epoch a conflict, or a deletion of nothing, speaks of the side that was asked last: the
 * other may have carried out what it never got to answer.
 */
export function mayHaveChanged(operation: ClientOperation, history: History): boolean {
  const { output, completedAt = Infinity } = operation;
  const isRefused = output?.type === 'conflict' || (output?.type === 'deleted' && !output.existed);
  if (isRefused && completedAt >= history.forcedAt) return true;
  return changed(operation) !== false;
}

/** One line of a report. */
export function describeOperation(operation: ClientOperation): string {
  const { client, node, key, input, invokedAt, completedAt, output, failure } = operation;
  const end = completedAt === undefined ? '' : completedAt.toFixed(1);
  const answer = output === undefined ? `no answer ${failure ?? ''}` : text(output);
  return `${invokedAt.toFixed(1)}..${end} ${client} by ${node}: ${text(input)} "${key}" -> ${answer}`;
}

function text(value: RegisterInput | RegisterOutput): string {
  const { type, ...rest } = value;
  const fields = Object.entries(rest).map(([name, field]) => `${name}=${String(field)}`);
  return [type, ...fields].join(' ');
}
