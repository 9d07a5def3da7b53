// Histories of registers for tests of the linearizability checker: made from an execution in order, so that
// they are right by construction, mutated, and judged by trying every order.
import type { Random } from '../../src/core/random.ts';
import type { HistoryOperation, SequentialModel } from '../../src/sim/linearizability.ts';
import type { RegisterInput, RegisterOutput } from '../../src/sim/register.ts';

export type RegisterOperation = HistoryOperation<RegisterInput, RegisterOutput>;

export interface Executed {
  readonly keys: number;
  readonly operations: number;
  /** Mean length of an operation, in times of the mean distance between two. */
  readonly overlap: number;
}

/** A dictionary as a program would write it, to be the truth that the model is held against. */
class Dictionary {
  readonly #entries = new Map<string, { value: string; version: string }>();
  #writes = 0;

  apply(key: string, input: RegisterInput): RegisterOutput {
    const entry = this.#entries.get(key);
    switch (input.type) {
      case 'get':
        return entry === undefined ? { type: 'none' } : { type: 'value', ...entry };
      case 'delete':
        if (input.ifVersion !== undefined && entry?.version !== input.ifVersion)
          return conflict(entry?.version);
        return { type: 'deleted', existed: this.#entries.delete(key) };
      case 'set':
        if (input.ifAbsent === true && entry !== undefined) return conflict(entry.version);
        if (input.ifVersion !== undefined && entry?.version !== input.ifVersion)
          return conflict(entry?.version);
        return { type: 'stored', version: this.#write(key, input.value) };
      case 'merge': {
        const merged = merge(entry?.value, input.delta);
        if (merged === undefined) return { type: 'not-json' };
        return { type: 'merged', value: merged, version: this.#write(key, merged) };
      }
      default: {
        const number = Number(entry?.value ?? '0');
        if (Number.isNaN(number)) return { type: 'not-a-number' };
        return {
          type: 'number',
          value: number + input.by,
          version: this.#write(key, String(number + input.by)),
        };
      }
    }
  }

  #write(key: string, value: string): string {
    this.#writes += 1;
    const version = `v${this.#writes}`;
    this.#entries.set(key, { value, version });
    return version;
  }
}

/**
 * Operations that each happened at one moment between call and answer; some lost their answer after they had
 * happened, some were lost before.
 */
export function executedHistory(
  random: Random,
  { keys, operations, overlap }: Executed,
): RegisterOperation[] {
  const dictionary = new Dictionary();
  const versions = ['v0'];
  const history: RegisterOperation[] = [];
  for (let i = 0; i < operations; i++) {
    const key = `key${random.below(keys)}`;
    const input = anyInput(random, versions);
    const invokedAt = i - random.float() * overlap;
    if (random.below(20) === 0) {
      history.push({ key, input, invokedAt, completedAt: undefined, output: undefined });
      continue;
    }
    const output = dictionary.apply(key, input);
    if ('version' in output && output.version !== undefined) versions.push(output.version);
    const answered = random.below(12) > 0;
    const completedAt = answered ? i + random.float() * overlap : undefined;
    history.push({ key, input, invokedAt, completedAt, output: answered ? output : undefined });
  }
  return history;
}

/** A history with one answer taken from another operation, or made up: mostly wrong, but not always. */
export function mutated(random: Random, history: readonly RegisterOperation[]): RegisterOperation[] {
  const index = random.below(history.length);
  return history.map((operation, i) => {
    if (i !== index || operation.output === undefined) return operation;
    const other = random.pick(history)?.output ?? operation.output;
    if (random.below(2) === 0) return { ...operation, output: other };
    return {
      ...operation,
      invokedAt: operation.invokedAt + 1.5,
      completedAt: (operation.completedAt ?? 0) + 1.5,
    };
  });
}

/** Whether some order explains a history of one key, by trying all of them. */
export function explainedBySomeOrder<State>(
  model: SequentialModel<State, RegisterInput, RegisterOutput>,
  history: readonly RegisterOperation[],
): boolean {
  const extend = (state: State, left: readonly RegisterOperation[]): boolean => {
    if (left.every((operation) => operation.completedAt === undefined)) return true;
    return left.some((operation) => {
      const mayBeNext = left.every((other) => (other.completedAt ?? Infinity) >= operation.invokedAt);
      const after = mayBeNext ? model.step(state, operation.input, operation.output) : undefined;
      return (
        after !== undefined &&
        extend(
          after,
          left.filter((other) => other !== operation),
        )
      );
    });
  };
  return extend(model.initial, history);
}

function anyInput(random: Random, versions: readonly string[]): RegisterInput {
  const value = String(random.below(4));
  const ifVersion = versions[Math.max(0, versions.length - 1 - random.below(3))] ?? 'v0';
  switch (random.below(10)) {
    case 8:
      return { type: 'merge', delta: `{"b":${random.below(2)}}` };
    case 9:
      return random.below(2) === 0
        ? { type: 'set', value: '{"a":null}' }
        : { type: 'merge', delta: '{"a":1}' };
    case 0:
      return { type: 'set', value };
    case 1:
      return { type: 'set', value, ifAbsent: true };
    case 2:
      return { type: 'set', value, ifVersion };
    case 3:
      return { type: 'delete' };
    case 4:
      return { type: 'delete', ifVersion };
    case 5:
      return { type: 'increment', by: 1 + random.below(2) };
    default:
      return { type: 'get' };
  }
}

function conflict(version: string | undefined): RegisterOutput {
  return version === undefined ? { type: 'conflict' } : { type: 'conflict', version };
}

/** Written apart from the model: the members of both, those of the delta first. */
function merge(text: string | undefined, delta: string): string | undefined {
  const merged = new Map<string, unknown>();
  for (const source of [text ?? '{}', delta]) {
    if (!source.startsWith('{')) return undefined;
    for (const [name, value] of Object.entries(JSON.parse(source) as object)) merged.set(name, value);
  }
  const members = [...merged.keys()]
    .toSorted()
    .map((name) => `"${name}":${JSON.stringify(merged.get(name))}`);
  return `{${members.join()}}`;
}
