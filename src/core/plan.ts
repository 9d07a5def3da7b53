// Plan: what an owner does next about its arcs, as functions of what it knows. It owns the choice of bases
// from which a part is taken over, and of neighbouring segments that can become one; owner.ts carries it out.
import type { Base, Configuration } from './configuration.ts';
import { joined, latest, sameBase, sameSet, supersedes } from './configuration.ts';
import type { Engine } from './engine.ts';
import type { Hints } from './hints.ts';
import { itemAt } from './ordered.ts';
import { type Arc, overlaps } from './position.ts';
import type { Registers } from './registers.ts';
import type { KnownPart } from './saved.ts';
import type { Segment } from './segment.ts';

export interface Planned {
  readonly arc: Arc;
  /** The configurations that may be in force: of several lineages where rings have met. */
  readonly bases: readonly Configuration[];
  readonly watermark: number;
}

/** A part of a segment, and what else is known of it. */
export interface Apart {
  readonly segment: Segment;
  readonly arc: Arc;
  readonly others: readonly Configuration[];
}

/** How each piece of an arc is taken over; `unknown` are those that nobody has told of yet. */
export function plan(
  part: Arc,
  registers: Registers,
  hints: Hints,
): { readonly known: Planned[]; readonly unknown: Arc[] } {
  const known: Planned[] = [];
  for (const { arc, value } of registers.within(part)) {
    const configurations = value.map((register) => register.configuration);
    const add = (where: Arc, decided: readonly Configuration[]): void => {
      // The history of the latest may not reach back as far as that of one before it.
      const last = latest(decided);
      const open = last.filter((base) => !decided.some((one) => supersedes(one, base)));
      const bases = open.length > 0 ? open : last;
      // A watermark says nothing of what another lineage holds.
      const lineages = new Set(bases.map((base) => base.lineage));
      const marks = value.filter(({ configuration }) => lineages.has(configuration.lineage));
      known.push({ arc: where, bases, watermark: Math.max(0, ...marks.map((one) => one.watermark)) });
    };
    for (const hint of hints.within(arc)) add(hint.arc, [...configurations, ...hint.value]);
    for (const rest of hints.gaps(arc)) add(rest, configurations);
  }
  const unknown: Arc[] = [];
  for (const gap of registers.gaps(part)) {
    for (const { arc, value } of hints.within(gap)) known.push({ arc, bases: value, watermark: 0 });
    unknown.push(...hints.gaps(gap));
  }
  return { known, unknown };
}

/** Whether something is known of the arc that comes after a base: what was asked about is over. */
export function isOver(
  { arc, bases }: Pick<Planned, 'arc' | 'bases'>,
  registers: Registers,
  hints?: Hints,
): boolean {
  const told = hints?.within(arc).flatMap(({ value }) => value) ?? [];
  const known = [...told, ...registers.standing(arc).map(({ configuration }) => configuration)];
  return bases.some((base) => known.some((one) => supersedes(one, base)));
}

/** Whether what was decided there is not among what an arc, some of which it concerns, is taken over from. */
export function isNewTo(
  { arc, bases }: Pick<Planned, 'arc' | 'bases'>,
  where: Arc,
  configuration: Configuration,
): boolean {
  return overlaps(arc, where) && !bases.some((base) => sameBase(base, configuration));
}

/** What of complete segments has to be taken over together with another lineage that stands there. */
export function apart(segments: readonly Segment[], registers: Registers): Apart[] {
  return segments.filter(({ complete }) => complete).flatMap((segment) => partsApart(segment, registers));
}

/** The same where somebody stands in the other lineage, and does not follow the segment. */
export function contested(segment: Segment, standing: readonly KnownPart[], registers: Registers): Apart[] {
  const stands = (one: Configuration): boolean =>
    standing.some(({ configuration }) => sameBase(configuration, one));
  if (stands(segment.configuration)) return [];
  return partsApart(segment, registers).filter(({ others }) => others.some(stands));
}

/**
 * The parts of which another lineage is known here that the segment does not come after, as far as its
 * bounded history tells: both have to be decided to be over.
 */
function partsApart(segment: Segment, registers: Registers): Apart[] {
  const { configuration } = segment;
  return registers.within(segment.arc).flatMap(({ arc, value }) => {
    const all = latest([configuration, ...value.map((one) => one.configuration)]);
    const others = all.filter((one) => !sameBase(one, configuration));
    return all.length > 1 ? [{ segment, arc, others }] : [];
  });
}

/** Whether some of the arc is served in a lineage which the configuration neither is of nor comes after. */
export function isStrange(arc: Arc, configuration: Configuration, segments: readonly Segment[]): boolean {
  return segments.some((segment) => {
    const served = segment.configuration;
    const isRelated = served.lineage === configuration.lineage || supersedes(configuration, served);
    return overlaps(segment.arc, arc) && !isRelated;
  });
}

/** Complete segments of which each begins where the one before it ends: the first such run of several. */
export function touching(segments: readonly Segment[]): Segment[] {
  const complete = segments.filter((segment) => segment.complete);
  for (const first of complete) {
    if (complete.some((other) => other !== first && other.arc.to === first.arc.from)) continue;
    const run = runFrom(first, complete);
    if (run.length > 1) return run;
  }
  // All round the ring.
  const [first] = complete;
  return first === undefined ? [] : runFrom(first, complete);
}

function runFrom(first: Segment, segments: readonly Segment[]): Segment[] {
  const run = [first];
  for (let last = first; ; ) {
    const next = segments.find((other) => other.arc.from === last.arc.to && !run.includes(other));
    if (next === undefined) return run;
    run.push(next);
    last = next;
  }
}

/** What has to be decided before the segments have one configuration; nothing where they have. */
export function renewalsOf(
  run: readonly Segment[],
  lineage: () => string,
): readonly { readonly segment: Segment; readonly to: Base }[] {
  const highest = run.reduce((a, b) => (a.configuration.epoch < b.configuration.epoch ? b : a));
  const { configuration } = highest;
  const rest = run.filter((segment) => !sameSet(segment.configuration, configuration));
  if (rest.length === 0) return [];
  // Within a lineage the epoch goes before the clock (entry.ts), so it is kept where that can be.
  const same = rest.every((segment) => segment.configuration.lineage === configuration.lineage);
  if (same && rest.every((segment) => segment.configuration.epoch < configuration.epoch)) {
    return rest.map((segment) => ({ segment, to: configuration }));
  }
  const to = { lineage: same ? configuration.lineage : lineage(), epoch: configuration.epoch + 1 };
  return run.map((segment) => ({ segment, to }));
}

/** Such a run as one, once its configurations are alike. */
export function united(run: readonly Segment[]): Pick<Segment, 'arc' | 'configuration' | 'watermark'> {
  return {
    arc: { from: itemAt(run, 0).arc.from, to: itemAt(run, run.length - 1).arc.to },
    configuration: run.map((one) => one.configuration).reduce(joined),
    watermark: Math.max(...run.map((one) => one.watermark)),
  };
}

/** Takes note, and tells users, that an arc goes on without a majority. */
export function goOnForced(engine: Engine, { members }: Configuration): void {
  engine.forcedAt = engine.now;
  const names = members.map(({ contact }) => `${contact.host}:${contact.port}`).join(', ');
  const message = 'a majority of the members that held an arc is away; service goes on from the copies left';
  engine.event({ type: 'degraded', message: `${message}: ${names}` });
}
