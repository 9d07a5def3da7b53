// Circle: a few named nodes under some ring rules, moved by hand: for the counterexamples of the literature,
// which name their nodes and say what each does.
import { Random } from '../../src/core/random.ts';
import type { RingState } from '../../src/core/ring.ts';
import type { Local2001 } from '../../src/sim/chord-2001.ts';
import { Chord2001 } from '../../src/sim/chord-2001.ts';
import { fairRun } from '../../src/sim/convergence.ts';
import { Search } from '../../src/sim/enumerate.ts';
import { Places } from '../../src/sim/places.ts';
import type { Property } from '../../src/sim/ring-judge.ts';
import type { RingLocal } from '../../src/sim/ring-model.ts';
import { RingModel } from '../../src/sim/ring-model.ts';
import type { RuleModel } from '../../src/sim/rule-model.ts';

/** A member as the figures draw it: its predecessor and its list. */
export interface Drawn {
  readonly predecessor: number | undefined;
  readonly successors: readonly number[];
}

type MakeLocal<Local> = (predecessor: number | undefined, successors: readonly number[]) => Local;

export class Circle<Local> {
  readonly #search: Search<Local>;
  readonly #names: readonly number[];
  readonly #state: Int32Array;

  /** `drawn` are the members at first; of `names`, in clockwise order, the others are out. */
  constructor(
    model: RuleModel<Local>,
    make: MakeLocal<Local>,
    names: readonly number[],
    drawn: Readonly<Record<number, Drawn>>,
  ) {
    this.#search = new Search(model);
    this.#names = names;
    const { table } = this.#search.stepper;
    this.#state = Int32Array.from(names, (name, place) => {
      const member = drawn[name];
      if (member === undefined) return table.number(model.absent);
      const offset = (other: number): number => (names.indexOf(other) - place + names.length) % names.length;
      const predecessor = member.predecessor === undefined ? undefined : offset(member.predecessor);
      return table.number(make(predecessor, member.successors.map(offset)));
    });
  }

  /** One step, named as the rules name it; throws where there is no such step. */
  act(actor: number, label: string, partner: number = actor): this {
    const [at, to] = [this.#place(actor), this.#place(partner)];
    let after: Int32Array | undefined;
    this.#search.stepper.steps(
      this.#state,
      this.#search.judge.membersOf(this.#state),
      (next, move, who, other) => {
        if (who === at && other === to && move.label === label) after = next.slice();
      },
    );
    if (after === undefined) throw new Error(`${actor} cannot "${label}" ${partner}: ${this.text}`);
    this.#state.set(after);
    return this;
  }

  /** Maintenance only, until nothing changes; whether the ring is ideal then. */
  settle(seed: number): boolean {
    return fairRun(this.#search, this.#state, new Random(seed)).ideal;
  }

  /** The properties that do not hold. */
  get lacks(): Property[] {
    return this.#search.judge.judge(this.#state);
  }

  get principals(): number[] {
    this.#search.judge.judge(this.#state);
    return this.#names.filter((_, place) => (this.#search.judge.principals & (1 << place)) !== 0);
  }

  list(name: number): number[] {
    const place = this.#place(name);
    const facts = this.#search.stepper.table.facts[this.#state[place] ?? 0];
    return (facts?.list ?? []).map((offset) => this.#names[(place + offset) % this.#names.length] ?? -1);
  }

  /** Every member as "predecessor <- member -> list", by places. */
  get text(): string {
    return this.#search.stepper.describe(this.#state);
  }

  #place(name: number): number {
    const place = this.#names.indexOf(name);
    if (place < 0) throw new RangeError(`there is no ${name}`);
    return place;
  }
}

export function circle2001(
  listMax: number,
  names: readonly number[],
  drawn: Readonly<Record<number, Drawn>>,
): Circle<Local2001> {
  const model = new Chord2001({ members: names.length, listMax });
  return new Circle<Local2001>(
    model,
    (predecessor, successors) => ({ predecessor, successors }),
    names,
    drawn,
  );
}

/** Under the shipped rules, where others may act while a joiner waits. */
export function circle(
  listMax: number,
  names: readonly number[],
  drawn: Readonly<Record<number, Drawn>>,
): Circle<RingLocal> {
  const places = new Places(names.length, listMax);
  const make = (predecessor: number | undefined, successors: readonly number[]): RingLocal => {
    const ring: RingState = {
      self: places.self,
      predecessor: predecessor === undefined ? undefined : places.at(predecessor),
      successors: successors.map((offset) => places.at(offset)),
      waiting: undefined,
    };
    return { phase: 'in', ring };
  };
  return new Circle(new RingModel({ members: names.length, listMax, slowJoin: true }), make, names, drawn);
}
