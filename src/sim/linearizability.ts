// Linearizability: whether what clients saw of each key can be explained by operations that happened one at a
// time, each between its call and its answer. The search is Wing and Gong's (1993) with Lowe's memory of
// configurations (2017) and key by key, as in porcupine; it owns the search, a SequentialModel says what one
// key does. It is exponential at worst, so it gives up after a number of steps, and says so.
import type { Call } from './call-list.ts';
import { CallList } from './call-list.ts';

/** One operation of a history, on one key. Times are of one clock; equal times count as concurrent. */
export interface HistoryOperation<Input, Output> {
  readonly key: string;
  readonly input: Input;
  readonly invokedAt: number;
  /**
   * When its answer came; undefined while there is none: it may have happened at any time since it was
   * invoked, or may still happen, or never. An operation that certainly had no effect is left out.
   */
  readonly completedAt: number | undefined;
  /** What was answered; undefined where there was no answer, or an answer that says nothing. */
  readonly output: Output | undefined;
}

/** What one key does, one operation at a time. States are immutable. */
export interface SequentialModel<State, Input, Output> {
  readonly initial: State;
  /** The state after the operation; undefined where it cannot have that output in this state. */
  step(state: State, input: Input, output: Output | undefined): State | undefined;
  /** Equal for states that behave alike, and only for those. */
  encode(state: State): string;
}

export interface CheckOptions {
  /** Steps of the search a key; default one million, some seconds. */
  readonly stepsMax?: number;
}

/** Why a key is not linearizable. */
export interface Counterexample<Input, Output> {
  readonly key: string;
  /** All operations of the key, as they were invoked. */
  readonly operations: readonly HistoryOperation<Input, Output>[];
  /** The longest order found that explains what it holds. */
  readonly prefix: readonly HistoryOperation<Input, Output>[];
  /** The answered operations behind it: the next of them cannot be explained. */
  readonly rest: readonly HistoryOperation<Input, Output>[];
}

export interface Linearizability<Input, Output> {
  /** 'unknown': no key is known to be wrong, and the search of some was given up. */
  readonly verdict: 'linearizable' | 'violated' | 'unknown';
  readonly keys: number;
  /** Keys whose search was given up. */
  readonly undecided: readonly string[];
  /** Of the keys that are wrong, the one with the fewest operations. */
  readonly counterexample: Counterexample<Input, Output> | undefined;
}

type History<Input, Output> = readonly HistoryOperation<Input, Output>[];

const STEPS_MAX = 1_000_000;

/** Checks every key of a history. */
export function checkLinearizability<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: History<Input, Output>,
  options: CheckOptions = {},
): Linearizability<Input, Output> {
  const byKey = new Map<string, HistoryOperation<Input, Output>[]>();
  for (const operation of history) {
    const operations = byKey.get(operation.key);
    if (operations === undefined) byKey.set(operation.key, [operation]);
    else operations.push(operation);
  }
  const undecided: string[] = [];
  let counterexample: Counterexample<Input, Output> | undefined;
  for (const [key, operations] of [...byKey].toSorted((a, b) => a[1].length - b[1].length)) {
    const outcome = searchKey(model, operations, options.stepsMax ?? STEPS_MAX);
    if (outcome === 'unknown') undecided.push(key);
    if (typeof outcome !== 'object') continue;
    counterexample = { key, operations, ...outcome };
    break;
  }
  const verdict = counterexample ? 'violated' : undecided.length > 0 ? 'unknown' : 'linearizable';
  return { verdict, keys: byKey.size, undecided, counterexample };
}

/**
 * Where few are without an answer, they are best left until nothing else explains what is seen; where many
 * are, best taken in the order of time.
 */
function searchKey<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  operations: History<Input, Output>,
  stepsMax: number,
): Outcome<Input, Output> {
  const outcome = new KeySearch(model, operations, stepsMax, true).run();
  return outcome === 'unknown' ? new KeySearch(model, operations, stepsMax, false).run() : outcome;
}

type Outcome<Input, Output> =
  | 'linearizable'
  | 'unknown'
  | Pick<Counterexample<Input, Output>, 'prefix' | 'rest'>;

/** An operation that was put in order, and the state before it. */
interface Placed<State> {
  readonly call: Call;
  readonly before: State;
}

/** The search over one key. */
class KeySearch<State, Input, Output> {
  readonly #model: SequentialModel<State, Input, Output>;
  readonly #operations: History<Input, Output>;
  readonly #stepsMax: number;
  /** Those without an answer only where no other can come next. */
  readonly #answeredFirst: boolean;
  readonly #calls: CallList;
  /** Operations in order so far: what is undone when the search turns back. */
  readonly #placed: Placed<State>[] = [];
  readonly #taken: Uint32Array;
  /** Of an operation without an answer, the one before it that asks for the same; -1 = none. */
  readonly #twins: readonly number[];
  /** Configurations, sets of operations and a state, that were tried. */
  readonly #tried = new Set<string>();
  #state: State;
  #longest: readonly number[] = [];

  constructor(
    model: SequentialModel<State, Input, Output>,
    operations: History<Input, Output>,
    stepsMax: number,
    answeredFirst: boolean,
  ) {
    this.#answeredFirst = answeredFirst;
    this.#model = model;
    this.#operations = operations;
    this.#stepsMax = stepsMax;
    this.#calls = new CallList(operations);
    this.#taken = new Uint32Array(Math.ceil(operations.length / 32));
    this.#twins = twinsOf(operations);
    this.#state = model.initial;
  }

  run(): Outcome<Input, Output> {
    let call = this.#calls.first;
    let answered = this.#answeredFirst;
    for (let steps = 0; this.#calls.answersLeft > 0; steps++) {
      if (steps >= this.#stepsMax) return 'unknown';
      // An answer whose operation is not in order yet, or the end: nothing further may come before it.
      if (call === undefined || !call.isStart) {
        if (answered) {
          answered = false;
          call = this.#calls.first;
          continue;
        }
        const last = this.#turnBack();
        if (last === undefined) return this.#failure();
        call = last.next;
        answered = this.#answeredFirst && last.answer !== undefined;
      } else if (this.#isTurnOf(call, answered) && this.#place(call)) {
        call = this.#calls.first;
        answered = this.#answeredFirst;
      } else {
        call = call.next;
      }
    }
    return 'linearizable';
  }

  #isTurnOf(call: Call, answered: boolean): boolean {
    if (!this.#answeredFirst) return true;
    if (call.answer !== undefined) return answered;
    // Of those that ask for the same without an answer, the first may stand for each.
    const twin = this.#twins[call.index] ?? -1;
    return !answered && (twin === -1 || this.#isMarked(twin));
  }

  /** Puts an operation next, if it can be and the configuration is new. */
  #place(call: Call): boolean {
    const operation = this.#operations[call.index];
    if (operation === undefined) return false;
    const after = this.#model.step(this.#state, operation.input, operation.output);
    if (after === undefined) return false;
    // Without an answer and without an effect it need not have happened.
    if (this.#answeredFirst && call.answer === undefined && after === this.#state) return false;
    this.#mark(call.index);
    const configuration = `${this.#takenText()} ${this.#model.encode(after)}`;
    if (this.#tried.has(configuration)) {
      this.#mark(call.index);
      return false;
    }
    this.#tried.add(configuration);
    this.#placed.push({ call, before: this.#state });
    this.#state = after;
    this.#calls.lift(call);
    return true;
  }

  /** Takes the last operation out again; undefined where there is none. */
  #turnBack(): Call | undefined {
    if (this.#placed.length > this.#longest.length)
      this.#longest = this.#placed.map(({ call }) => call.index);
    const last = this.#placed.pop();
    if (last === undefined) return undefined;
    this.#state = last.before;
    this.#mark(last.call.index);
    this.#calls.unlift(last.call);
    return last.call;
  }

  #failure(): Pick<Counterexample<Input, Output>, 'prefix' | 'rest'> {
    const placed = new Set(this.#longest);
    const prefix = this.#longest.flatMap((index) => this.#operations[index] ?? []);
    const rest = this.#operations
      .filter((operation, index) => operation.completedAt !== undefined && !placed.has(index))
      .toSorted((a, b) => (a.completedAt ?? 0) - (b.completedAt ?? 0));
    return { prefix, rest };
  }

  #isMarked(index: number): boolean {
    return ((this.#taken[index >>> 5] ?? 0) & (1 << (index & 31))) !== 0;
  }

  /** Puts an operation into the set of those in order, or takes it out. */
  #mark(index: number): void {
    this.#taken[index >>> 5] = (this.#taken[index >>> 5] ?? 0) ^ (1 << (index & 31));
  }

  /** The set as text, without the full words it begins and the empty ones it ends with: a long history is
   * explained in order, so few are between. */
  #takenText(): string {
    const taken = this.#taken;
    let start = 0;
    while (start < taken.length && taken[start] === 0xffff_ffff) start += 1;
    let end = taken.length;
    while (end > start && taken[end - 1] === 0) end -= 1;
    return `${start}:${taken.subarray(start, end).join(',')}`;
  }
}

function twinsOf(operations: History<unknown, unknown>): number[] {
  const last = new Map<string, number>();
  const twins = operations.map(() => -1);
  const inTime = [...operations.entries()].toSorted(([, a], [, b]) => a.invokedAt - b.invokedAt);
  for (const [index, { input, completedAt }] of inTime) {
    if (completedAt !== undefined) continue;
    const text = JSON.stringify(input);
    twins[index] = last.get(text) ?? -1;
    last.set(text, index);
  }
  return twins;
}
