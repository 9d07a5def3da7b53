// Configuration: who holds the copies of an arc, at which epoch, and the ballots by which the next one is
// decided. It owns these words and their order; the rules of deciding are in register.ts.
import type { Contact } from './contact.ts';
import type { Version } from './entry.ts';
import type { Arc } from './position.ts';

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
  readonly accepted: { readonly ballot: Ballot; readonly configuration: Configuration } | undefined;
  /** Versions up to this one that the set does not know were collected; '' = none. */
  readonly watermark: Version;
}

export interface RegisterRecord {
  readonly arc: Arc;
  readonly register: Register;
}
