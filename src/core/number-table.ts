// NumberTable: values by increasing numbers, of which most are taken out soon after they were put in:
// requests and commands under way. It is a Map for this one pattern. A Map replaces its table again and again
// while entries come and go, and each old table keeps the next one alive, with all that was in it, until a
// full collection: under load a fifth of the time went into copying what nobody needed any more.

/** Small, because a machine at rest has nothing under way, and many may live in one process. */
const LEAST_SIZE = 8;
/** A table that is smaller than this stays as it is. */
const SHRINKS_FROM = 1_024;

/** Open addressing with linear probing: consecutive numbers fall into consecutive slots. */
export class NumberTable<T> {
  /** Of the value in the same slot; 0 = the slot is free. */
  #numbers: number[] = zeros(LEAST_SIZE);
  #values: (T | undefined)[] = Array.from({ length: LEAST_SIZE });
  #mask = LEAST_SIZE - 1;
  #count = 0;

  get size(): number {
    return this.#count;
  }

  get(number: number): T | undefined {
    return this.#values[this.#slot(number)];
  }

  /** `number` is an integer above 0 that is not in the table. */
  add(number: number, value: T): void {
    if (this.#count * 2 > this.#mask) this.#resize(2 * (this.#mask + 1));
    this.#put(number, value);
    this.#count += 1;
  }

  /** Takes the value out; undefined where there is none. */
  take(number: number): T | undefined {
    let free = this.#slot(number);
    const value = this.#values[free];
    if (value === undefined) return undefined;
    this.#count -= 1;
    // What was pushed behind the slot moves up, so that no search ends too early.
    for (let i = (free + 1) & this.#mask; this.#numbers[i] !== 0; i = (i + 1) & this.#mask) {
      const other = this.#numbers[i] ?? 0;
      const wanted = this.#home(other);
      if (((i - wanted) & this.#mask) < ((i - free) & this.#mask)) continue;
      this.#numbers[free] = other;
      this.#values[free] = this.#values[i];
      free = i;
    }
    this.#numbers[free] = 0;
    this.#values[free] = undefined;
    if (this.#mask >= SHRINKS_FROM && this.#count * 16 < this.#mask) this.#resize((this.#mask + 1) / 4);
    return value;
  }

  /** In the order of their numbers. */
  entries(): [number: number, value: T][] {
    const entries: [number, T][] = [];
    for (const [i, value] of this.#values.entries()) {
      if (value !== undefined) entries.push([this.#numbers[i] ?? 0, value]);
    }
    return entries.toSorted(([a], [b]) => a - b);
  }

  /** Where the number is, or the free slot where it would be. */
  #slot(number: number): number {
    let i = this.#home(number);
    while (this.#numbers[i] !== number && this.#numbers[i] !== 0) i = (i + 1) & this.#mask;
    return i;
  }

  /** Bit operations take the low 32 bits of a number, whatever its size. */
  #home(number: number): number {
    return number & this.#mask;
  }

  #put(number: number, value: T): void {
    const slot = this.#slot(number);
    this.#numbers[slot] = number;
    this.#values[slot] = value;
  }

  #resize(size: number): void {
    const [numbers, values] = [this.#numbers, this.#values];
    this.#numbers = zeros(size);
    this.#values = Array.from({ length: size });
    this.#mask = size - 1;
    for (let i = 0; i < numbers.length; i++) {
      const value = values[i];
      if (value !== undefined) this.#put(numbers[i] ?? 0, value);
    }
  }
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}
