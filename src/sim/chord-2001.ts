// Chord2001: the ring rules as first published (join, stabilise and notify of SIGCOMM 2001; reconcile, update
// and flush of PODC 2002, as told in Zave, CCR 2012, section 2), for the enumeration. They are here to be
// wrong: a harness that finds nothing wrong with them would find nothing wrong with ours either.
import { between } from '../core/position.ts';
import type { Lives, Move, RuleModel } from './rule-model.ts';

/** Offsets clockwise from the member itself; 0 is itself. */
export interface Member2001 {
  readonly predecessor: number | undefined;
  /** Never empty: a member that is alone is its own successor. */
  readonly successors: readonly number[];
}

/** Undefined is no member. */
export type Local2001 = Member2001 | undefined;

export class Chord2001 implements RuleModel<Local2001> {
  readonly members: number;
  readonly listMax: number;
  readonly absent: Local2001 = undefined;
  readonly first: Local2001 = { predecessor: undefined, successors: [0] };

  constructor(options: { readonly members: number; readonly listMax: number }) {
    this.members = options.members;
    this.listMax = options.listMax;
  }

  encode(local: Local2001): string {
    return local === undefined ? 'out' : `${local.predecessor ?? '-'} ${local.successors.join(',')}`;
  }

  isMember(local: Local2001): boolean {
    return local !== undefined;
  }

  isUnderWay(): boolean {
    return false;
  }

  list(local: Local2001): readonly number[] | undefined {
    return local?.successors;
  }

  predecessor(local: Local2001): number | undefined {
    return local?.predecessor;
  }

  /** Who joins takes over a successor that lives (CCR 2012, Fig. 9). */
  watched(local: Local2001): number | undefined {
    return local?.successors[0];
  }

  urgent(): boolean {
    return false;
  }

  alone(local: Local2001): Move<Local2001>[] {
    if (local === undefined) return [];
    const moves: Move<Local2001>[] = [{ label: 'fails', kind: 'failure', mine: undefined }];
    // A member that is its own successor stabilises with itself: it finds its predecessor there.
    if (local.successors[0] === 0) moves.push(...this.#stabilise(local, local, 0));
    return moves;
  }

  together(local: Local2001, other: Local2001, offset: number, lives: Lives): Move<Local2001>[] {
    if (local === undefined) return lives.theirs ? this.#join(other, offset) : [];
    const moves: Move<Local2001>[] = [];
    if (other !== undefined) {
      if (local.successors[0] === offset) moves.push(...this.#stabilise(local, other, offset));
      if (this.#seen(other.successors[0], offset) === 0) moves.push(...this.#notified(local, offset));
      return moves;
    }
    const { successors, predecessor } = local;
    if (successors[0] === offset && successors.length > 1) {
      moves.push({
        label: 'updates past',
        kind: 'repair',
        mine: { ...local, successors: successors.slice(1) },
      });
    }
    if (predecessor === offset) {
      moves.push({ label: 'flushes', kind: 'repair', mine: { ...local, predecessor: undefined } });
    }
    return moves;
  }

  /** Takes the successor of a member before it, and nothing else. */
  #join(other: Local2001, offset: number): Move<Local2001>[] {
    const head = this.#seen(other?.successors[0], offset);
    if (head === undefined || !between(offset, 0, head)) return [];
    return [{ label: 'joins behind', kind: 'join', mine: { predecessor: undefined, successors: [head] } }];
  }

  /**
   * Adopts the successor's predecessor where it is nearer, whether it lives or not; reconcile takes over the
   * successor's list.
   */
  #stabilise(local: Member2001, other: Member2001, offset: number): Move<Local2001>[] {
    const { successors } = local;
    const list = [offset, ...other.successors.map((place) => (place + offset) % this.members)];
    const reconciled = { ...local, successors: list.slice(0, this.listMax) };
    const moves: Move<Local2001>[] = [{ label: 'reconciles with', kind: 'repair', mine: reconciled }];
    const nearer = this.#seen(other.predecessor, offset);
    if (nearer !== undefined && nearer !== 0 && between(0, nearer, offset)) {
      const mine = { ...local, successors: [nearer, ...successors.slice(1)] };
      moves.push({ label: 'stabilises with', kind: 'repair', mine });
    }
    return moves;
  }

  #notified(local: Member2001, notifier: number): Move<Local2001>[] {
    const { predecessor } = local;
    if (predecessor !== undefined && !between(predecessor, notifier, 0)) return [];
    return [{ label: 'is notified by', kind: 'repair', mine: { ...local, predecessor: notifier } }];
  }

  /** An offset of the node `offset` places away, as we see it. */
  #seen(place: number | undefined, offset: number): number | undefined {
    return place === undefined ? undefined : (place + offset) % this.members;
  }
}
