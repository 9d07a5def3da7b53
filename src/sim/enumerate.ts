// Enumerate: every state that a set of ring rules can reach on a small circle, breadth first from a ring of
// one, with the properties checked in each: what holds here holds in every interleaving, and the first
// counterexample found is a shortest one. It owns the search, the assumption about failures and the symmetry;
// the rules are a RuleModel's, the properties RingJudge's.
//
// Symmetry: the rules see only distances on the circle, so a state and its rotations lead to the same states
// but for rotation, and one of them, the least, stands for all.
import { bitCount, RingJudge } from './ring-judge.ts';
import type { Property } from './ring-judge.ts';
import type { RuleModel } from './rule-model.ts';
import { NO_STATE, StateSet } from './state-set.ts';
import { Stepper } from './stepper.ts';

/**
 * The assumption about failures. None of them leaves a member without a live entry in its list, unless it
 * is the last member and nobody is joining it (Zave, TSE 2017, section II). Beyond that: 'none': no
 * failures. 'proof': only failures that leave r + 1 principals (section VII-B), so none while the ring is
 * that small. 'settled': also those in a smaller ring that leave only principals: nobody's list skips
 * anybody. 'growing': also any others as long as there were not r + 1 principals. 'any': all that leave
 * live entries.
 */
export type Failures = 'none' | 'proof' | 'settled' | 'growing' | 'any';

export interface EnumerationOptions {
  /** Properties to check; default all. */
  readonly properties?: readonly Property[];
  /** Which failures are looked at; default 'settled'. */
  readonly failures?: Failures;
  /** Whether rotations of a state count as one; default true. */
  readonly symmetry?: boolean;
  /** The search ends, incomplete, at so many states; default 50 million. */
  readonly statesMax?: number;
  /** The search ends at so many violations; default 1. */
  readonly violationsMax?: number;
  /** Bits for the state of one node, at most 16; default 10. */
  readonly bits?: number;
  /** Called now and then with the number of states found and expanded. */
  readonly progress?: (found: number, expanded: number) => void;
}

export interface Violation {
  readonly property: Property;
  /** The steps from the ring of one to the state, a line each. */
  readonly trace: readonly string[];
}

export interface Enumeration {
  readonly states: number;
  readonly transitions: number;
  /** States of one node that occur. */
  readonly locals: number;
  /** Whether every reachable state was looked at. */
  readonly complete: boolean;
  readonly violations: readonly Violation[];
}

const PROGRESS_EVERY = 1 << 16;

/** The search, which can also be walked over when it is done. */
export class Search<Local> {
  readonly stepper: Stepper<Local>;
  readonly judge: RingJudge;
  readonly states: StateSet;
  readonly listMax: number;
  readonly #options: EnumerationOptions;
  readonly #violations: Violation[] = [];
  readonly #state: Int32Array;
  readonly #canonical: Int32Array;
  #transitions = 0;

  constructor(model: RuleModel<Local>, options: EnumerationOptions = {}) {
    const bits = options.bits ?? 10;
    this.#options = options;
    this.listMax = model.listMax;
    this.stepper = new Stepper(model, 2 ** bits);
    this.judge = new RingJudge(model.members, this.stepper.table.facts);
    this.states = new StateSet(model.members, bits);
    this.#state = new Int32Array(model.members);
    this.#canonical = new Int32Array(model.members);
  }

  run(): Enumeration {
    const { statesMax = 50_000_000, violationsMax = 1, progress } = this.#options;
    this.#add(this.stepper.first(), NO_STATE);
    let expanded = 0;
    while (expanded < this.states.size && this.states.size < statesMax) {
      if (this.#violations.length >= violationsMax) break;
      this.#expand(expanded);
      expanded += 1;
      if (expanded % PROGRESS_EVERY === 0) progress?.(this.states.size, expanded);
    }
    return {
      states: this.states.size,
      transitions: this.#transitions,
      locals: this.stepper.table.size,
      complete: expanded === this.states.size,
      violations: this.#violations,
    };
  }

  #expand(number: number): void {
    const before = this.states.note(number);
    this.states.read(number, this.#state);
    const members = this.judge.membersOf(this.#state);
    this.stepper.steps(this.#state, members, (next, move) => {
      if (move.kind === 'failure' && !this.#mayFail(next, before)) return;
      this.#transitions += 1;
      const reached = this.#add(next, number);
      // Only failures take principals away, as far as they are needed.
      if (move.kind === 'failure' || this.states.note(reached) >= Math.min(before, this.listMax + 1)) return;
      this.#violated('SufficientPrincipals', number, reached);
    });
  }

  /** The number of a state, which is judged when it is new; with it is noted how many principals it has. */
  #add(state: Int32Array, from: number): number {
    const added = this.states.add(this.#least(state), from);
    if (added >= 0) return added;
    const number = ~added;
    const lacks = this.judge.judge(state);
    this.states.setNote(number, bitCount(this.judge.principals));
    for (const property of lacks) this.#violated(property, from, number);
    return number;
  }

  #violated(property: Property, from: number, number: number): void {
    const { properties, violationsMax = 1 } = this.#options;
    if (properties?.includes(property) === false || this.#violations.length >= violationsMax) return;
    this.#violations.push({ property, trace: this.#trace(from, number) });
  }

  #mayFail(next: Int32Array, before: number): boolean {
    const failures = this.#options.failures ?? 'settled';
    if (failures === 'none' || !this.judge.hasLiveSuccessors(next)) return false;
    const { members, underWay, principals } = this.judge;
    // Who is left alone knows nobody: nobody may be about to act on its former list.
    if (underWay !== 0 && bitCount(members) === 1) return false;
    if (failures === 'any' || bitCount(principals) > this.listMax) return true;
    return failures === 'settled' ? principals === members : failures === 'growing' && before <= this.listMax;
  }

  /** The least rotation of a state; the array is reused. */
  #least(state: Int32Array): Int32Array {
    const places = state.length;
    let best = 0;
    if (this.#options.symmetry ?? true) {
      for (let shift = 1; shift < places; shift++) {
        for (let i = 0, a = shift, b = best; i < places; i++) {
          const difference = (state[a] ?? 0) - (state[b] ?? 0);
          if (difference < 0) best = shift;
          if (difference !== 0) break;
          a = a + 1 === places ? 0 : a + 1;
          b = b + 1 === places ? 0 : b + 1;
        }
      }
    }
    for (let i = 0, at = best; i < places; i++) {
      this.#canonical[i] = state[at] ?? 0;
      at = at + 1 === places ? 0 : at + 1;
    }
    return this.#canonical;
  }

  /** The way to a state that was reached from `from`, told of one and the same circle. */
  #trace(from: number, to: number): string[] {
    const numbers = [to];
    for (let at = from; at !== NO_STATE; at = this.states.parent(at)) numbers.unshift(at);
    const target = new Int32Array(this.stepper.places);
    const lines: string[] = [];
    let current = this.stepper.first();
    for (const number of numbers.slice(1)) {
      this.states.read(number, target);
      const members = this.judge.membersOf(current);
      let line: string | undefined;
      let after = current;
      this.stepper.steps(current, members, (next, move, actor, partner) => {
        if (line !== undefined || this.#least(next).some((each, i) => each !== target[i])) return;
        after = next.slice();
        line = this.stepper.tell({ move, actor, partner }, after);
      });
      lines.push(line ?? 'no step leads on');
      current = after;
    }
    return lines;
  }
}

/** Runs the search once. */
export function enumerate<Local>(model: RuleModel<Local>, options?: EnumerationOptions): Enumeration {
  return new Search(model, options).run();
}
