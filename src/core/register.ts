// Register: the rules by which the members of a configuration decide on its successor: single-decree Paxos
// (Lamport, "Paxos made simple", 2001), one instance for each configuration of each position. This file is
// the acceptor, as pure functions from a register and a request to a register and a vote; decision.ts is the
// proposer. Every rule speaks of one position, so that an arc may be cut and joined anywhere between two
// requests; registers.ts keeps the registers of a member.
//
// What holds because of these rules:
//   1. A ballot is promised and accepted only by a voter of the configuration that the request names, in the
//      life in which it became one.
//   2. Whoever promises or accepts a ballot stores nothing at the old epoch any more (`serves`): what was
//      acknowledged then is on a majority that meets every majority of promises.
//   3. A register moves to another configuration only when it is told that this one was decided.
import type { Ballot, Base, Configuration, Proposal, Register } from './configuration.ts';
import { compareBallots, sameBase, seatOf, supersedes } from './configuration.ts';

/** Who answers: a member, and the birth of its memory. */
export interface Acceptor {
  readonly id: string;
  readonly birth: number;
}

/** No lower ballot from now on. */
export interface Promised {
  readonly type: 'promised';
  /** The proposal that was accepted before, if any. */
  readonly accepted: Proposal | undefined;
  readonly watermark: number;
  /** Whether the voter has read from a disk that it is one, and has seen no decision since. */
  readonly restored: boolean;
}

export type Vote =
  | Promised
  | { readonly type: 'accepted' }
  /** A higher ballot was promised. */
  | { readonly type: 'outbid'; readonly promised: Ballot }
  /** This member stands at another configuration of the history, or remembers that it came after the base. */
  | { readonly type: 'elsewhere'; readonly configuration: Configuration }
  /** It has no register, or is no voter of that configuration. */
  | { readonly type: 'unknown' };

export interface Voted {
  readonly register: Register | undefined;
  readonly vote: Vote;
}

/** Phase 1: promises the ballot for the successor of `base`. */
export function prepare(register: Register | undefined, self: Acceptor, base: Base, ballot: Ballot): Voted {
  const refusal = refuse(register, self, base, ballot);
  if (refusal !== undefined || register === undefined) return { register, vote: refusal ?? UNKNOWN };
  const { accepted, watermark } = register;
  const vote: Promised = { type: 'promised', accepted, watermark, restored: false };
  return { register: { ...register, promised: ballot }, vote };
}

/** Phase 2: accepts the proposal for the successor of `base`. */
export function accept(
  register: Register | undefined,
  self: Acceptor,
  base: Base,
  proposal: Proposal,
): Voted {
  const { ballot } = proposal;
  const refusal = refuse(register, self, base, ballot);
  if (refusal !== undefined || register === undefined) return { register, vote: refusal ?? UNKNOWN };
  return { register: { ...register, promised: ballot, accepted: proposal }, vote: { type: 'accepted' } };
}

/** Whether the member may still store at that epoch. */
export function serves(register: Register | undefined, self: Acceptor, base: Base): boolean {
  if (register === undefined || register.promised !== undefined) return false;
  const { configuration } = register;
  return sameBase(configuration, base) && seatOf(configuration, self.id, self.birth) !== -1;
}

/**
 * The register after it is told that a configuration was decided;
 * undefined where that says nothing new to it, or where it is named in a life that it has forgotten: to vote
 * there could break a promise.
 */
export function install(
  register: Register | undefined,
  self: Acceptor,
  configuration: Configuration,
  watermark: number,
): Register | undefined {
  const named = configuration.members.find((voter) => voter.contact.id === self.id);
  if (named !== undefined && named.birth !== self.birth) return undefined;
  if (register !== undefined && !supersedes(configuration, register.configuration)) return undefined;
  // A watermark says nothing of what another lineage holds.
  const isSame = register?.configuration.lineage === configuration.lineage;
  const mark = Math.max(watermark, isSame ? register.watermark : 0);
  return { configuration, promised: undefined, accepted: undefined, watermark: mark };
}

const UNKNOWN: Vote = { type: 'unknown' };

function refuse(
  register: Register | undefined,
  self: Acceptor,
  base: Base,
  ballot: Ballot,
): Vote | undefined {
  if (register === undefined) return UNKNOWN;
  const { configuration, promised } = register;
  if (!sameBase(configuration, base)) return { type: 'elsewhere', configuration };
  if (seatOf(configuration, self.id, self.birth) === -1) return UNKNOWN;
  if (promised !== undefined && compareBallots(promised, ballot) > 0) return { type: 'outbid', promised };
  return undefined;
}
