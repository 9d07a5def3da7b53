// LocalTable: the states of single nodes as small numbers, with what the global properties need of each, and
// the moves of a node, each computed once by the rules and then only looked up. It owns these tables, not the
// search.
import { between } from '../core/position.ts';
import type { Move, RuleModel } from './rule-model.ts';

/** A move between numbered states. */
export interface NumberedMove {
  readonly label: string;
  readonly kind: Move<unknown>['kind'];
  readonly mine: number;
  readonly theirs: number;
}

/** What the properties of the ring need to know of a node's state. */
export interface LocalFacts {
  readonly member: boolean;
  /** Others may yet act on what it has read or said. */
  readonly underWay: boolean;
  /** Whether there is a successor list: a member's, or one that a node will have. */
  readonly listed: boolean;
  /** Offsets of the successor list. */
  readonly list: readonly number[];
  /** Offsets that the list, with the node before it, skips, as bits. */
  readonly skipped: number;
  readonly duplicates: boolean;
  readonly ordered: boolean;
  /** Offset of the predecessor; -1 where there is none. */
  readonly predecessor: number;
  /** Offset of the watched node; -1 where there is none. */
  readonly watched: number;
  readonly urgent: boolean;
  readonly text: string;
}

export class LocalTable<Local> {
  readonly facts: LocalFacts[] = [];
  readonly #model: RuleModel<Local>;
  readonly #limit: number;
  readonly #locals: Local[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #alone: (readonly NumberedMove[])[] = [];
  /** By distance and the lives of those watched, then by both states. */
  readonly #together: Map<number, readonly NumberedMove[]>[];

  constructor(model: RuleModel<Local>, limit: number) {
    this.#model = model;
    this.#limit = limit;
    this.#together = Array.from({ length: model.members * 4 }, () => new Map<number, NumberedMove[]>());
  }

  /** The number of a state, a new one if need be. */
  number(local: Local): number {
    const text = this.#model.encode(local);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#locals.length;
    if (number >= this.#limit) throw new RangeError(`more than ${this.#limit} states of one node`);
    this.#numbers.set(text, number);
    this.#locals.push(local);
    this.facts.push(this.#factsOf(local, text));
    return number;
  }

  get size(): number {
    return this.#locals.length;
  }

  local(number: number): Local {
    if (number >= this.#locals.length) throw new RangeError(`no state ${number}`);
    return this.#locals[number] as Local;
  }

  alone(number: number): readonly NumberedMove[] {
    const known = this.#alone[number];
    if (known !== undefined) return known;
    const moves = this.#numbered(this.#model.alone(this.local(number)), number, -1);
    this.#alone[number] = moves;
    return moves;
  }

  together(
    number: number,
    other: number,
    offset: number,
    mineLives: boolean,
    theirsLives: boolean,
  ): readonly NumberedMove[] {
    const table = this.#together[offset * 4 + (mineLives ? 2 : 0) + (theirsLives ? 1 : 0)];
    const key = number * this.#limit + other;
    const known = table?.get(key);
    if (known !== undefined) return known;
    const lives = { mine: mineLives, theirs: theirsLives };
    const found = this.#model.together(this.local(number), this.local(other), offset, lives);
    const moves = this.#numbered(found, number, other);
    table?.set(key, moves);
    return moves;
  }

  /** Moves that change nothing are no moves. */
  #numbered(moves: readonly Move<Local>[], number: number, other: number): NumberedMove[] {
    return moves
      .map(({ label, kind, mine, theirs }) => ({
        label,
        kind,
        mine: this.number(mine),
        theirs: theirs === undefined ? other : this.number(theirs),
      }))
      .filter((move) => move.mine !== number || move.theirs !== other);
  }

  #factsOf(local: Local, text: string): LocalFacts {
    const model = this.#model;
    const found = model.list(local);
    const list = found ?? [];
    const extended = [0, ...list];
    let skipped = 0;
    for (const [i, from] of extended.entries()) {
      const to = extended[i + 1];
      if (to === undefined) break;
      for (let place = 0; place < model.members; place++) {
        if (between(from, place, to)) skipped |= 1 << place;
      }
    }
    return {
      member: model.isMember(local),
      underWay: model.isUnderWay(local),
      listed: found !== undefined,
      list,
      skipped,
      duplicates: new Set(extended).size < extended.length,
      ordered: isOrdered(extended),
      predecessor: model.predecessor(local) ?? -1,
      watched: model.watched(local) ?? -1,
      urgent: model.urgent(local),
      text,
    };
  }
}

/**
 * Whether between(x, y, z) holds for every x, y, z that follow one another in the list, contiguous or not.
 */
function isOrdered(list: readonly number[]): boolean {
  return list.every((x, i) =>
    list.slice(i + 1).every((y, j) => list.slice(i + j + 2).every((z) => between(x, y, z))),
  );
}
