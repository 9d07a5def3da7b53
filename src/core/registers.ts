// Registers: what this member knows and has promised of every arc that it holds copies of. It owns the table
// of registers and its being written down; the rules are in register.ts, who proposes and why in change.ts.
import type { Part } from './arc-map.ts';
import { ArcMap, sameArc } from './arc-map.ts';
import type { Ballot, Base, Configuration, Proposal, Register } from './configuration.ts';
import { sameBase, sameConfiguration, supersedes } from './configuration.ts';
import type { Arc } from './position.ts';
import * as rules from './register.ts';
import type { Acceptor, Vote } from './register.ts';
import type { KnownPart, SavedRegisters } from './saved.ts';
import type { Saver } from './saver.ts';

export interface PartVote {
  readonly arc: Arc;
  readonly vote: Vote;
}

export interface RegistersView {
  /** A part was promised to a ballot, and is not served at that epoch any more. */
  promised(arc: Arc, base: Base, ballot: Ballot): void;
  /** A configuration of the part is known now that was not. */
  moved(arc: Arc, configuration: Configuration): void;
  /** The part is nothing of this member's at that epoch any more. */
  forgotten(arc: Arc, base: Base): void;
}

/** A part of an arc, and what is known of it. */
interface Piece {
  readonly arc: Arc;
  readonly registers: readonly Register[];
  /** What came after registers that were forgotten. */
  readonly over: readonly Configuration[];
}

/** Lineages of one position at a time: those that have met and are not one yet. */
const LINEAGES_MAX = 32;
/** Forgotten arcs of which it is known what came after. */
const OVER_MAX = 256;

export class Registers {
  /** One register for each lineage that nothing known comes after: a vote in one binds in no other. */
  readonly #map: ArcMap<readonly Register[]>;
  readonly #self: () => Acceptor;
  readonly #saver: Saver;
  readonly #view: RegistersView;
  /**
   * Of arcs that were forgotten, what came after: somebody who was away may still tell of what is over, and
   * to vote there anew would break the promises that were forgotten.
   */
  readonly #over: ArcMap<readonly Configuration[]>;
  /** Where what is known was read from the disk, and may have been overtaken. */
  readonly #restored: ArcMap<true>;

  constructor(size: number, self: () => Acceptor, saver: Saver, view: RegistersView) {
    this.#map = new ArcMap(size, sameLists(sameRegister));
    this.#over = new ArcMap(size, sameLists(sameConfiguration));
    this.#restored = new ArcMap<true>(size, () => true);
    this.#self = self;
    this.#saver = saver;
    this.#view = view;
  }

  get parts(): readonly Part<readonly Register[]>[] {
    return this.#map.parts;
  }

  within(arc: Arc): Part<readonly Register[]>[] {
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

  restore({ registers, over }: SavedRegisters): void {
    for (const { arc, register } of registers) {
      for (const piece of this.#pieces(arc)) this.#map.set(piece.arc, [...piece.registers, register]);
      this.#restored.set(arc, true);
    }
    for (const { arc, configuration } of over) {
      for (const piece of this.#pieces(arc)) this.#over.set(piece.arc, [...piece.over, configuration]);
    }
  }

  /** A vote for each part of the arc that has a state of its own; one vote where all is alike. */
  prepare(arc: Arc, base: Base, ballot: Ballot): PartVote[] {
    return this.#vote(arc, base, (register) => rules.prepare(register, this.#self(), base, ballot));
  }

  accept(arc: Arc, base: Base, proposal: Proposal): PartVote[] {
    return this.#vote(arc, base, (register) => rules.accept(register, this.#self(), base, proposal));
  }

  /** Takes note of a decision; returns whether the whole arc stands at it now. */
  install(arc: Arc, next: Configuration, watermark: number): boolean {
    let changed = false;
    let whole = true;
    for (const piece of this.#pieces(arc)) {
      const { arc: part, registers, over } = piece;
      const present = registers.some((register) => sameBase(register.configuration, next));
      const passed = decidedOf(piece).some((one) => sameBase(one, next) || supersedes(one, next));
      const former = registers.find((register) => supersedes(next, register.configuration));
      const others = registers.filter((other) => !supersedes(next, other.configuration));
      const seat = passed ? undefined : rules.install(former, this.#self(), next, watermark);
      const register = others.length < LINEAGES_MAX ? seat : undefined;
      if (register === undefined) {
        whole &&= present;
        // Others have it in force: it was not overtaken while this member was away.
        if (present) this.#restored.set(part, undefined);
        // What it comes after is over, also where this member has no part in it.
        if (others.length === registers.length) continue;
      }
      const past = besides(over, next);
      if (register === undefined) this.#setPiece(part, others, passed ? over : [...past, next]);
      else this.#setPiece(part, [...others, register], past);
      this.#restored.set(part, undefined);
      this.#view.moved(part, next);
      changed = true;
    }
    if (changed) this.#save();
    return whole;
  }

  /** The configurations that this member stands at, and where. */
  standing(arc: Arc): KnownPart[] {
    return this.#map
      .within(arc)
      .flatMap((part) => part.value.map(({ configuration }) => ({ arc: part.arc, configuration })));
  }

  /** What is remembered to have come after the configuration, and where. */
  after(arc: Arc, configuration: Configuration): KnownPart[] {
    return this.#over
      .within(arc)
      .flatMap((part) => part.value.map((one) => ({ arc: part.arc, configuration: one })))
      .filter((part) => supersedes(part.configuration, configuration));
  }

  /** All configurations that are known to have been decided. */
  known(arc: Arc): Configuration[] {
    return this.#pieces(arc).flatMap(decidedOf);
  }

  /**
   * Where the configuration, which was decided, is known to be over, here or by what others have told, so is
   * all that it comes after.
   */
  note(arc: Arc, passed: Configuration, told: readonly Configuration[]): void {
    for (const piece of this.#pieces(arc)) {
      const { arc: part, registers, over } = piece;
      if (![...decidedOf(piece), ...told].some((one) => supersedes(one, passed))) continue;
      const left = registers.filter((register) => !supersedes(passed, register.configuration));
      this.#setPiece(part, left, withLater(over, passed));
    }
    this.#save();
  }

  /** Whether this member may store in all of the arc at that epoch. */
  serves(arc: Arc, base: Base): boolean {
    const self = this.#self();
    const serve = (part: Part<readonly Register[]>): boolean =>
      part.value.some((register) => rules.serves(register, self, base));
    // Asked at every write, and mostly of an arc that is one part here.
    const whole = this.#map.parts.find((part) => sameArc(part.arc, arc));
    if (whole !== undefined) return serve(whole);
    const parts = this.#map.within(arc);
    return parts.length > 0 && parts.every(serve) && this.#map.gaps(arc).length === 0;
  }

  /** Whether this member was compared in that lineage, all over the arc, and stands in no other one. */
  isCompared(arc: Arc, { lineage }: Base): boolean {
    const isOf = ({ configuration, watermark }: Register): boolean =>
      configuration.lineage === lineage && watermark > 0;
    return this.#map.gaps(arc).length === 0 && this.#map.within(arc).every(({ value }) => value.every(isOf));
  }

  /** Versions made before, in milliseconds, that the set does not know are void from now on. */
  raiseWatermark(arc: Arc, base: Base, watermark: number): void {
    for (const part of this.#map.within(arc)) {
      const raised = part.value.map((register) =>
        sameBase(register.configuration, base) && register.watermark < watermark
          ? { ...register, watermark }
          : register,
      );
      this.#map.set(part.arc, raised);
    }
    this.#save();
  }

  /** Something was taken away here, and what goes in its place may not have come: this member lacks some. */
  distrust(arc: Arc): void {
    for (const part of this.#map.within(arc)) {
      this.#map.set(
        part.arc,
        part.value.map((register) => ({ ...register, watermark: 0 })),
      );
    }
    this.#save();
  }

  /** The arc is nothing of this member's at that epoch any more: another set has taken over. */
  forget(arc: Arc, base: Base, by: Configuration): void {
    for (const { arc: part, registers, over } of this.#pieces(arc)) {
      const left = registers.filter((register) => !sameBase(register.configuration, base));
      if (left.length === registers.length) continue;
      this.#setPiece(part, left, withLater(over, by));
      if (left.length === 0) this.#restored.set(part, undefined);
      this.#view.forgotten(part, base);
    }
    this.#save();
  }

  #vote(arc: Arc, base: Base, rule: (register: Register | undefined) => rules.Voted): PartVote[] {
    const votes: PartVote[] = [];
    let changed = false;
    for (const { arc: part, registers, over } of this.#pieces(arc)) {
      const former = registerFor(registers, base);
      const after = former === undefined ? over.find((one) => supersedes(one, base)) : undefined;
      if (after !== undefined) {
        votes.push({ arc: part, vote: { type: 'elsewhere', configuration: after } });
        continue;
      }
      const { register, vote } = rule(former);
      const restored = this.isRestored(part);
      votes.push({ arc: part, vote: vote.type === 'promised' ? { ...vote, restored } : vote });
      if (register === undefined || register === former) continue;
      this.#map.set(
        part,
        registers.map((one) => (one === former ? register : one)),
      );
      if (register.promised !== undefined) this.#view.promised(part, base, register.promised);
      changed = true;
    }
    if (changed) this.#save();
    const first = votes[0];
    // Where all is alike, one answer says it.
    const alike = first !== undefined && votes.every(({ vote }) => sameVote(vote, first.vote));
    return alike ? [{ arc, vote: first.vote }] : votes;
  }

  #setPiece(arc: Arc, registers: readonly Register[], over: readonly Configuration[]): void {
    this.#map.set(arc, registers.length > 0 ? registers : undefined);
    this.#over.set(arc, over.length > 0 ? over.slice(-LINEAGES_MAX) : undefined);
    for (const oldest of this.#over.parts.slice(0, -OVER_MAX)) this.#over.set(oldest.arc, undefined);
  }

  /** The arc in parts of which nothing differs within. */
  #pieces(arc: Arc): Piece[] {
    const gaps = this.#map.gaps(arc).map((gap): Part<readonly Register[]> => ({ arc: gap, value: [] }));
    return [...this.#map.within(arc), ...gaps].flatMap(({ arc: part, value: registers }) => [
      ...this.#over.within(part).map((piece) => ({ arc: piece.arc, registers, over: piece.value })),
      ...this.#over.gaps(part).map((gap) => ({ arc: gap, registers, over: [] })),
    ]);
  }

  #save(): void {
    if (!this.#saver.durable) return;
    const registers = this.#map.parts.flatMap(({ arc, value }) =>
      value.map((register) => ({ arc, register })),
    );
    const over = this.#over.parts.flatMap(({ arc, value }) =>
      value.map((configuration) => ({ arc, configuration })),
    );
    this.#saver.save({ type: 'registers', registers, over });
  }
}

function decidedOf({ registers, over }: Piece): Configuration[] {
  return [...registers.map((register) => register.configuration), ...over];
}

/** The register that answers for the base: where it stands, or what has come after it, or before. */
function registerFor(registers: readonly Register[], base: Base): Register | undefined {
  return (
    registers.find(({ configuration }) => sameBase(configuration, base)) ??
    registers.find(({ configuration }) => supersedes(configuration, base)) ??
    registers.find(({ configuration }) => configuration.lineage === base.lineage)
  );
}

/**
 * Those of other lineages: even one that the configuration comes after may tell of what that one, whose
 * history is bounded, does not.
 */
function besides(over: readonly Configuration[], { lineage }: Configuration): Configuration[] {
  return over.filter((one) => one.lineage !== lineage);
}

/** An answer may be late, or speak of what is over itself: of a lineage the latest is kept. */
function withLater(over: readonly Configuration[], one: Configuration): readonly Configuration[] {
  const isKnown = over.some(({ lineage, epoch }) => lineage === one.lineage && epoch >= one.epoch);
  return isKnown ? over : [...besides(over, one), one];
}

function sameLists<T>(same: (a: T, b: T) => boolean): (a: readonly T[], b: readonly T[]) => boolean {
  return (a, b) => a.length === b.length && a.every((one, i) => same(one, b[i] as T));
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
    const same = b.type === 'promised' && a.watermark === b.watermark && a.restored === b.restored;
    return same && sameProposal(a.accepted, b.accepted);
  }
  if (a.type === 'outbid') {
    return b.type === 'outbid' && a.promised.round === b.promised.round && a.promised.id === b.promised.id;
  }
  if (a.type === 'elsewhere')
    return b.type === 'elsewhere' && sameConfiguration(a.configuration, b.configuration);
  return a.type === b.type;
}
