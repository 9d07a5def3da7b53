// Runs the rules of ring.ts for many members, one atomic step after another in an order drawn from a seed:
// each step reads at most one other member and changes only its own state, as in Zave's model (TSE 2017,
// section III). Deaths are known for certain, and nobody dies who is the last live entry of a list. It owns
// the order of steps and the trace; what a right state is, is in ring-properties.ts.
import type { Contact } from '../../src/core/contact.ts';
import { Random } from '../../src/core/random.ts';
import type { RingRules, RingState, RingStep } from '../../src/core/ring.ts';
import * as ring from '../../src/core/ring.ts';
import { memberAt, positionsOf } from './members.ts';

/** Something that a member was told, or has to tell, and has not been dealt with. */
interface Duty {
  readonly type: 'notify' | 'consider';
  readonly at: number;
  readonly about: Contact;
}

/** Where nothing else is asked for, how often each kind of step is drawn. */
const WEIGHTS = { join: 3, fail: 2, drop: 2, stabilise: 5, answer: 8, duty: 6 } as const;
type Action = keyof typeof WEIGHTS;
const ACTIONS = Object.entries(WEIGHTS).flatMap(([action, weight]) =>
  Array.from({ length: weight }, () => action as Action),
);

/** Enough for the two answers of a stabilisation and the news that follow from them. */
const CALM_STEPS = 24;

interface RingDriverOptions {
  readonly seed: number;
  readonly rules: RingRules;
  readonly membersMax: number;
}

export class RingDriver {
  /** What was done, last things last, for the message of a failure. */
  readonly trace: string[] = [];
  readonly #random: Random;
  readonly #options: RingDriverOptions;
  readonly #members = new Map<number, RingState>();
  readonly #lives = new Map<number, number>();
  #duties: Duty[] = [];

  constructor(options: RingDriverOptions) {
    this.#random = new Random(options.seed);
    this.#options = options;
    const first = this.#contact(this.#random.below(options.rules.size));
    this.#set(ring.alone(first));
  }

  get members(): RingState[] {
    return [...this.#members.values()];
  }

  isMember(position: number): boolean {
    return this.#members.has(position);
  }

  /** One step of any kind. */
  step(): void {
    this.#do(this.#random.pick(ACTIONS) ?? 'answer');
  }

  /** No more joins and failures: every member stabilises once, and what follows is done. */
  calmPeriod(): void {
    for (const { self } of this.members) {
      this.#stabilise(self.position);
      for (let i = 0; i < CALM_STEPS; i++) this.#do(i % 2 === 0 ? 'answer' : 'duty');
    }
  }

  describe(): string {
    return this.members
      .map(({ self, predecessor, successors, waiting }) => {
        const asked = waiting === undefined ? '' : ` asks ${waiting.of.position}`;
        const list = positionsOf(successors).join(' ');
        return `${self.position}: <${predecessor?.position ?? '-'} >${list}${asked}`;
      })
      .join('; ');
  }

  #do(action: Action): void {
    if (action === 'duty') return this.#fulfil();
    if (action === 'join') return this.#join();
    const candidates = this.members.filter(({ waiting }) => action !== 'answer' || waiting !== undefined);
    const state = this.#random.pick(candidates);
    if (state === undefined) return;
    const { position } = state.self;
    if (action === 'fail') this.#fail(position);
    else if (action === 'drop') this.#drop(state);
    else if (action === 'stabilise') this.#stabilise(position);
    else this.#answer(state);
  }

  /** The list of the predecessor is copied, and the successor admits the joiner, in one step. */
  #join(): void {
    const { rules, membersMax } = this.#options;
    const position = this.#random.below(rules.size);
    const predecessor = this.#random.pick(this.members.filter(({ waiting }) => waiting === undefined));
    if (this.#members.size >= membersMax || this.#members.has(position) || predecessor === undefined) return;
    const self = this.#contact(position);
    const state = ring.joined(self, predecessor.self, predecessor, rules);
    const successor = this.#live(state?.successors[0]);
    if (state === undefined || successor === undefined) return;
    const { state: admitting, outcome } = ring.notified(successor, self);
    if (outcome !== 'adopted') return;
    this.#note(`${position} joins behind ${predecessor.self.position}`);
    this.#adopted(successor, admitting, self);
    this.#set(state);
    this.#tell('consider', predecessor.self.position, self);
  }

  #fail(position: number): void {
    const others = this.members.filter(({ self }) => self.position !== position);
    const bearable = others.every(({ successors }) =>
      successors.some((contact) => contact.position !== position && this.#live(contact) !== undefined),
    );
    if (!bearable || others.length === 0) return;
    this.#note(`${position} fails`);
    this.#members.delete(position);
    this.#duties = this.#duties.filter(({ at }) => at !== position);
  }

  /** The failure detector has found out about a dead member in the list. */
  #drop(state: RingState): void {
    const dead = this.#random.pick(state.successors.filter((contact) => this.#live(contact) === undefined));
    if (dead === undefined) return;
    this.#note(`${state.self.position} drops ${dead.position}`);
    this.#take(ring.dropped(state, dead.id));
  }

  #stabilise(position: number): void {
    const state = this.#members.get(position);
    if (state !== undefined) this.#take(ring.stabilise(state));
  }

  /** The member that was asked answers, if it lives and may be read. */
  #answer(state: RingState): void {
    const asked = state.waiting?.of;
    if (asked === undefined) return;
    const its = this.#live(asked);
    this.#note(`${state.self.position} hears from ${asked.position}`);
    if (its === undefined) this.#take(ring.dropped(state, asked.id));
    else if (its.waiting !== undefined) this.#take(ring.postponed(state, asked));
    else this.#take(ring.answered(state, asked, its, this.#options.rules));
  }

  #fulfil(): void {
    const index = this.#random.below(this.#duties.length);
    const [duty] = this.#duties.splice(index, 1);
    const state = duty === undefined ? undefined : this.#members.get(duty.at);
    if (duty === undefined || state === undefined) return;
    this.#note(`${duty.at} ${duty.type} ${duty.about.position}`);
    if (duty.type === 'consider') this.#take(ring.considered(state, duty.about));
    else this.#notify(state, this.#live(duty.about));
  }

  /** Rectify, at `receiver`: the ping of a contested predecessor is part of the step. */
  #notify(notifier: RingState, receiver: RingState | undefined): void {
    if (receiver === undefined) return;
    const { state, outcome } = ring.notified(receiver, notifier.self);
    const { predecessor } = receiver;
    if (outcome === 'adopted') return this.#adopted(receiver, state, notifier.self);
    if (outcome !== 'contested' || predecessor === undefined) return;
    if (this.#live(predecessor) === undefined) this.#set(ring.replaced(receiver, notifier.self));
    else this.#tell('consider', notifier.self.position, predecessor);
  }

  #adopted(before: RingState, after: RingState, notifier: Contact): void {
    this.#set(after);
    if (before.predecessor !== undefined) this.#tell('consider', before.predecessor.position, notifier);
  }

  #take(step: RingStep): void {
    const { position } = step.state.self;
    this.#set(step.state);
    if (step.notify !== undefined) this.#tell('notify', position, step.notify);
    for (const contact of step.introduced ?? []) {
      if (step.introduceTo !== undefined) this.#tell('consider', step.introduceTo.position, contact);
    }
  }

  #tell(type: Duty['type'], at: number, about: Contact): void {
    const known = this.#duties.some(
      (duty) => duty.type === type && duty.at === at && duty.about.id === about.id,
    );
    if (!known && this.#members.has(at)) this.#duties.push({ type, at, about });
  }

  #set(state: RingState): void {
    this.#members.set(state.self.position, state);
  }

  /**
   * The member at the contact's position, in whatever life: one that has come back answers for its former
   * self.
   */
  #live(contact: Contact | undefined): RingState | undefined {
    return contact === undefined ? undefined : this.#members.get(contact.position);
  }

  /** A member at the position, in a new life. */
  #contact(position: number): Contact {
    const incarnation = (this.#lives.get(position) ?? 0) + 1;
    this.#lives.set(position, incarnation);
    return { ...memberAt(position), incarnation };
  }

  #note(event: string): void {
    this.trace.push(event);
  }
}
