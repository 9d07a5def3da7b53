// Ring view: how members, routes and neighbours are shown to users. It owns the translation from the core's
// descriptions, and what it means for a walk of the ring to agree with itself.
import type { ExplainResult } from '../core/command.ts';
import type { Hop } from '../core/effect.ts';
import type { MemberDescription, Neighbourhood } from '../core/message.ts';
import type { Arc } from '../core/position.ts';
import { overlaps } from '../core/position.ts';
import type { Neighbours } from './events.ts';
import { type Peer, toPeer } from './peer.ts';

/** A member of the ring, as it described itself. */
export interface MemberView extends Peer {
  /** The positions it owns: (from, to]; `from === to` is the whole ring. */
  readonly arc: Arc;
  /** Whether it answers for its whole arc. */
  readonly serving: boolean;
  /** The arcs it answers for: also what the ring has given to others who have not taken it over yet. */
  readonly served: readonly Arc[];
  /** Live entries that it owns. */
  readonly entries: number;
  /** Copies that it keeps for others. */
  readonly copies: number;
  /** Undefined for a member that is alone. */
  readonly predecessor: Peer | undefined;
  /** Clockwise, nearest first; empty for a member that is alone. */
  readonly successors: readonly Peer[];
  /** Where its gateway listens, for a member that has one. */
  readonly gateway: readonly [host: string, port: number] | undefined;
  /** Arcs of its own that have fewer copies than they should. */
  readonly underReplicated: readonly Arc[];
}

export interface HopView {
  readonly peer: Peer;
  /** Milliseconds from sending to the answer, or to giving up. */
  readonly ms: number;
  readonly outcome: Hop['outcome'];
}

/** The route of a key. */
export interface Explanation {
  /** The key's own, in [0, 2**k). */
  readonly position: number;
  readonly owner: Peer;
  /** The members that should hold copies, the owner first. */
  readonly replicas: readonly Peer[];
  readonly hops: readonly HopView[];
  /** Routing requests sent, the owner's included; hedged and repeated ones are counted apart. */
  readonly requests: number;
  readonly hedges: number;
  readonly retries: number;
  readonly ms: number;
}

export function toMemberView(member: MemberDescription): MemberView {
  return {
    ...toPeer(member.self),
    arc: member.arc,
    serving: member.serving,
    served: member.served,
    entries: member.entries,
    copies: member.copies,
    ...toNeighbours(member),
    gateway: toGateway(member.gateway),
    underReplicated: member.underReplicated,
  };
}

export function toNeighbours(neighbourhood: Neighbourhood): Neighbours {
  const { predecessor, successors } = neighbourhood;
  return {
    predecessor: predecessor === undefined ? undefined : toPeer(predecessor),
    successors: successors.map(toPeer),
  };
}

export function toExplanation({ position, owner, replicas, hops, cost }: ExplainResult): Explanation {
  return {
    position,
    owner: toPeer(owner),
    replicas: replicas.map(toPeer),
    hops: hops.map(({ peer, ms, outcome }) => ({ peer: toPeer(peer), ms, outcome })),
    requests: cost.requests,
    hedges: cost.hedges,
    retries: cost.retries,
    ms: cost.ms,
  };
}

/** Whether each one's successor is the next and each one's predecessor the one before. */
export function ringAgrees(members: readonly MemberDescription[]): boolean {
  return members.every((member, index) => {
    const after = members[(index + 1) % members.length]?.self.id;
    const before = members.at(index - 1)?.self.id;
    const next = member.successors[0]?.id ?? member.self.id;
    const prev = member.predecessor?.id ?? member.self.id;
    return next === after && prev === before;
  });
}

/**
 * The first positions that two members answer for: two rings have met there, and each of the two members
 * knows only what was written in its own.
 */
export function servedTwice<Member extends Pick<MemberDescription, 'served'>>(
  members: readonly Member[],
): { readonly arc: Arc; readonly by: readonly [Member, Member] } | undefined {
  const all = members.flatMap((by) => by.served.map((arc) => ({ arc, by })));
  // The arcs of one member are apart, so where any two share a position, two that follow each other do.
  const sorted = all.toSorted((a, b) => a.arc.from - b.arc.from);
  for (const [index, one] of sorted.entries()) {
    const next = sorted[(index + 1) % sorted.length];
    if (next === undefined || next === one || !overlaps(one.arc, next.arc)) continue;
    return { arc: next.arc, by: [one.by, next.by] };
  }
  return undefined;
}

function toGateway(address: string): readonly [string, number] | undefined {
  const parts = /^\[?([^\]]+)\]?:(\d+)$/.exec(address);
  return parts?.[1] === undefined ? undefined : [parts[1], Number(parts[2])];
}
