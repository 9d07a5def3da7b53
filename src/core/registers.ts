// Registers: what this member knows and has promised of every arc that it holds copies of. It owns the table
// of registers and its being written down; the rules are in register.ts, who proposes and why in change.ts.
import type { Part } from './arc-map.ts';
import { ArcMap, sameArc } from './arc-map.ts';
import type { Ballot, Base, Configuration, Proposal, Register, RegisterRecord } from './configuration.ts';
import { sameBase, sameConfiguration, supersedes } from './configuration.ts';
import type { Arc } from './position.ts';
import * as rules from './register.ts';
import type { Acceptor, Vote } from './register.ts';
import type { Saver } from './saver.ts';

export interface PartVote {
  readonly arc: Arc;
  readonly vote: Vote;
}

export interface RegistersView {
  /** A part was promised to a ballot, and is not served at the old epoch any more. */
  promised(arc: Arc, ballot: Ballot): void;
  /** A part stands at another configuration now, or at none. */
  moved(arc: Arc, configuration: Configuration | undefined): void;
}

/** A part that is known, or a gap. */
interface Piece {
  readonly arc: Arc;
  readonly value: Register | undefined;
}

/** Forgotten arcs of which it is known where they stood: more than a member holds at a time. */
const OVER_MAX = 1_024;

export class Registers {
  readonly #map: ArcMap<Register>;
  readonly #self: () => Acceptor;
  readonly #saver: Saver;
  readonly #view: RegistersView;
  /**
   * Of arcs that were forgotten, where they stood: somebody who was away may still tell of what is over, and
   * to vote there anew would break the promises that were forgotten.
   */
  readonly #over: ArcMap<Configuration>;
  /** Where what is known was read from the disk, and may have been overtaken. */
  readonly #restored: ArcMap<true>;

  constructor(size: number, self: () => Acceptor, saver: Saver, view: RegistersView) {
    this.#map = new ArcMap(size, sameRegister);
    this.#over = new ArcMap(size, sameConfiguration);
    this.#restored = new ArcMap<true>(size, () => true);
    this.#self = self;
    this.#saver = saver;
    this.#view = view;
  }

  get parts(): readonly Part<Register>[] {
    return this.#map.parts;
  }

  at(position: number): Register | undefined {
    return this.#map.at(position);
  }

  within(arc: Arc): Part<Register>[] {
    return this.#map.within(arc);
  }

  gaps(arc: Arc): Arc[] {
    return this.#map.gaps(arc);
  }

  /** Whether this member knows of no ring at all. */
  get empty(): boolean {
    return this.#map.parts.length === 0;
  }

  /** A configuration that was read from the disk is never forced by this member alone. */
  isRestored(arc: Arc): boolean {
    return this.#restored.within(arc).length > 0;
  }

  /** Whether anything was read from the disk that nobody has confirmed since. */
  get hasRestored(): boolean {
    return this.#restored.parts.length > 0;
  }

  restore(records: readonly RegisterRecord[]): void {
    for (const { arc, register } of records) {
      this.#map.set(arc, register);
      this.#restored.set(arc, true);
    }
  }

  /** A vote for each part of the arc that has a state of its own; one vote where all is alike. */
  prepare(arc: Arc, base: Base, ballot: Ballot): PartVote[] {
    return this.#vote(arc, (register) => rules.prepare(register, this.#self(), base, ballot));
  }

  accept(arc: Arc, base: Base, proposal: Proposal): PartVote[] {
    return this.#vote(arc, (register) => rules.accept(register, this.#self(), base, proposal));
  }

  /** Takes note of a decision; returns whether the whole arc stands at it now. */
  install(arc: Arc, next: Configuration, watermark: number): boolean {
    let changed = false;
    let whole = true;
    for (const part of this.#pieces(arc).flatMap((piece) => this.#withPast(piece))) {
      const isOver = part.over !== undefined && (sameBase(part.over, next) || supersedes(part.over, next));
      const register = isOver ? undefined : rules.install(part.value, this.#self(), next, watermark);
      if (register === undefined) {
        whole &&= part.value !== undefined && sameBase(part.value.configuration, next);
        continue;
      }
      this.#map.set(part.arc, register);
      this.#over.set(part.arc, undefined);
      this.#restored.set(part.arc, undefined);
      this.#view.moved(part.arc, next);
      changed = true;
    }
    if (changed) this.#save();
    return whole;
  }

  /** Whether this member may store in all of the arc at that epoch. */
  serves(arc: Arc, base: Base): boolean {
    const self = this.#self();
    // Asked at every write, and mostly of an arc that is one part here.
    const whole = this.#map.parts.find((part) => sameArc(part.arc, arc));
    if (whole !== undefined) return rules.serves(whole.value, self, base);
    const parts = this.#map.within(arc);
    return (
      parts.length > 0 &&
      parts.every(({ value }) => rules.serves(value, self, base)) &&
      this.#map.gaps(arc).length === 0
    );
  }

  /** Versions made before, in milliseconds, that the set does not know are void from now on. */
  raiseWatermark(arc: Arc, watermark: number): void {
    for (const part of this.#map.within(arc)) {
      if (part.value.watermark < watermark) this.#map.set(part.arc, { ...part.value, watermark });
    }
    this.#save();
  }

  /** The arc is nothing of this member's any more. */
  forget(arc: Arc): void {
    for (const part of this.#map.within(arc)) this.#over.set(part.arc, part.value.configuration);
    for (const oldest of this.#over.parts.slice(0, -OVER_MAX)) this.#over.set(oldest.arc, undefined);
    this.#map.set(arc, undefined);
    this.#restored.set(arc, undefined);
    this.#view.moved(arc, undefined);
    this.#save();
  }

  #vote(arc: Arc, rule: (register: Register | undefined) => rules.Voted): PartVote[] {
    const votes: PartVote[] = [];
    let changed = false;
    for (const part of this.#pieces(arc)) {
      const { register, vote } = rule(part.value);
      votes.push({ arc: part.arc, vote });
      if (register === undefined || register === part.value) continue;
      this.#map.set(part.arc, register);
      if (register.promised !== undefined) this.#view.promised(part.arc, register.promised);
      changed = true;
    }
    if (changed) this.#save();
    const first = votes[0];
    // Where all is alike, one answer says it.
    const alike = first !== undefined && votes.every(({ vote }) => sameVote(vote, first.vote));
    return alike ? [{ arc, vote: first.vote }] : votes;
  }

  #pieces(arc: Arc): Piece[] {
    return [...this.#map.within(arc), ...this.#map.gaps(arc).map((gap) => ({ arc: gap, value: undefined }))];
  }

  #withPast(piece: Piece): (Piece & { readonly over: Configuration | undefined })[] {
    if (piece.value !== undefined) return [{ ...piece, over: undefined }];
    const { arc } = piece;
    return [
      ...this.#over.within(arc).map((part) => ({ arc: part.arc, value: undefined, over: part.value })),
      ...this.#over.gaps(arc).map((gap) => ({ arc: gap, value: undefined, over: undefined })),
    ];
  }

  #save(): void {
    if (!this.#saver.durable) return;
    const registers = this.#map.parts.map(({ arc, value }) => ({ arc, register: value }));
    this.#saver.save({ type: 'registers', registers });
  }
}

function sameRegister(a: Register, b: Register): boolean {
  return (
    sameConfiguration(a.configuration, b.configuration) &&
    a.promised?.round === b.promised?.round &&
    a.promised?.id === b.promised?.id &&
    sameProposal(a.accepted, b.accepted) &&
    a.watermark === b.watermark
  );
}

function sameProposal(a: Proposal | undefined, b: Proposal | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const sameBallot = a.ballot.round === b.ballot.round && a.ballot.id === b.ballot.id;
  return sameBallot && sameConfiguration(a.configuration, b.configuration);
}

function sameVote(a: Vote, b: Vote): boolean {
  if (a.type === 'promised') {
    return b.type === 'promised' && sameProposal(a.accepted, b.accepted) && a.watermark === b.watermark;
  }
  if (a.type === 'outbid') {
    return b.type === 'outbid' && a.promised.round === b.promised.round && a.promised.id === b.promised.id;
  }
  if (a.type === 'elsewhere')
    return b.type === 'elsewhere' && sameConfiguration(a.configuration, b.configuration);
  return a.type === b.type;
}
