// StateSet: global states, packed into a few 32-bit words each, every one once and in the order of their
// discovery, with the state that each was reached from. It owns memory: about 20 bytes a state, so that tens
// of millions fit.

const LOAD_MAX = 0.6;
/** Marks an empty slot; also the parent of the first state. */
export const NO_STATE = 0xffff_ffff;

export class StateSet {
  readonly #members: number;
  readonly #bits: number;
  readonly #words: number;
  readonly #packed: Uint32Array;
  #states: Uint32Array;
  #parents: Uint32Array;
  #notes: Uint8Array;
  #slots: Uint32Array;
  #size = 0;

  /** States of `members` numbers below 2**bits each; bits at most 16. */
  constructor(members: number, bits: number) {
    this.#members = members;
    this.#bits = bits;
    this.#words = Math.ceil((members * bits) / 32);
    this.#packed = new Uint32Array(this.#words);
    this.#states = new Uint32Array(1024 * this.#words);
    this.#parents = new Uint32Array(1024);
    this.#notes = new Uint8Array(1024);
    this.#slots = new Uint32Array(4096).fill(NO_STATE);
  }

  get size(): number {
    return this.#size;
  }

  /** The number of a state; negative, ~number, for one that is new. */
  add(state: Int32Array, parent: number): number {
    this.#pack(state);
    if (this.#size >= this.#slots.length * LOAD_MAX) this.#rehash();
    let slot = this.#home(this.#packed, 0);
    for (let found = this.#slots[slot]; found !== NO_STATE; found = this.#slots[slot]) {
      if (this.#equals(found ?? 0)) return found ?? 0;
      slot = (slot + 1) & (this.#slots.length - 1);
    }
    const number = this.#size;
    this.#size += 1;
    if (number >= this.#parents.length) this.#grow();
    this.#states.set(this.#packed, number * this.#words);
    this.#parents[number] = parent;
    this.#slots[slot] = number;
    return ~number;
  }

  read(number: number, into: Int32Array): void {
    const mask = 2 ** this.#bits - 1;
    let word = number * this.#words;
    let left = 32;
    for (let i = 0; i < this.#members; i++) {
      const here = Math.min(left, this.#bits);
      let value = (this.#states[word] ?? 0) >>> (32 - left);
      left -= here;
      if (left === 0) {
        word += 1;
        left = 32;
        const rest = this.#bits - here;
        if (rest > 0) {
          value |= (this.#states[word] ?? 0) << here;
          left -= rest;
        }
      }
      into[i] = value & mask;
    }
  }

  /** The state that this one was first reached from; NO_STATE for the first. */
  parent(number: number): number {
    return this.#parents[number] ?? NO_STATE;
  }

  /** A number below 256 that is kept with the state; 0 until it is set. */
  note(number: number): number {
    return this.#notes[number] ?? 0;
  }

  setNote(number: number, note: number): void {
    this.#notes[number] = note;
  }

  #pack(state: Int32Array): void {
    const packed = this.#packed.fill(0);
    let word = 0;
    let used = 0;
    for (let i = 0; i < this.#members; i++) {
      const value = state[i] ?? 0;
      packed[word] = (packed[word] ?? 0) | (value << used);
      used += this.#bits;
      if (used < 32) continue;
      word += 1;
      used -= 32;
      if (used > 0) packed[word] = value >>> (this.#bits - used);
    }
  }

  #equals(number: number): boolean {
    const start = number * this.#words;
    for (let i = 0; i < this.#words; i++) if (this.#states[start + i] !== this.#packed[i]) return false;
    return true;
  }

  /** Mixes the words (the finaliser of MurmurHash3), so that neighbours in the state space spread out. */
  #home(words: Uint32Array, start: number): number {
    let hash = 0x9e3779b9;
    for (let i = 0; i < this.#words; i++) {
      hash = Math.imul(hash ^ (words[start + i] ?? 0), 0x85ebca6b);
      hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
      hash ^= hash >>> 16;
    }
    return (hash >>> 0) & (this.#slots.length - 1);
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2).fill(NO_STATE);
    for (let number = 0; number < this.#size; number++) {
      let slot = this.#home(this.#states, number * this.#words);
      while (this.#slots[slot] !== NO_STATE) slot = (slot + 1) & (this.#slots.length - 1);
      this.#slots[slot] = number;
    }
  }

  #grow(): void {
    const length = Math.ceil(this.#parents.length * 1.5);
    const states = new Uint32Array(length * this.#words);
    states.set(this.#states);
    const parents = new Uint32Array(length);
    parents.set(this.#parents);
    this.#states = states;
    this.#parents = parents;
    const notes = new Uint8Array(length);
    notes.set(this.#notes);
    this.#notes = notes;
  }
}
