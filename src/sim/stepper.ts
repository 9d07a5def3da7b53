// Stepper: the steps that lead from a global state, a number for the state of each place, to others. It owns
// how moves of one or two nodes change the whole, and how a state and a step are told; the moves are the
// rules', the search or the fair run decides which to take.
import { LocalTable } from './local-table.ts';
import type { LocalFacts, NumberedMove } from './local-table.ts';
import type { RuleModel } from './rule-model.ts';

/** What was done and by whom; a node alone is its own partner. */
export interface Step {
  readonly move: NumberedMove;
  readonly actor: number;
  readonly partner: number;
}

/** `next` is reused: who keeps it copies it. */
export type Visit = (next: Int32Array, move: NumberedMove, actor: number, partner: number) => void;

export class Stepper<Local> {
  readonly places: number;
  readonly table: LocalTable<Local>;
  readonly #model: RuleModel<Local>;
  readonly #next: Int32Array;

  constructor(model: RuleModel<Local>, localsMax: number) {
    this.#model = model;
    this.places = model.members;
    this.table = new LocalTable(model, localsMax);
    this.#next = new Int32Array(model.members);
  }

  /** A ring of one, at place 0. */
  first(): Int32Array {
    const state = new Int32Array(this.places).fill(this.table.number(this.#model.absent));
    state[0] = this.table.number(this.#model.first);
    return state;
  }

  /** Every step from a state whose members are given as bits. */
  steps(state: Int32Array, members: number, visit: Visit): void {
    for (let actor = 0; actor < this.places; actor++) {
      for (const move of this.table.alone(state[actor] ?? 0))
        this.#take(state, members, move, actor, actor, visit);
      for (let offset = 1; offset < this.places; offset++)
        this.stepsWith(state, members, actor, offset, visit);
    }
  }

  /** The steps of one node with the one `offset` places clockwise. */
  stepsWith(state: Int32Array, members: number, actor: number, offset: number, visit: Visit): void {
    const partner = (actor + offset) % this.places;
    for (const move of this.moves(state, members, actor, offset)) {
      this.#take(state, members, move, actor, partner, visit);
    }
  }

  moves(state: Int32Array, members: number, actor: number, offset: number): readonly NumberedMove[] {
    const partner = (actor + offset) % this.places;
    const mine = state[actor] ?? 0;
    const theirs = state[partner] ?? 0;
    const mineLives = this.#watchedLives(mine, actor, members);
    const theirsLives = this.#watchedLives(theirs, partner, members);
    return this.table.together(mine, theirs, offset, mineLives, theirsLives);
  }

  /** A line for the trace: the step, and the two nodes after it. */
  tell(step: Step, after: Int32Array): string {
    const { move, actor, partner } = step;
    const who = actor === partner ? `${actor} ${move.label}` : `${actor} ${move.label} ${partner}`;
    const shown = [...new Set([actor, partner])].map((place) => this.#describe(place, after[place] ?? 0));
    return `${who}: ${shown.join(', ')}`;
  }

  /** The members of a state, each with its neighbours. */
  describe(state: Int32Array): string {
    return [...state]
      .flatMap((number, place) => (this.#factsOf(number).member ? [this.#describe(place, number)] : []))
      .join(', ');
  }

  #watchedLives(number: number, place: number, members: number): boolean {
    const watched = this.#factsOf(number).watched;
    return watched >= 0 && (members & (1 << ((place + watched) % this.places))) !== 0;
  }

  #take(
    state: Int32Array,
    members: number,
    move: NumberedMove,
    actor: number,
    partner: number,
    visit: Visit,
  ): void {
    if (this.#factsOf(move.mine).urgent) return this.#goOn(state, members, move, actor, partner, visit);
    const next = this.#next;
    next.set(state);
    if (partner !== actor) next[partner] = move.theirs;
    next[actor] = move.mine;
    visit(next, move, actor, partner);
  }

  /** The node is in the middle of a step: what follows at once is part of it. */
  #goOn(
    state: Int32Array,
    members: number,
    move: NumberedMove,
    actor: number,
    partner: number,
    visit: Visit,
  ): void {
    const middle = state.slice();
    middle[partner] = move.theirs;
    middle[actor] = move.mine;
    for (let offset = 1; offset < this.places; offset++) {
      this.stepsWith(middle, members, actor, offset, (next, rest, _actor, other) => {
        const both = { ...rest, label: `${move.label} ${partner}, and ${rest.label}` };
        visit(next, both, actor, other);
      });
    }
  }

  #describe(place: number, number: number): string {
    const facts = this.#factsOf(number);
    if (!facts.member) return `${place} is out`;
    const at = (offset: number): number => (place + offset) % this.places;
    const predecessor = facts.predecessor < 0 ? '' : `${at(facts.predecessor)} <- `;
    return `${predecessor}${place} -> ${facts.list.map(at).join(' ')}`.trimEnd();
  }

  #factsOf(number: number): LocalFacts {
    const facts = this.table.facts[number];
    if (facts === undefined) throw new RangeError(`no state ${number}`);
    return facts;
  }
}
