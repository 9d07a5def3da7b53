// RingModel: the shipped ring rules (core/ring.ts) as atomic steps between two nodes, for the enumeration.
// It owns the order in which a node calls the rules, which membership.ts and joining.ts own in the real
// node; it adds no rule of its own. As in Zave's model a question and its answer are one step, so `waiting`
// is seen only between two questions of one stabilisation; message-model.ts takes them apart.
import type { Contact } from '../core/contact.ts';
import type { Neighbourhood } from '../core/message.ts';
import type { RingState, RingStep } from '../core/ring.ts';
import * as ring from '../core/ring.ts';
import { encodeRing, Places, positionsOf } from './places.ts';
import type { Lives, Move, RuleModel } from './rule-model.ts';

export interface RingLocal {
  /** 'joining': has read the list of the member before it, and asks the one behind it to be admitted. */
  readonly phase: 'out' | 'joining' | 'in';
  /** Seen from the node itself, which stands at 0; undefined when out. */
  readonly ring: RingState | undefined;
}

export interface RingModelOptions {
  readonly members: number;
  readonly listMax: number;
  /**
   * Whether other steps may come between a joiner's reading of the list and its admission. The proof says no;
   * the shipped joiner needs two messages.
   */
  readonly slowJoin?: boolean;
}

const OUT: RingLocal = { phase: 'out', ring: undefined };

export class RingModel implements RuleModel<RingLocal> {
  readonly members: number;
  readonly listMax: number;
  readonly absent: RingLocal = OUT;
  readonly first: RingLocal;
  readonly #places: Places;
  readonly #slowJoin: boolean;

  constructor(options: RingModelOptions) {
    this.members = options.members;
    this.listMax = options.listMax;
    this.#slowJoin = options.slowJoin ?? false;
    this.#places = new Places(options.members, options.listMax);
    this.first = { phase: 'in', ring: ring.alone(this.#places.self) };
  }

  encode(local: RingLocal): string {
    return local.ring === undefined ? local.phase : `${local.phase} ${encodeRing(local.ring)}`;
  }

  isMember(local: RingLocal): boolean {
    return local.phase === 'in';
  }

  isUnderWay(local: RingLocal): boolean {
    return local.phase === 'joining';
  }

  list(local: RingLocal): readonly number[] | undefined {
    const list = local.ring && positionsOf(local.ring.successors);
    // The rest of a joiner's list is replaced when it is admitted.
    return local.phase === 'joining' ? list?.slice(0, 1) : list;
  }

  predecessor(local: RingLocal): number | undefined {
    return local.phase === 'in' ? local.ring?.predecessor?.position : undefined;
  }

  watched(local: RingLocal): number | undefined {
    return this.predecessor(local);
  }

  urgent(local: RingLocal): boolean {
    return local.phase === 'joining' && !this.#slowJoin;
  }

  alone(local: RingLocal): readonly Move<RingLocal>[] {
    switch (local.phase) {
      case 'out':
        return [];
      case 'joining':
        return [{ label: 'gives up joining', kind: 'repair', mine: OUT }];
      default:
        return [{ label: 'fails', kind: 'failure', mine: OUT }];
    }
  }

  together(local: RingLocal, other: RingLocal, offset: number, lives: Lives): Move<RingLocal>[] {
    switch (local.phase) {
      case 'out':
        return this.#join(other, offset);
      case 'joining':
        return this.#admission(local, other, offset, lives);
      default:
        return this.#membership(local, other, offset, lives);
    }
  }

  /** Reads the list of a member before it. */
  #join(other: RingLocal, offset: number): Move<RingLocal>[] {
    const places = this.#places;
    const its = this.#read(other, offset);
    const state = its && ring.joined(places.self, places.at(offset), its, places.rules);
    if (state === undefined) return [];
    return [{ label: 'reads, to join behind,', kind: 'join', mine: { phase: 'joining', ring: state } }];
  }

  /** Asks its successor whether it may come in; what it learns then, the next attempt reads anew. */
  #admission(local: RingLocal, other: RingLocal, offset: number, lives: Lives): Move<RingLocal>[] {
    const state = local.ring;
    if (state?.successors[0]?.position !== offset) return [];
    const by = this.#places.at(offset);
    const refused: Move<RingLocal> = { label: 'is not admitted by', kind: 'join', mine: OUT };
    if (other.phase !== 'in' || other.ring === undefined) return [refused];
    const notifier = this.#places.selfFrom(offset);
    const { state: theirs, outcome } = ring.notified(other.ring, notifier);
    if (outcome === 'adopted' || outcome === 'known') {
      const told = { predecessor: undefined, successors: ring.followers(theirs) };
      const { successors } = this.#places.turned(told, offset);
      const mine: RingLocal = { phase: 'in', ring: ring.admitted(state, by, successors, this.#places.rules) };
      return [{ label: 'joins before', kind: 'join', mine, theirs: { phase: 'in', ring: theirs } }];
    }
    if (outcome !== 'contested' || lives.theirs) return [refused];
    // The other finds its predecessor dead and takes the joiner for it, which has given up meanwhile.
    return [{ ...refused, theirs: { phase: 'in', ring: ring.replaced(other.ring, notifier) } }];
  }

  #membership(local: RingLocal, other: RingLocal, offset: number, lives: Lives): Move<RingLocal>[] {
    const state = local.ring;
    if (state === undefined) return [];
    const moves: Move<RingLocal>[] = [];
    const add = (label: string, next: RingState, kind: Move<RingLocal>['kind'] = 'repair'): void => {
      moves.push({ label, kind, mine: { phase: 'in', ring: next } });
    };
    const contact = this.#places.at(offset);
    if (state.waiting?.of.position === offset) add('gets an answer of', this.#asked(state, other, offset));
    if (state.waiting === undefined && state.successors[0]?.position === offset) {
      add('stabilises with', this.#asked(ring.stabilise(state).state, other, offset));
    }
    if (other.phase !== 'in') {
      if (positionsOf(state.successors).includes(offset))
        add('finds dead', ring.dropped(state, contact.id).state);
      return moves;
    }
    const considered = ring.considered(state, contact);
    if (considered.ask !== undefined) add('hears of', this.#asked(considered.state, other, offset), 'rumour');
    if (other.ring?.successors[0]?.position === this.members - offset) {
      add('is notified by', this.#rectified(state, contact, lives.mine));
    }
    return moves;
  }

  /** The answer to the question that is open, as far as one step goes. */
  #asked(state: RingState, other: RingLocal, offset: number): RingState {
    const contact = this.#places.at(offset);
    if (other.phase !== 'in') return ring.dropped(state, contact.id).state;
    const its = this.#read(other, offset);
    const step: RingStep =
      its === undefined
        ? ring.postponed(state, contact)
        : ring.answered(state, contact, its, this.#places.rules);
    return step.state;
  }

  /** A notification, with the ping of a contested predecessor. */
  #rectified(state: RingState, notifier: Contact, predecessorLives: boolean): RingState {
    const { state: next, outcome } = ring.notified(state, notifier);
    return outcome === 'contested' && !predecessorLives ? ring.replaced(state, notifier) : next;
  }

  /** What the other answers when it is read; undefined while it is none to be read. */
  #read(other: RingLocal, offset: number): Neighbourhood | undefined {
    if (other.phase !== 'in' || other.ring === undefined || other.ring.waiting !== undefined)
      return undefined;
    return this.#places.turned(other.ring, offset);
  }
}
