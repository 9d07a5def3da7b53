// What a change needs of whoever began it, and what it tells in the end. It owns these words; change.ts uses
// them.
import type { Configuration, Voter } from './configuration.ts';
import type { Contact } from './contact.ts';
import type { Change } from './change.ts';
import type { ExchangeParts } from './exchange.ts';
import type { Arc } from './position.ts';
import type { Registers } from './registers.ts';

export interface Decided {
  readonly arc: Arc;
  readonly configuration: Configuration;
  readonly watermark: number;
  readonly forced: boolean;
  /** Whether it is what this member has proposed, so that this member holds everything. */
  readonly own: boolean;
}

export interface ChangeView {
  readonly registers: Registers;
  /** When nobody was found to serve the arc, in former takeovers of it too: monotonic milliseconds. */
  readonly since: number;
  /** The members of the next configuration, this one first; undefined while the life of some is not known. */
  voters(): readonly Voter[] | undefined;
  /** For an exchange with one member. */
  exchange(contact: Contact, arc: Arc): ExchangeParts;
  /** Whether arcs may be forced at all. */
  readonly heals: boolean;
  /** Whether a majority of the arc that stays away may be given up; `hopeless` = it will not come back. */
  mayForce(arc: Arc, hopeless: boolean): boolean;
  /** Whether the member is taken for dead, or has been silent for long. */
  isLost(contact: Contact): boolean;
  decided(change: Change, decided: Decided): void;
  ended(change: Change, ended: Ended): void;
}

/** Why a change has to begin afresh: more is known now. */
export interface Ended {
  /** Configurations that some voter stands at. */
  readonly learned: readonly { readonly arc: Arc; readonly configuration: Configuration }[];
  /** Parts that differ and have to go on by themselves. */
  readonly parts: readonly Arc[];
  /** Of several bases the one that may have a successor already, which has to be finished first. */
  readonly alone: Configuration | undefined;
}

export const NOTHING_LEARNED: Ended = { learned: [], parts: [], alone: undefined };
