// ConfigurationModel: the shipped rules by which the members of an arc decide on their successors
// (core/register.ts, core/decision.ts) as atomic steps, for the enumeration. It owns the order in which a
// node calls the rules, which change.ts and segment.ts own in the real node, and what the network and the
// disks may do; it adds no rule of its own. Entries are a set of writes.
//
// A request that was sent may arrive at any later time, more than once, or never. A reply arrives with its
// request or is lost: one that arrives late finds a decision that could as well have gone on without it.
import type { Ballot, Configuration, Register } from '../core/configuration.ts';
import { sameBase, supersedes } from '../core/configuration.ts';
import type { Acceptor } from '../core/register.ts';
import * as rules from '../core/register.ts';
import { Attempts, over } from './configuration-attempts.ts';
import type { GlobalState, SharedState } from './configuration-state.ts';
import {
  contactOf,
  FRESH_ATTEMPT,
  itemOf,
  memberOf,
  nameOf,
  replaced,
  textOf,
} from './configuration-state.ts';

/** What is wrong on purpose, so that the search is seen to find it. */
export type Planted =
  | 'none'
  /** A proposal is accepted whatever was promised. */
  | 'accept-unpromised'
  /** A member that lost its memory votes as if it had not. */
  | 'vote-in-another-life'
  /** One of those that promised is not read. */
  | 'collect-from-fewer'
  /** What a member holds in another life than the one that promised is taken for all it held. */
  | 'read-another-life'
  /** Attempts of one proposer share a ballot. */
  | 'ballot-again'
  /** Whoever has promised goes on storing at the old epoch. */
  | 'serve-on'
  /** A former holder that is let go forgets which configurations are over. */
  | 'forget-the-past';

export interface Proposer {
  readonly member: number;
  /** The members of the configuration that it proposes, itself first. */
  readonly next: readonly number[];
  /** 'owner': at round 0, if it owns the configuration in force; 'prepare': with a ballot of its own. */
  readonly attempts: readonly ('owner' | 'prepare')[];
}

export interface ConfigurationModelOptions {
  readonly members: number;
  /** The first configuration. */
  readonly first: readonly number[];
  readonly proposers: readonly Proposer[];
  /** 2: the arc has two positions, and may be cut between them. */
  readonly positions: 1 | 2;
  readonly writes: number;
  readonly crashes: number;
  /** Restarts without memory. */
  readonly restarts: number;
  /** Whether replies get lost although their request arrived. */
  readonly losses: boolean;
  /** Whether holders that are none any more are let go. */
  readonly releases: boolean;
  readonly planted: Planted;
}

export interface Slot {
  readonly proposer: Proposer;
  readonly kind: 'owner' | 'prepare';
  readonly ballot: Ballot;
}

/** The label is made only where somebody wants to read it. */
export type Add = (label: () => string, next: GlobalState) => void;

export class ConfigurationModel {
  readonly options: ConfigurationModelOptions;
  readonly slots: readonly Slot[];
  readonly first: GlobalState;
  readonly #attempts: Attempts;
  /** One object for each configuration, so that they can be compared as such. */
  readonly #configurations = new Map<string, Configuration>();

  constructor(options: ConfigurationModelOptions) {
    this.options = options;
    const again = options.planted === 'ballot-again';
    this.slots = options.proposers
      .flatMap((proposer) => proposer.attempts.map((kind) => ({ proposer, kind })))
      .map(({ proposer, kind }, i) => {
        const round = kind === 'owner' ? 0 : again ? 1 : i + 1;
        return { proposer, kind, ballot: { round, id: nameOf(proposer.member) } };
      });
    this.first = this.#begin();
    this.#attempts = new Attempts(this);
  }

  get positions(): readonly number[] {
    return this.options.positions === 1 ? [0] : [0, 1];
  }

  /** Every step that is possible, with its name. */
  steps(state: GlobalState, add: Add): void {
    for (const [slot] of this.slots.entries()) this.#attempts.steps(state, slot, add);
    for (let member = 0; member < this.options.members; member++) {
      if (!itemOf(state.members, member).up) continue;
      this.#failures(state, member, add);
      this.#learning(state, member, add);
    }
    this.#writing(state, add);
  }

  self(state: GlobalState, member: number): Acceptor {
    const { birth } = itemOf(state.members, member);
    return { id: nameOf(member), birth: this.options.planted === 'vote-in-another-life' ? 1 : birth };
  }

  serves(state: GlobalState, member: number, position: number, base: Configuration): boolean {
    const register = itemOf(state.members, member).registers[position];
    if (this.options.planted === 'serve-on' && register?.promised !== undefined) {
      return rules.serves({ ...register, promised: undefined }, this.self(state, member), base);
    }
    return rules.serves(register, this.self(state, member), base);
  }

  /** Whether the member is up, in the life in which the configuration names it. */
  isSeated(state: GlobalState, configuration: Configuration, member: number): boolean {
    const { up, birth } = itemOf(state.members, member);
    return (
      up &&
      configuration.members.some((voter) => voter.contact.id === nameOf(member) && voter.birth === birth)
    );
  }

  #begin(): GlobalState {
    const { members, first, positions, writes, crashes, restarts } = this.options;
    const voters = first.map((member) => ({ contact: contactOf(member), birth: 1 }));
    const configuration = this.intern({ lineage: 'l', epoch: 1, members: voters, ancestors: [] });
    const register: Register = { configuration, promised: undefined, accepted: undefined, watermark: 0 };
    const places = Array.from({ length: positions });
    return {
      members: Array.from({ length: members }, (_, member) => ({
        up: true,
        birth: 1,
        registers: places.map(() => (first.includes(member) ? register : undefined)),
        writes: 0,
      })),
      attempts: this.slots.map(() => FRESH_ATTEMPT),
      shared: {
        writes: Array.from({ length: writes }, () => ({ base: undefined, stored: 0 })),
        decided: places.map(() => [configuration]),
        crashes,
        restarts,
      },
    };
  }

  /** The one object for a configuration. */
  intern(configuration: Configuration): Configuration {
    const name = textOf(configuration);
    const known = this.#configurations.get(name);
    if (known === undefined) this.#configurations.set(name, configuration);
    return known ?? configuration;
  }

  /** What was decided is told to a member. */
  install(state: GlobalState, member: number, position: number, configuration: Configuration): GlobalState {
    const { registers, ...rest } = itemOf(state.members, member);
    const register = rules.install(registers[position], this.self(state, member), configuration, 0);
    if (register === undefined) return state;
    const changed = { ...rest, registers: replaced(registers, position, register) };
    return { ...state, members: replaced(state.members, member, changed) };
  }

  #failures(state: GlobalState, member: number, add: Add): void {
    const { shared } = state;
    const attempts = state.attempts.map((attempt, slot) => {
      return itemOf(this.slots, slot).proposer.member === member ? over(attempt) : attempt;
    });
    const registers = this.positions.map(() => undefined);
    const { birth } = itemOf(state.members, member);
    const after = (up: boolean, change: Partial<SharedState>): GlobalState => ({
      members: replaced(state.members, member, { up, birth: up ? birth + 1 : birth, registers, writes: 0 }),
      attempts,
      shared: { ...shared, ...change },
    });
    if (shared.crashes > 0)
      add(() => `${nameOf(member)} fails`, after(false, { crashes: shared.crashes - 1 }));
    if (shared.restarts > 0) {
      add(() => `${nameOf(member)} loses its memory`, after(true, { restarts: shared.restarts - 1 }));
    }
  }

  /** A member is told of what was decided, or let go. */
  #learning(state: GlobalState, member: number, add: Add): void {
    for (const position of this.positions) {
      const known = state.shared.decided[position] ?? [];
      for (const configuration of known) {
        const named = configuration.members.some((voter) => voter.contact.id === nameOf(member));
        if (!named && itemOf(state.members, member).registers[position] === undefined) continue;
        const next = this.install(state, member, position, configuration);
        if (next !== state)
          add(() => `${nameOf(member)} is told of ${textOf(configuration)} at ${position}`, next);
      }
      if (this.options.releases) this.#release(state, member, position, add);
    }
  }

  #release(state: GlobalState, member: number, position: number, add: Add): void {
    const { registers, writes, ...rest } = itemOf(state.members, member);
    const register = registers[position];
    const latest = state.shared.decided[position]?.at(-1);
    if (register === undefined || latest === undefined) return;
    if (latest.members.some((voter) => voter.contact.id === nameOf(member))) return;
    if (!sameBase(latest, register.configuration) && !supersedes(latest, register.configuration)) return;
    const seats = latest.members.map((voter) => memberOf(voter.contact.id));
    const all = itemOf(state.members, seats[0] ?? 0).writes & this.at(1 << position);
    const complete = seats.every(
      (seat) =>
        this.serves(state, seat, position, latest) && (itemOf(state.members, seat).writes & all) === all,
    );
    if (!complete) return;
    // It keeps the name of what is in force, so that nobody can make it begin again with what is over.
    const past: Register = { configuration: latest, promised: undefined, accepted: undefined, watermark: 0 };
    const kept = this.options.planted === 'forget-the-past' ? undefined : past;
    const changed = {
      ...rest,
      registers: replaced(registers, position, kept),
      writes: writes & ~this.at(1 << position),
    };
    add(() => `${nameOf(member)} is let go`, { ...state, members: replaced(state.members, member, changed) });
  }

  /** The owner of an epoch stores a write, and so does whoever serves that epoch when it is told. */
  #writing(state: GlobalState, add: Add): void {
    const { writes } = state.shared;
    for (const [write, { base }] of writes.entries()) {
      const position = write % this.options.positions;
      const earlier = writes[write - this.options.positions];
      if (base === undefined && earlier !== undefined && earlier.base === undefined) continue;
      const bases = base === undefined ? (state.shared.decided[position] ?? []) : [base];
      for (const at of bases) {
        const voters = base === undefined ? at.members.slice(0, 1) : at.members.slice(1);
        for (const { contact } of voters) {
          const member = memberOf(contact.id);
          if (!itemOf(state.members, member).up || !this.serves(state, member, position, at)) continue;
          if (base === undefined && this.#isHeld(state, member, at)) continue;
          const one = itemOf(state.members, member);
          const stored = itemOf(writes, write).stored | (1 << member);
          const label = (): string => `${nameOf(member)} stores write ${write} at ${textOf(at)}`;
          add(label, {
            ...state,
            members: replaced(state.members, member, { ...one, writes: one.writes | (1 << write) }),
            shared: { ...state.shared, writes: replaced(writes, write, { base: at, stored }) },
          });
        }
      }
    }
  }

  /** Whether the owner acknowledges nothing more, because it has begun to have its successor decided. */
  #isHeld(state: GlobalState, member: number, base: Configuration): boolean {
    return state.attempts.some((attempt, i) => {
      const { kind, proposer } = itemOf(this.slots, i);
      return kind === 'owner' && proposer.member === member && attempt.base === base;
    });
  }

  /** The writes that stand at these positions. */
  at(positions: number): number {
    let bits = 0;
    for (let write = 0; write < this.options.writes; write++) {
      if ((positions & (1 << (write % this.options.positions))) !== 0) bits |= 1 << write;
    }
    return bits;
  }
}
