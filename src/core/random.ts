// Random: the machine's only source of chance, a small seeded generator, so that a run can be repeated
// exactly. Not for secrets. The algorithm is sfc32 (Doty-Humphrey, PractRand), which passes the usual test
// batteries.

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = (seed / 0x1_0000_0000) | 0;
    this.#c = 0x9e3779b9 | 0;
    for (let i = 0; i < 12; i++) this.#next();
  }

  /** A number in [0, 1), of 32 random bits. */
  float(): number {
    return this.#next() / 0x1_0000_0000;
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    return limit <= 0x1_0000_0000
      ? Math.floor(this.float() * limit)
      : Math.floor(((this.#next() & 0x1f_ffff) * 0x1_0000_0000 + this.#next()) * (limit / 2 ** 53));
  }

  /**
   * A number within `part` of the mean on either side, so that periodic work of many nodes does not fall
   * into step.
   */
  around(mean: number, part = 0.2): number {
    return mean * (1 - part + 2 * part * this.float());
  }

  /** One of the items; undefined of none. */
  pick<T>(items: readonly T[]): T | undefined {
    return items[this.below(items.length)];
  }

  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }
}
