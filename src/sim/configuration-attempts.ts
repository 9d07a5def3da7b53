// ConfigurationAttempts: what a proposer does to have a successor decided, step by step, for the enumeration.
// It owns the order in which change.ts calls the rules (core/decision.ts), and what one answer leads to.
import type { Configuration, Register } from '../core/configuration.ts';
import { compareBallots, majority, successorOf } from '../core/configuration.ts';
import type { Decision } from '../core/decision.ts';
import * as decisions from '../core/decision.ts';
import type { Vote } from '../core/register.ts';
import * as rules from '../core/register.ts';
import type { Add, ConfigurationModel } from './configuration-model.ts';
import type { AttemptState, GlobalState } from './configuration-state.ts';
import {
  bitsOf,
  contactOf,
  FRESH_ATTEMPT,
  itemOf,
  memberOf,
  nameOf,
  replaced,
  subsetsOf,
  textOf,
  voteText,
} from './configuration-state.ts';

export class Attempts {
  readonly #model: ConfigurationModel;

  constructor(model: ConfigurationModel) {
    this.#model = model;
  }

  steps(state: GlobalState, slot: number, add: Add): void {
    const { proposer, ballot } = itemOf(this.#model.slots, slot);
    const attempt = itemOf(state.attempts, slot);
    const name = `${nameOf(proposer.member)} (round ${ballot.round})`;
    if (attempt.base === undefined) return this.#start(state, slot, name, add);
    for (const { contact } of attempt.base.members) {
      const voter = memberOf(contact.id);
      if (!itemOf(state.members, voter).up) continue;
      if (itemOf(this.#model.slots, slot).kind === 'prepare')
        this.#ask(state, slot, voter, name, 'prepare', add);
      if (attempt.accept !== undefined) this.#ask(state, slot, voter, name, 'accept', add);
    }
    if (attempt.decision?.phase === 'collecting') this.#collect(state, slot, attempt.decision, name, add);
    if (attempt.decision?.phase === 'storing') this.#store(state, slot, attempt.decision, name, add);
  }

  #start(state: GlobalState, slot: number, name: string, add: Add): void {
    const { proposer, kind, ballot } = itemOf(this.#model.slots, slot);
    const { member, next } = proposer;
    if (!itemOf(state.members, member).up || this.#isPassed(state, slot)) return;
    const masks = this.#model.options.positions === 1 ? [1] : [3, 1, 2];
    for (const positions of masks) {
      for (const base of this.#bases(state, member, positions)) {
        const owns = base.members[0]?.contact.id === nameOf(member);
        const serving = bitsOf(positions).every((position) =>
          this.#model.serves(state, member, position, base),
        );
        if (kind === 'owner' && !(owns && serving)) continue;
        const voters = next.map((one) => ({
          contact: contactOf(one),
          birth: itemOf(state.members, one).birth,
        }));
        const proposed = this.#model.intern(
          successorOf([base], { lineage: base.lineage, epoch: base.epoch + 1 }, voters),
        );
        const decision =
          kind === 'owner'
            ? decisions.beginAsOwner(base, nameOf(member), proposed)
            : decisions.begin([base], ballot, proposed);
        const attempts = state.attempts.map((attempt, i) =>
          i === slot
            ? { ...FRESH_ATTEMPT, base, positions, decision }
            : itemOf(this.#model.slots, i).proposer.member === member
              ? over(attempt)
              : attempt,
        );
        add(() => `${name} begins for ${textOf(base)} at ${bitsOf(positions).join(' ')}`, {
          ...state,
          attempts,
        });
      }
    }
  }

  /** Whether a later attempt of the proposer has begun. */
  #isPassed(state: GlobalState, slot: number): boolean {
    const { member } = itemOf(this.#model.slots, slot).proposer;
    return state.attempts.some(
      (attempt, i) =>
        i > slot && attempt.base !== undefined && itemOf(this.#model.slots, i).proposer.member === member,
    );
  }

  /** What the member takes to be in force: what its register says, or the latest that anybody decided. */
  #bases(state: GlobalState, member: number, positions: number): Set<Configuration> {
    const found = new Set<Configuration>();
    const places = bitsOf(positions);
    const [first = 0] = places;
    const own = itemOf(state.members, member).registers[first]?.configuration;
    const latest = state.shared.decided[first]?.at(-1);
    for (const base of [own, latest]) {
      if (base === undefined) continue;
      if (places.every((place) => state.shared.decided[place]?.includes(base))) found.add(base);
    }
    return found;
  }

  #ask(
    state: GlobalState,
    slot: number,
    voter: number,
    name: string,
    phase: 'prepare' | 'accept',
    add: Add,
  ): void {
    const attempt = itemOf(state.attempts, slot);
    const registers = itemOf(state.members, voter).registers.slice();
    const votes: Vote[] = [];
    let { accepted } = attempt;
    for (const position of bitsOf(attempt.positions)) {
      const { register, vote } = this.#vote(state, slot, voter, phase, registers[position]);
      registers[position] = register;
      votes.push(vote);
      if (vote.type !== 'accepted') continue;
      accepted = accepted.map((bits, i) => (i === position ? bits | (1 << voter) : bits));
    }
    const former = itemOf(state.members, voter);
    const same = registers.every((register, position) => register === former.registers[position]);
    const members = same ? state.members : replaced(state.members, voter, { ...former, registers });
    const attempts =
      accepted === attempt.accepted
        ? state.attempts
        : replaced(state.attempts, slot, { ...attempt, accepted });
    const lost = { ...state, members, attempts };
    const label = (): string =>
      `${nameOf(voter)} is asked by ${name} to ${phase}: ${votes.map(({ type }) => type).join(' ')}`;
    const { member } = itemOf(this.#model.slots, slot).proposer;
    const hears = attempt.decision !== undefined && itemOf(state.members, member).up;
    if (!hears || this.#model.options.losses) add(() => `${label()}, unheard`, lost);
    if (hears) add(label, this.#heard(lost, slot, voter, votes));
  }

  #vote(
    state: GlobalState,
    slot: number,
    voter: number,
    phase: 'prepare' | 'accept',
    register: Register | undefined,
  ): rules.Voted {
    const { base, accept } = itemOf(state.attempts, slot);
    const { ballot } = itemOf(this.#model.slots, slot);
    const self = this.#model.self(state, voter);
    if (base === undefined) return { register, vote: { type: 'unknown' } };
    const { promised, accepted } = register ?? {};
    const again = promised !== undefined && compareBallots(promised, ballot) === 0;
    if (phase === 'prepare' || accept === undefined) {
      const { register: after, vote } = rules.prepare(register, self, base, ballot);
      // The same object where it is the same, so that it need not be looked at.
      return { register: again ? register : after, vote };
    }
    const blind = this.#model.options.planted === 'accept-unpromised' && register !== undefined;
    const asked = blind ? { ...register, promised: undefined } : register;
    const { register: after, vote } = rules.accept(asked, self, base, { ballot, configuration: accept });
    const known = accepted?.configuration === accept && compareBallots(accepted.ballot, ballot) === 0;
    const same = vote.type !== 'accepted' || (again && known);
    return { register: same ? register : after, vote };
  }

  /** What a proposer does with the votes of a member; where parts of the arc differ it begins afresh. */
  #heard(state: GlobalState, slot: number, voter: number, votes: readonly Vote[]): GlobalState {
    const attempt = itemOf(state.attempts, slot);
    const { decision } = attempt;
    const [vote] = votes;
    if (decision === undefined || vote === undefined) return state;
    const ended = { ...state, attempts: replaced(state.attempts, slot, { ...attempt, decision: undefined }) };
    if (votes.some((other) => voteText(other) !== voteText(vote))) return ended;
    if (vote.type === 'outbid' || vote.type === 'elsewhere') return ended;
    if (vote.type === 'promised') {
      return this.#goOn(
        state,
        slot,
        decisions.promised(decision, 0, nameOf(voter), { ...vote, watermark: 0 }),
      );
    }
    if (vote.type === 'unknown') return state;
    return this.#goOn(state, slot, decisions.accepted(decision, 0, nameOf(voter)));
  }

  /** The attempt with what follows at once from the phase that it has come to. */
  #goOn(state: GlobalState, slot: number, decision: Decision): GlobalState {
    const attempt = itemOf(state.attempts, slot);
    const outcome = decisions.outcome(decision);
    const accept = decision.phase === 'accepting' ? outcome : attempt.accept;
    if (decision.phase !== 'decided') {
      return { ...state, attempts: replaced(state.attempts, slot, { ...attempt, accept, decision }) };
    }
    const { member } = itemOf(this.#model.slots, slot).proposer;
    const places = bitsOf(attempt.positions);
    const decided = state.shared.decided.map((known, position) =>
      places.includes(position) && !known.includes(outcome) ? [...known, outcome] : known,
    );
    const attempts = replaced(state.attempts, slot, { ...attempt, decision: undefined });
    const after = { ...state, attempts, shared: { ...state.shared, decided } };
    return places.reduce<GlobalState>(
      (now, position) => this.#model.install(now, member, position, outcome),
      after,
    );
  }

  /** Reads everything from those that promised: one step, because they store nothing at the old epoch. */
  #collect(state: GlobalState, slot: number, decision: Decision, name: string, add: Add): void {
    const { member } = itemOf(this.#model.slots, slot).proposer;
    const attempt = itemOf(state.attempts, slot);
    const base = attempt.base;
    const sources = [...decisions.promisers(decision)].map(memberOf);
    const { planted } = this.#model.options;
    const ready = (source: number): boolean =>
      planted === 'read-another-life'
        ? itemOf(state.members, source).up
        : base !== undefined && this.#model.isSeated(state, base, source);
    if (!sources.every(ready)) return;
    const read =
      planted === 'collect-from-fewer'
        ? sources.filter((source) => source !== Math.max(...sources))
        : sources;
    let { writes } = itemOf(state.members, member);
    for (const source of read)
      writes |= itemOf(state.members, source).writes & this.#model.at(attempt.positions);
    const members = replaced(state.members, member, { ...itemOf(state.members, member), writes });
    const next = sources.reduce((now, source) => decisions.collected(now, nameOf(source)), decision);
    add(() => `${name} reads ${read.map(nameOf).join(' ')}`, this.#goOn({ ...state, members }, slot, next));
  }

  /** Has a majority of the next configuration store everything, whichever it is. */
  #store(state: GlobalState, slot: number, decision: Decision, name: string, add: Add): void {
    const attempt = itemOf(state.attempts, slot);
    const { proposer } = itemOf(this.#model.slots, slot);
    const outcome = decisions.outcome(decision);
    const writes = itemOf(state.members, proposer.member).writes & this.#model.at(attempt.positions);
    const there = outcome.members.map((voter) => memberOf(voter.contact.id));
    for (const holders of subsetsOf(there, majority(there.length))) {
      if (!holders.every((holder) => this.#model.isSeated(state, outcome, holder))) continue;
      const members = state.members.map((one, i) =>
        holders.includes(i) ? { ...one, writes: one.writes | writes } : one,
      );
      const next = holders.reduce((now, holder) => decisions.stored(now, nameOf(holder)), decision);
      add(
        () => `${name} has ${holders.map(nameOf).join(' ')} store`,
        this.#goOn({ ...state, members }, slot, next),
      );
    }
  }
}

/** Answers are for nothing from now on; what was sent may still arrive. */
export function over(attempt: AttemptState): AttemptState {
  return attempt.decision === undefined ? attempt : { ...attempt, decision: undefined };
}
