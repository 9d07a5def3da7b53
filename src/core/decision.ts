// Decision: one attempt to decide the successor of one configuration, or of several where rings merge: the
// proposer of single-decree Paxos as plain data and pure functions, so that its interleavings can be
// enumerated. It owns the counting and the order of phases; change.ts sends what each phase asks for.
//
//   preparing   a majority of every base promises the ballot, and so stops serving the old epoch
//   collecting  the newest versions are read from the members of these majorities
//   storing     a majority of the next configuration has stored them
//   accepting   a majority of every base accepts the proposal: it is decided, and may serve at once
//
// That the entries are stored before the proposal is accepted means that whoever learns of a decision may
// rely on a majority of it holding everything that was acknowledged before.
import type { Ballot, Configuration, Proposal, Voter } from './configuration.ts';
import { compareBallots, majority } from './configuration.ts';
import type { Promised } from './register.ts';

export type Phase = 'preparing' | 'collecting' | 'storing' | 'accepting' | 'decided';

export interface Decision {
  readonly phase: Phase;
  readonly ballot: Ballot;
  readonly bases: readonly Configuration[];
  /** Proposed, unless a promise brings a proposal that may have been decided. */
  readonly proposed: Configuration;
  /** Ids of the voters that have answered in each phase; promises and acceptances by base. */
  readonly promised: readonly ReadonlySet<string>[];
  /** By base: those that promised and had accepted nothing before. */
  readonly blank: readonly ReadonlySet<string>[];
  readonly collected: ReadonlySet<string>;
  readonly stored: ReadonlySet<string>;
  readonly accepted: readonly ReadonlySet<string>[];
  /** By base: the accepted proposal of the highest ballot that its promises brought. */
  readonly found: readonly (Proposal | undefined)[];
  /** The highest watermark of the promises. */
  readonly watermark: number;
  /** Whether one of those that promised has not restarted since it became a voter. */
  readonly stood: boolean;
  /** A majority was given up: whoever answers must do. */
  readonly forced: boolean;
}

export function begin(
  bases: readonly Configuration[],
  ballot: Ballot,
  proposed: Configuration,
  watermark = 0,
): Decision {
  const none: ReadonlySet<string>[] = bases.map(() => new Set<string>());
  return {
    phase: 'preparing',
    ballot,
    bases,
    proposed,
    promised: none,
    blank: none,
    collected: new Set(),
    stored: new Set(),
    accepted: none,
    found: bases.map(() => undefined),
    watermark,
    stood: false,
    forced: false,
  };
}

/**
 * The owner of a configuration proposes its successor itself, at its round 0: nobody can have proposed lower,
 * it has all entries of its epoch, and it has stopped acknowledging, so that nothing has to be prepared or
 * collected.
 */
export function beginAsOwner(
  base: Configuration,
  owner: string,
  proposed: Configuration,
  watermark = 0,
): Decision {
  return advance({ ...begin([base], { round: 0, id: owner }, proposed, watermark), phase: 'storing' });
}

export function promised(
  decision: Decision,
  base: number,
  voter: string,
  { accepted: proposal, watermark, restored }: Promised,
): Decision {
  if (decision.phase !== 'preparing') return decision;
  const former = decision.found[base];
  const higher =
    proposal !== undefined && (former === undefined || compareBallots(former.ballot, proposal.ballot) < 0);
  return advance({
    ...decision,
    promised: withVoter(decision.promised, base, voter),
    blank: proposal === undefined ? withVoter(decision.blank, base, voter) : decision.blank,
    found: higher ? decision.found.map((old, i) => (i === base ? proposal : old)) : decision.found,
    watermark: Math.max(decision.watermark, watermark),
    stood: decision.stood || !restored,
  });
}

/** All that this voter holds was read. */
export function collected(decision: Decision, voter: string): Decision {
  return advance({ ...decision, collected: new Set([...decision.collected, voter]) });
}

/** This member of the next configuration holds everything. */
export function stored(decision: Decision, voter: string): Decision {
  return advance({ ...decision, stored: new Set([...decision.stored, voter]) });
}

export function accepted(decision: Decision, base: number, voter: string): Decision {
  if (decision.phase !== 'accepting') return decision;
  return advance({ ...decision, accepted: withVoter(decision.accepted, base, voter) });
}

/**
 * Goes on without a majority, from the copies left, in a lineage of its own (`onQuorumLost: 'heal'`). This is
 * where acknowledged writes can be lost.
 */
export function force(decision: Decision, proposed: Configuration): Decision {
  return advance({ ...decision, phase: 'preparing', forced: true, proposed });
}

/** Whether those who are needed to go on stay away. */
export function isBlocked(decision: Decision, gone: (voter: Voter) => boolean): boolean {
  if (decision.phase === 'storing') {
    // What may have been decided before names members that are gone.
    const { members } = outcome(decision);
    return members.filter((voter) => !gone(voter)).length < majority(members.length);
  }
  if (decision.phase !== 'preparing') return false;
  return decision.bases.every((base, i) =>
    base.members.every((voter) => decision.promised[i]?.has(voter.contact.id) === true || gone(voter)),
  );
}

/** Whether so many have lost their votes that waiting for the others would not help. */
export function isHopeless(decision: Decision, voteless: (voter: Voter) => boolean): boolean {
  if (decision.phase !== 'preparing') return false;
  return decision.bases.some(({ members }) => {
    return members.filter((voter) => !voteless(voter)).length < majority(members.length);
  });
}

/**
 * Whether the ring is not one that only begins to come back: a voter has stood here all the time, or one of
 * several bases has its majority.
 */
export function isInForce(decision: Decision): boolean {
  if (decision.phase !== 'preparing') return false;
  if (decision.stood || decision.bases.length < 2) return decision.stood;
  return decision.bases.some((base, i) => enough(decision, base, decision.promised[i]));
}

/** What this decision decides: a proposal that may have been decided before goes first. */
export function outcome(decision: Decision): Configuration {
  if (decision.forced) return decision.proposed;
  return standing(decision).find((proposal) => proposal !== undefined)?.configuration ?? decision.proposed;
}

/**
 * The proposals that may have been decided: not where so many have accepted nothing, and will not any more
 * under that ballot, that the others are no majority. Such a proposal may name members that are long gone.
 */
function standing({ bases, blank, found }: Decision): readonly (Proposal | undefined)[] {
  return bases.map(({ members }, i) => {
    const others = members.length - (blank[i]?.size ?? 0);
    return others < majority(members.length) ? undefined : found[i];
  });
}

/**
 * Of several bases one whose own successor may have been decided already: it has to be finished alone,
 * because that successor does not come after the other bases.
 */
export function unfinished(decision: Decision): number {
  if (decision.forced || decision.bases.length < 2) return -1;
  return standing(decision).findIndex((proposal) => proposal !== undefined);
}

/** Those that promised, once each, in the life in which they did. */
export function promisingVoters(decision: Decision): Voter[] {
  const voters = new Map<string, Voter>();
  for (const [i, base] of decision.bases.entries()) {
    for (const voter of base.members) {
      if (decision.promised[i]?.has(voter.contact.id) === true) voters.set(voter.contact.id, voter);
    }
  }
  return [...voters.values()];
}

/** Those that promised, and whose entries are still to be read before anything else is done. */
export function unread(decision: Decision | undefined): Voter[] {
  if (decision?.phase !== 'collecting') return [];
  return promisingVoters(decision).filter(({ contact }) => !decision.collected.has(contact.id));
}

/** The ids of the voters that promised, of all bases: whoever must be read. */
export function promisers(decision: Decision): Set<string> {
  return new Set(decision.promised.flatMap((ids) => [...ids]));
}

/** Up to when deletions may be forgotten: a watermark says nothing where several lineages come together. */
export function horizonOf({ bases, watermark }: Decision): number {
  return bases.length === 1 ? watermark : 0;
}

/** Up to this epoch whoever has read a majority holds all that came into force; 0 = of none. */
export function knownTo({ bases, forced }: Decision): number {
  const [base] = bases;
  return base !== undefined && bases.length === 1 && !forced ? base.epoch : 0;
}

/**
 * The watermark of the outcome; one belongs to its lineage. In a lineage that came after others it is at
 * least 1: so whoever was compared in it can be told from whoever was only told of it.
 */
export function watermarkOf(decision: Decision): number {
  const least = outcome(decision).ancestors.length > 0 ? 1 : 0;
  return isFresh(decision) ? least : Math.max(least, decision.watermark);
}

/** Whether the voter holds all from before the watermark, and nothing that was deleted then. */
export function isCompared(decision: Decision, id: string): boolean {
  // In a lineage that came after none, whoever was given all was made to forget what else it had.
  const isFirst = outcome(decision).ancestors.length === 0;
  const isRead = isFirst || isOwners(decision) || promisers(decision).has(id);
  return isRead && !isFresh(decision) && decision.stored.has(id);
}

/** The owner's own, who has compared its holders before. */
function isOwners({ ballot }: Decision): boolean {
  return ballot.round === 0;
}

/** Whether the lineage of the outcome begins with it: only whoever has read its bases has all. */
function isFresh(decision: Decision): boolean {
  const { lineage } = outcome(decision);
  return !isOwners(decision) && decision.bases.every((base) => base.lineage !== lineage);
}

function advance(decision: Decision): Decision {
  switch (decision.phase) {
    case 'preparing':
      return decision.bases.every((base, i) => enough(decision, base, decision.promised[i]))
        ? advance({ ...decision, phase: 'collecting' })
        : decision;
    case 'collecting':
      return [...promisers(decision)].every((id) => decision.collected.has(id))
        ? advance({ ...decision, phase: 'storing' })
        : decision;
    case 'storing': {
      const { members } = outcome(decision);
      const holders = members.filter((voter) => decision.stored.has(voter.contact.id)).length;
      return holders >= majority(members.length) ? advance({ ...decision, phase: 'accepting' }) : decision;
    }
    case 'accepting': {
      const done = decision.bases.every((base, i) =>
        decision.forced
          ? [...(decision.promised[i] ?? [])].every((id) => decision.accepted[i]?.has(id))
          : enough(decision, base, decision.accepted[i]),
      );
      return done ? { ...decision, phase: 'decided' } : decision;
    }
    default:
      return decision;
  }
}

function enough(decision: Decision, base: Configuration, ids: ReadonlySet<string> | undefined): boolean {
  return decision.forced || (ids?.size ?? 0) >= majority(base.members.length);
}

function withVoter(
  sets: readonly ReadonlySet<string>[],
  base: number,
  voter: string,
): readonly ReadonlySet<string>[] {
  return sets.map((ids, i) => (i === base ? new Set([...ids, voter]) : ids));
}
