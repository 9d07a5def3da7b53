// Configuration: who holds the copies of an arc, at which epoch, and the ballots by which the next one is
// decided. It owns these words and their order; the rules of deciding are in register.ts.
import type { Contact } from './contact.ts';
import { lineageOf, lineagePart, type Version } from './entry.ts';
import type { Arc } from './position.ts';
import type { Random } from './random.ts';

/**
 * A member of a configuration. `birth` names the memory that votes: the incarnation in which it began. A node
 * that restarts without its memory has another one, and has no vote of its former self.
 */
export interface Voter {
  readonly contact: Contact;
  readonly birth: number;
}

/** The members that hold the copies of an arc. The first is its owner; a majority of them decides. */
export interface Configuration {
  /** Names the history that epochs count: another one begins with a ring, a forced epoch or a merge. */
  readonly lineage: string;
  /** Counts the configurations of one position; at least 1. */
  readonly epoch: number;
  readonly members: readonly Voter[];
  /**
   * Of other lineages, what it came after: who stands there, or before, follows it. Bounded, the latest
   * first.
   */
  readonly ancestors: readonly Base[];
}

/** Orders the proposals for one successor: by round, then by the proposer's id. Round 0 is the owner's. */
export interface Ballot {
  readonly round: number;
  readonly id: string;
}

/** What one member knows and has promised of every position of an arc. */
export interface Register {
  /** The newest configuration that it knows to be decided. */
  readonly configuration: Configuration;
  /** No lower ballot for the successor is accepted, and the epoch is served no more; undefined = none. */
  readonly promised: Ballot | undefined;
  /** The proposal for the successor that was accepted last. */
  readonly accepted: Proposal | undefined;
  /** Milliseconds: what is older and not known to the set was deleted and collected; 0 = nothing. */
  readonly watermark: number;
}

export interface Proposal {
  readonly ballot: Ballot;
  readonly configuration: Configuration;
}

export interface RegisterRecord {
  readonly arc: Arc;
  readonly register: Register;
}

/** Names a configuration: within a lineage only one is ever decided at an epoch of a position. */
export interface Base {
  readonly lineage: string;
  readonly epoch: number;
}

/** Only for one position: at others the same lineage and epoch may have other members. */
export function sameBase(a: Base, b: Base): boolean {
  return a.lineage === b.lineage && a.epoch === b.epoch;
}

/** Below zero where `a` is lower. */
export function compareBallots(a: Ballot, b: Ballot): number {
  if (a.round !== b.round) return a.round - b.round;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** How many of that many are a majority. */
export function majority(members: number): number {
  return Math.floor(members / 2) + 1;
}

/** The voter's place in the configuration; -1 where it is not one of it, or in another life only. */
export function seatOf(configuration: Configuration, id: string, birth: number): number {
  return configuration.members.findIndex((voter) => voter.contact.id === id && voter.birth === birth);
}

export function sameConfiguration(a: Configuration, b: Configuration): boolean {
  return sameSet(a, b) && sameBases(a.ancestors, b.ancestors);
}

/** Whether they have one name and one set, at different positions, though they may have come of others. */
export function sameSet(a: Configuration, b: Configuration): boolean {
  return sameBase(a, b) && sameVoters(a.members, b.members);
}

function sameBases(a: readonly Base[], b: readonly Base[]): boolean {
  return a.length === b.length && a.every((one, i) => sameBase(one, b[i] as Base));
}

export function sameVoters(a: readonly Voter[], b: readonly Voter[]): boolean {
  return (
    a.length === b.length &&
    a.every((voter, i) => voter.contact.id === b[i]?.contact.id && voter.birth === b[i]?.birth)
  );
}

/**
 * Lineages begin with forced epochs and with merges: who was away for more of them than this starts a merge.
 */
const ANCESTORS_MAX = 64;

/** Whether a decided configuration comes after another one of the same position. */
export function supersedes(next: Configuration, former: Base): boolean {
  if (next.lineage === former.lineage) return next.epoch > former.epoch;
  return next.ancestors.some((base) => base.lineage === former.lineage && base.epoch >= former.epoch);
}

/** A configuration that comes after all of these; `as` names it. */
export function successorOf(
  bases: readonly Configuration[],
  as: Base,
  members: readonly Voter[],
): Configuration {
  // What this history met goes before what another one did: that one's would push it out again and again.
  const [first = [], ...others] = bases.map((base) => base.ancestors);
  const ancestors = ancestorsOf([...bases, ...first, ...inTurn(others)], as.lineage);
  return { lineage: as.lineage, epoch: as.epoch, members, ancestors };
}

/** One that comes after all of these, in that lineage or in the first of theirs. */
export function nextOf(
  bases: readonly Configuration[],
  members: readonly Voter[],
  lineage: string = bases[0]?.lineage ?? '',
): Configuration {
  const epoch = 1 + Math.max(0, ...bases.map((base) => base.epoch));
  return successorOf(bases, { lineage, epoch }, members);
}

/**
 * Two that have one name and one set as one for the positions of both: it comes after what either comes
 * after. Where that is too much for some position, who stands there is read before it is let go.
 */
export function joined(a: Configuration, b: Configuration): Configuration {
  return { ...a, ancestors: ancestorsOf(inTurn([a.ancestors, b.ancestors]), a.lineage) };
}

/** As many of them as are kept, the first of each lineage first, but for one lineage. */
function ancestorsOf(all: readonly Base[], but: string): Base[] {
  const epochs = new Map<string, number>();
  for (const { lineage, epoch } of all) {
    if (lineage !== but) epochs.set(lineage, Math.max(epoch, epochs.get(lineage) ?? 0));
  }
  return [...epochs].map(([lineage, epoch]) => ({ lineage, epoch })).slice(0, ANCESTORS_MAX);
}

/** The latest of each history, then the next of each, and so on. */
function inTurn(histories: readonly (readonly Base[])[]): Base[] {
  const most = Math.max(0, ...histories.map((history) => history.length));
  return Array.from({ length: most }, (_, i) => histories.flatMap((history) => history[i] ?? [])).flat();
}

/** Of configurations of the same positions, those that no other one comes after. */
export function latest(configurations: readonly Configuration[]): Configuration[] {
  let kept: Configuration[] = [];
  for (const one of configurations) {
    if (kept.some((other) => sameBase(other, one) || supersedes(other, one))) continue;
    kept = [...kept.filter((other) => !supersedes(one, other)), one];
  }
  return kept;
}

/** A name for a new lineage: chance makes it differ from all others. It tells if a forced epoch begins it. */
export function newLineage(random: Random, forced = false): string {
  let name = '';
  for (let i = 0; i < LINEAGE_LENGTH; i++) name += random.below(36).toString(36);
  return forced ? name + FORCED : name;
}

/**
 * Whether the lineage that the version was made in may have gone on beside this configuration: an epoch was
 * forced, here or before. What it acknowledged then goes before the version, however late this one comes.
 */
export function mayHaveGoneOn({ lineage, ancestors }: Configuration, version: Version): boolean {
  const own = lineageOf(version);
  if (own === lineagePart(lineage)) return false;
  const names = [lineage, ...ancestors.map((base) => base.lineage)];
  return names.some((name) => name.endsWith(FORCED) && lineagePart(name) !== own);
}

/** 62 bits. */
const LINEAGE_LENGTH = 12;
const FORCED = '!';
