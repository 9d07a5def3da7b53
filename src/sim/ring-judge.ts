// RingJudge: Zave's properties (TSE 2017, sections II, IV and VI) of a global state, computed with bits
// because it is asked of millions of states. It owns their definitions; it knows neither rules nor steps.
import { between } from '../core/position.ts';
import type { LocalFacts } from './local-table.ts';

export const PROPERTIES: readonly [
  'OneLiveSuccessor',
  'AtLeastOneRing',
  'AtMostOneRing',
  'OrderedRing',
  'ConnectedAppendages',
  'NoDuplicates',
  'OrderedSuccessorLists',
  'SufficientPrincipals',
] = [
  'OneLiveSuccessor',
  'AtLeastOneRing',
  'AtMostOneRing',
  'OrderedRing',
  'ConnectedAppendages',
  'NoDuplicates',
  'OrderedSuccessorLists',
  'SufficientPrincipals',
];

export type Property = (typeof PROPERTIES)[number];

export class RingJudge {
  /** The members of the state that was judged last, as bits, and those that nobody's list skips. */
  members = 0;
  principals = 0;
  /** Nodes that are in the middle of something, as bits. */
  underWay = 0;
  readonly #places: number;
  readonly #facts: readonly LocalFacts[];
  /** First live entry of each member's list; -1 where none lives. */
  readonly #best: Int32Array;

  constructor(places: number, facts: readonly LocalFacts[]) {
    this.#places = places;
    this.#facts = facts;
    this.#best = new Int32Array(places);
  }

  /**
   * The properties that a state lacks. SufficientPrincipals is about a step, not a state, where the ring
   * begins with one member: see the enumeration.
   */
  judge(state: Int32Array): Property[] {
    const lacks = this.#look(state);
    const onRing = this.#onRing();
    if (this.members !== 0 && onRing === 0) lacks.push('AtLeastOneRing');
    if (!this.#isOneRing(onRing)) lacks.push('AtMostOneRing');
    if (!this.#isOrderedRing(onRing)) lacks.push('OrderedRing');
    if (!this.#reachRing(onRing)) lacks.push('ConnectedAppendages');
    return lacks;
  }

  /** Whether all members have full lists of their true successors, and their true predecessor. */
  isIdeal(state: Int32Array, listMax: number): boolean {
    this.#look(state);
    const count = bitCount(this.members);
    for (let i = 0; i < this.#places; i++) {
      const facts = this.#factsOf(state, i);
      if (!facts.member) continue;
      if (facts.list.length !== Math.min(listMax, count - 1)) return false;
      let at = 0;
      for (const offset of facts.list) {
        at = this.#nextMember(i, at);
        if (offset !== at) return false;
      }
      if (facts.predecessor !== this.#previousMember(i)) return false;
    }
    return true;
  }

  /** Whether every member's list has a live entry, or there is but one member. */
  hasLiveSuccessors(state: Int32Array): boolean {
    return !this.#look(state).includes('OneLiveSuccessor');
  }

  /** The members of a state, as bits. */
  membersOf(state: Int32Array): number {
    let members = 0;
    for (let i = 0; i < this.#places; i++) if (this.#factsOf(state, i).member) members |= 1 << i;
    return members;
  }

  #factsOf(state: Int32Array, place: number): LocalFacts {
    const facts = this.#facts[state[place] ?? 0];
    if (facts === undefined) throw new RangeError(`no state at place ${place}`);
    return facts;
  }

  #look(state: Int32Array): Property[] {
    const lacks: Property[] = [];
    const places = this.#places;
    let members = 0;
    let underWay = 0;
    let skipped = 0;
    let duplicates = false;
    let ordered = true;
    for (let i = 0; i < places; i++) {
      const facts = this.#factsOf(state, i);
      if (facts.underWay) underWay |= 1 << i;
      if (!facts.listed) continue;
      if (facts.member) members |= 1 << i;
      skipped |= (facts.skipped << i) | (facts.skipped >>> (places - i));
      if (facts.duplicates) duplicates = true;
      if (!facts.ordered) ordered = false;
    }
    this.members = members;
    this.underWay = underWay;
    this.principals = members & ~skipped;
    if (!this.#findBest(state)) lacks.push('OneLiveSuccessor');
    if (duplicates) lacks.push('NoDuplicates');
    if (!ordered) lacks.push('OrderedSuccessorLists');
    return lacks;
  }

  #findBest(state: Int32Array): boolean {
    let all = true;
    const single = (this.members & (this.members - 1)) === 0;
    for (let i = 0; i < this.#places; i++) {
      this.#best[i] = -1;
      const facts = this.#factsOf(state, i);
      if (!facts.member) continue;
      for (const offset of facts.list) {
        const place = (i + offset) % this.#places;
        if ((this.members & (1 << place)) === 0) continue;
        this.#best[i] = place;
        break;
      }
      if (this.#best[i] !== -1) continue;
      // Who lists nobody takes itself for alone, and is its own successor.
      if (single || facts.list.length === 0) this.#best[i] = i;
      else all = false;
    }
    return all;
  }

  /** Members that reach themselves, as bits. */
  #onRing(): number {
    let found = 0;
    for (let i = 0; i < this.#places; i++) if ((this.#reached(i) & (1 << i)) !== 0) found |= 1 << i;
    return found;
  }

  /** Members that are reached from a place in one step or more. */
  #reached(place: number): number {
    let reached = 0;
    for (
      let at = this.#best[place] ?? -1;
      at !== -1 && (reached & (1 << at)) === 0;
      at = this.#best[at] ?? -1
    ) {
      reached |= 1 << at;
    }
    return reached;
  }

  #isOneRing(onRing: number): boolean {
    for (let i = 0; i < this.#places; i++) {
      if ((onRing & (1 << i)) !== 0 && (this.#reached(i) & onRing) !== onRing) return false;
    }
    return true;
  }

  #isOrderedRing(onRing: number): boolean {
    for (let i = 0; i < this.#places; i++) {
      if ((onRing & (1 << i)) === 0) continue;
      const next = this.#best[i] ?? -1;
      for (let other = 0; other < this.#places; other++) {
        if ((onRing & (1 << other)) !== 0 && other !== i && other !== next && between(i, other, next))
          return false;
      }
    }
    return true;
  }

  #reachRing(onRing: number): boolean {
    for (let i = 0; i < this.#places; i++) {
      if ((this.members & (1 << i)) !== 0 && (this.#reached(i) & onRing) === 0) return false;
    }
    return true;
  }

  /** Offset of the first member behind `offset`, seen from a place. */
  #nextMember(place: number, offset: number): number {
    for (let next = offset + 1; next < this.#places; next++) {
      if ((this.members & (1 << ((place + next) % this.#places))) !== 0) return next;
    }
    return -1;
  }

  #previousMember(place: number): number {
    for (let offset = this.#places - 1; offset > 0; offset--) {
      if ((this.members & (1 << ((place + offset) % this.#places))) !== 0) return offset;
    }
    return -1;
  }
}

export function bitCount(bits: number): number {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count += 1;
  return count;
}
