// MessageModel: the shipped ring rules with every message on its way for as long as others like: a question
// is sent, answered and the answer taken in three steps, a notification in two, a join in three. It owns what
// is in flight; the steps themselves are those of ring-model.ts. A member whose question was answered counts,
// for the properties, with the list that it will have: the step happened when the other answered, and until
// it is taken nobody can read the member (Zave, TSE 2017, section III-B).
import type { Neighbourhood } from '../core/message.ts';
import type { RingState, RingStep } from '../core/ring.ts';
import * as ring from '../core/ring.ts';
import { encodeRing, Places, positionsOf } from './places.ts';
import type { Lives, Move, RuleModel } from './rule-model.ts';

export interface MessageLocal {
  /**
   * 'joining': has the list of the member before it; 'admitted': has been let in by the one behind it, and
   * does not know it yet.
   */
  readonly phase: 'out' | 'joining' | 'admitted' | 'in';
  readonly ring: RingState | undefined;
  /** The answer on its way to a member that waits. */
  readonly reply: Neighbourhood | 'pending' | 'gone' | undefined;
  /** Offsets that a notification is on its way to, as bits; it arrives even if its sender has died. */
  readonly notices: number;
}

export interface MessageModelOptions {
  readonly members: number;
  readonly listMax: number;
  /** What a node that waits to be admitted says to who reads it; 'gone' = that it is no member. */
  readonly joinersAnswer?: 'pending' | 'gone';
}

const OUT: MessageLocal = { phase: 'out', ring: undefined, reply: undefined, notices: 0 };

export class MessageModel implements RuleModel<MessageLocal> {
  readonly members: number;
  readonly listMax: number;
  readonly absent: MessageLocal = OUT;
  readonly first: MessageLocal;
  readonly #places: Places;
  readonly #joinersAnswer: 'pending' | 'gone';

  constructor(options: MessageModelOptions) {
    this.#joinersAnswer = options.joinersAnswer ?? 'pending';
    this.members = options.members;
    this.listMax = options.listMax;
    this.#places = new Places(options.members, options.listMax);
    this.first = { ...OUT, phase: 'in', ring: ring.alone(this.#places.self) };
  }

  encode({ phase, ring: state, reply, notices }: MessageLocal): string {
    const answer =
      typeof reply === 'object'
        ? `${reply.predecessor?.position ?? '-'} ${positionsOf(reply.successors).join(',')}`
        : reply;
    return `${phase} ${state === undefined ? '' : encodeRing(state)} / ${answer ?? ''} / ${notices}`;
  }

  isMember(local: MessageLocal): boolean {
    return local.phase === 'in' || local.phase === 'admitted';
  }

  isUnderWay(local: MessageLocal): boolean {
    return local.phase === 'joining' || local.reply !== undefined || local.notices !== 0;
  }

  list({ phase, ring: state, reply }: MessageLocal): readonly number[] | undefined {
    if (state === undefined) return undefined;
    // The rest of a joiner's list is replaced when it is admitted.
    if (phase === 'joining') return positionsOf(state.successors.slice(0, 1));
    return positionsOf((reply === undefined ? state : this.#taken(state, reply).state).successors);
  }

  predecessor(local: MessageLocal): number | undefined {
    return this.isMember(local) ? local.ring?.predecessor?.position : undefined;
  }

  watched(local: MessageLocal): number | undefined {
    return this.predecessor(local);
  }

  urgent(): boolean {
    return false;
  }

  alone(local: MessageLocal): Move<MessageLocal>[] {
    const out: MessageLocal = { ...OUT, notices: local.notices };
    switch (local.phase) {
      case 'out':
        return [];
      case 'joining':
        return [{ label: 'gives up joining', kind: 'repair', mine: out }];
      case 'admitted':
        return [
          { label: 'fails', kind: 'failure', mine: out },
          { label: 'is a member', kind: 'join', mine: { ...local, phase: 'in' } },
        ];
      default:
        return [{ label: 'fails', kind: 'failure', mine: out }, ...this.#turns(local)];
    }
  }

  together(local: MessageLocal, other: MessageLocal, offset: number, lives: Lives): Move<MessageLocal>[] {
    switch (local.phase) {
      case 'out':
        return this.#join(local, other, offset);
      case 'joining':
        return this.#admission(local, other, offset, lives);
      case 'admitted':
        return [];
      default:
        return this.#membership(local, other, offset, lives);
    }
  }

  /** What a member does of its own. */
  #turns(local: MessageLocal): Move<MessageLocal>[] {
    const { ring: state, reply } = local;
    if (state === undefined) return [];
    if (reply !== undefined) {
      const mine = this.#after(local, this.#taken(state, reply));
      return [{ label: 'takes the answer', kind: 'repair', mine }];
    }
    const step = ring.stabilise(state);
    return step.ask === undefined
      ? []
      : [{ label: 'asks its successor', kind: 'repair', mine: this.#after(local, step) }];
  }

  #join(local: MessageLocal, other: MessageLocal, offset: number): Move<MessageLocal>[] {
    const its = this.#read(other, offset);
    if (typeof its !== 'object') return [];
    const { self, rules } = this.#places;
    const state = ring.joined(self, this.#places.at(offset), its, rules);
    if (state === undefined) return [];
    const mine: MessageLocal = { ...local, phase: 'joining', ring: state };
    return [{ label: 'reads, to join behind,', kind: 'join', mine }];
  }

  #admission(local: MessageLocal, other: MessageLocal, offset: number, lives: Lives): Move<MessageLocal>[] {
    const state = local.ring;
    if (state?.successors[0]?.position !== offset) return [];
    const mine: MessageLocal = { ...OUT, notices: local.notices };
    const refused: Move<MessageLocal> = { label: 'is not admitted by', kind: 'join', mine };
    if (other.phase !== 'in' || other.ring === undefined) return [refused];
    const notifier = this.#places.selfFrom(offset);
    const { state: theirs, outcome } = ring.notified(other.ring, notifier);
    if (outcome === 'adopted' || outcome === 'known') {
      const told = { predecessor: undefined, successors: ring.followers(theirs) };
      const { successors } = this.#places.turned(told, offset);
      const admitted = ring.admitted(state, this.#places.at(offset), successors, this.#places.rules);
      return [
        {
          label: 'is admitted by',
          kind: 'join',
          mine: { ...local, phase: 'admitted', ring: admitted },
          theirs: { ...other, ring: theirs },
        },
      ];
    }
    if (outcome !== 'contested' || lives.theirs) return [refused];
    return [{ ...refused, theirs: { ...other, ring: ring.replaced(other.ring, notifier) } }];
  }

  #membership(local: MessageLocal, other: MessageLocal, offset: number, lives: Lives): Move<MessageLocal>[] {
    const state = local.ring;
    if (state === undefined) return [];
    const moves: Move<MessageLocal>[] = [];
    const contact = this.#places.at(offset);
    const back = 1 << (this.members - offset);
    if (state.waiting?.of.position === offset && local.reply === undefined) {
      const mine = { ...local, reply: this.#read(other, offset) };
      moves.push({ label: 'is answered by', kind: 'repair', mine });
    }
    if ((other.notices & back) !== 0) {
      const { state: next, outcome } = ring.notified(state, contact);
      const dead = outcome === 'contested' && !lives.mine;
      const mine = { ...local, ring: dead ? ring.replaced(state, contact) : next };
      const theirs = { ...other, notices: other.notices & ~back };
      moves.push({ label: 'is notified by', kind: 'repair', mine, theirs });
    }
    if (other.phase === 'in') {
      const step = ring.considered(state, contact);
      if (step.ask !== undefined) {
        moves.push({ label: 'hears of', kind: 'rumour', mine: this.#after(local, step) });
      }
    } else if (this.#mayFindDead(local, other, offset)) {
      const step = ring.dropped(state, contact.id);
      moves.push({ label: 'finds dead', kind: 'repair', mine: this.#after(local, step) });
    }
    return moves;
  }

  /** What the dead have sent arrives before their death is noticed. */
  #mayFindDead(local: MessageLocal, other: MessageLocal, offset: number): boolean {
    const { ring: state, reply } = local;
    if (state === undefined || this.#read(other, offset) !== 'gone') return false;
    if (reply !== undefined && state.waiting?.of.position === offset) return false;
    return positionsOf(state.successors).includes(offset);
  }

  /** The member after a step of the rules: an answer is kept only while it is still waited for. */
  #after(local: MessageLocal, step: RingStep): MessageLocal {
    const { state, notify } = step;
    const reply =
      state.waiting !== undefined && state.waiting === local.ring?.waiting ? local.reply : undefined;
    const notices = notify === undefined ? local.notices : local.notices | (1 << notify.position);
    return { ...local, ring: state, reply, notices };
  }

  /** The step that an answer makes. */
  #taken(state: RingState, reply: Neighbourhood | 'pending' | 'gone'): RingStep {
    const of = state.waiting?.of;
    if (of === undefined) return { state };
    if (reply === 'gone') return ring.dropped(state, of.id);
    if (reply === 'pending') return ring.postponed(state, of);
    return ring.answered(state, of, reply, this.#places.rules);
  }

  /** What the other answers when it is read. */
  #read(other: MessageLocal, offset: number): Neighbourhood | 'pending' | 'gone' {
    if (other.ring === undefined) return 'gone';
    if (other.phase !== 'in') return this.#joinersAnswer;
    return other.ring.waiting === undefined ? this.#places.turned(other.ring, offset) : 'pending';
  }
}
