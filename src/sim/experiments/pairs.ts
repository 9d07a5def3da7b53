// Pairs: something about an ordered pair of nodes, by their indices.

export class Pairs<T> {
  readonly #rows: (Map<number, T> | undefined)[] = [];

  get(from: number, to: number): T | undefined {
    return this.#rows[from]?.get(to);
  }

  has(from: number, to: number): boolean {
    return this.#rows[from]?.has(to) ?? false;
  }

  set(from: number, to: number, value: T): void {
    (this.#rows[from] ??= new Map<number, T>()).set(to, value);
  }

  remove(from: number, to: number): void {
    this.#rows[from]?.delete(to);
  }

  /** The second of every pair that begins with this one. */
  of(from: number): number[] {
    return [...(this.#rows[from]?.keys() ?? [])];
  }
}
