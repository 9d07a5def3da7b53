// Experiment: what an experiment is given and what it hands back, and the statistics that their tables share.

export interface ExperimentOptions {
  /** First seed; further runs take the next ones. */
  readonly seed: number;
  /** A smaller version that ends in seconds. */
  readonly quick: boolean;
  /** Told now and then how far it is. */
  readonly progress: (message: string) => void;
  /** Seconds of real time since some moment, and bytes of memory in use: this layer cannot read either. */
  readonly seconds?: () => number;
  readonly memoryBytes?: () => number;
  /** Overrides of the numbers an experiment is made of: members, seeds, lookups, only. */
  readonly members?: number;
  readonly seeds?: number;
  readonly lookups?: number;
  /** Only the rows whose name has this text in it (E1, E7); each is as it is among all. */
  readonly rows?: string;
}

/** The cases whose rows are asked for, each with the seed that it has among all. */
export function chosen<T>(
  all: readonly T[],
  nameOf: (one: T) => string,
  { seed, rows = '' }: Pick<ExperimentOptions, 'seed' | 'rows'>,
): { readonly one: T; readonly name: string; readonly seed: number }[] {
  return all
    .map((one, i) => ({ one, name: nameOf(one), seed: seed + i }))
    .filter(({ name }) => name.includes(rows));
}

export type Cell = string | number;

export interface ExperimentResult {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Whether every bar of EXPERIMENTS was reached. */
  readonly passed: boolean;
  /** What was missed, and what a reader has to know of the columns. */
  readonly notes: readonly string[];
}

/** Samples of one quantity. */
export class Samples {
  #values: number[] = [];
  #sorted = true;

  add(value: number): void {
    this.#values.push(value);
    this.#sorted = false;
  }

  get count(): number {
    return this.#values.length;
  }

  get mean(): number {
    return this.#values.reduce((sum, value) => sum + value, 0) / Math.max(1, this.#values.length);
  }

  get max(): number {
    return this.at(1);
  }

  /** The value that this part of the samples does not exceed; 0 without samples. */
  at(part: number): number {
    if (!this.#sorted) this.#values.sort((a, b) => a - b);
    this.#sorted = true;
    const index = Math.min(this.#values.length - 1, Math.floor(part * this.#values.length));
    return this.#values[index] ?? 0;
  }
}

/** Rounded for a table. */
export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

export function spread(samples: Samples): string {
  return `${round(samples.at(0.01))}, ${round(samples.at(0.99))}`;
}
