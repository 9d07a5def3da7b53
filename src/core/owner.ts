// Owner: the arcs this member answers for. It owns the segments that are served, the changes that are under
// way, and the plan that leads from the ring to them: what the ring gives us and nobody has decided to be
// ours is taken over (change.ts), and the copies of what is ours follow the ring (segment.ts). A lookup finds
// the member that the ring holds to be the owner; that one answers only for arcs whose configuration names
// it.
import { ArcMap, sameArc } from './arc-map.ts';
import { Change, latest } from './change.ts';
import type { ChangeView, Decided, Ended } from './change.ts';
import type { Ballot, Configuration } from './configuration.ts';
import { sameBase, sameConfiguration, supersedes } from './configuration.ts';
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { ExchangeOptions } from './exchange.ts';
import type { Known } from './message.ts';
import { Inquiry } from './inquiry.ts';
import type { Arc } from './position.ts';
import { holds, intersect, overlaps, subtract } from './position.ts';
import { Registers } from './registers.ts';
import { Segment } from './segment.ts';
import type { Voters } from './voters.ts';

/** What the owner needs of its surroundings. */
export interface OwnerView {
  /** The arc that the ring gives us; undefined while that is unknown, and for a client. */
  arc(): Arc | undefined;
  /** Members behind us, the nearest first, and the one before us. */
  neighbours(): { readonly successors: readonly Contact[]; readonly predecessor: Contact | undefined };
  exchange(
    contact: Contact,
    arc: Arc,
  ): Omit<ExchangeOptions, 'base' | 'watermark' | 'pull' | 'push' | 'done'>;
  /** Whether the whole arc is served has changed. */
  changed(): void;
}

export interface OwnerOptions {
  readonly engine: Engine;
  readonly voters: Voters;
  /** Whether an arc may go on without a majority of its set. */
  readonly heals: boolean;
}

/** Why an operation cannot be carried out now. */
export interface Refusal {
  readonly code: 'BUSY' | 'ERR_QUORUM';
  readonly message: string;
}

interface Parked {
  readonly position: number;
  readonly run: (segment: Segment) => void;
  readonly refuse: (refusal: Refusal) => void;
}

export class Owner {
  readonly registers: Registers;
  readonly #o: OwnerOptions;
  readonly #view: OwnerView;
  #segments: Segment[] = [];
  readonly #changes = new Map<Change, Segment | undefined>();
  readonly #inquiries = new Set<Inquiry>();
  /** Configurations that others have told of, and that ours do not come after. */
  readonly #hints: ArcMap<readonly Configuration[]>;
  readonly #parked = new Set<Parked>();
  /** Members that left and still hold copies: asked as well where an arc is taken over. */
  #leavers: Contact[] = [];
  #reconciling = false;
  #begins = false;

  constructor(options: OwnerOptions, view: OwnerView) {
    const { engine } = options;
    this.#o = options;
    this.#view = view;
    this.#hints = new ArcMap(engine.size, (a, b) => a === b);
    const self = (): { id: string; birth: number } => ({ id: engine.self.id, birth: engine.birth });
    this.registers = new Registers(engine.size, self, engine.saver, {
      promised: (arc, ballot) => this.#promised(arc, ballot),
      moved: (arc, configuration) => this.#moved(arc, configuration),
    });
  }

  /** Whether every position of our arc is being served. */
  get serving(): boolean {
    const arc = this.#view.arc();
    return arc !== undefined && this.#without([arc], this.#segments).length === 0;
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Arcs of ours of which a member that should hold copies has not all of them yet. */
  get underReplicated(): Arc[] {
    const arc = this.#view.arc();
    if (arc === undefined) return [];
    const open = this.#without([arc], this.#segments);
    return [...open, ...this.#segments.filter((segment) => !segment.complete).map((segment) => segment.arc)];
  }

  /** Whether the ring gives us the position. */
  owns(position: number): boolean {
    const arc = this.#view.arc();
    return arc !== undefined && holds(arc, position);
  }

  /** Who may still answer for the position while we copy it from there. */
  servedBy(position: number): Contact | undefined {
    for (const change of this.#changes.keys()) if (holds(change.arc, position)) return change.servedBy;
    return undefined;
  }

  /** This member is about to be the first of a ring: nobody else can know of any entry. */
  beginRing(): void {
    this.#begins = this.registers.empty;
  }

  /** The ring has changed, or more is known: takes over what is ours and not held. */
  reconcile(): void {
    const arc = this.#view.arc();
    if (!this.#o.engine.member) return this.#closeAll();
    for (const change of [...this.#changes.keys()]) {
      if (arc !== undefined && !this.#isInside(change.arc, arc)) this.#drop(change);
    }
    for (const inquiry of [...this.#inquiries]) {
      if (arc === undefined || !this.#isInside(inquiry.arc, arc)) this.#inquiries.delete(inquiry.end());
    }
    if (arc !== undefined && this.#begins) {
      this.#begins = false;
      const change = new Change(this.#o.engine, this.#changeView(false), arc, [], 0);
      this.#changes.set(change, undefined);
      change.begin();
    }
    if (arc !== undefined) {
      const busy = [...this.#segments, ...this.#changes.keys(), ...this.#inquiries];
      for (const part of this.#without([arc], busy)) this.#plan(part);
    }
    for (const segment of [...this.#segments]) segment.refresh();
    this.#view.changed();
  }

  /** A member has left by its own will and can still be asked for what it holds. */
  addLeaver(contact: Contact): void {
    const others = this.#leavers.filter((leaver) => leaver.id !== contact.id);
    this.#leavers = [...others, contact].slice(-this.#o.voters.replicas);
  }

  /** It cannot be asked any more. */
  removeLeaver(id: string): void {
    this.#leavers = this.#leavers.filter((leaver) => leaver.id !== id);
  }

  /** Others have told what they know to be decided. */
  learn(known: readonly { readonly arc: Arc; readonly configuration: Configuration }[]): void {
    let news = false;
    for (const { arc, configuration } of known) news = this.#hint(arc, configuration) || news;
    if (news) this.reconcileSoon();
  }

  /** Runs an operation at its segment: now, or when the arc is served; `refuse` where it takes too long. */
  withSegment(position: number, run: (segment: Segment) => void, refuse: (refusal: Refusal) => void): void {
    const segment = this.segmentAt(position);
    if (segment !== undefined) return run(segment);
    const stuck = this.#stuck(position);
    if (stuck !== undefined) return refuse(stuck);
    const { limits, profile } = this.#o.engine;
    if (this.#parked.size >= limits.parked) {
      return refuse({ code: 'BUSY', message: 'too many operations wait for an arc' });
    }
    const parked: Parked = { position, run, refuse };
    this.#parked.add(parked);
    // The asker would suspect us if we said nothing for longer.
    this.#o.engine.after(profile.requestMinMs / 2, () => {
      if (!this.#parked.delete(parked)) return;
      refuse(this.#stuck(position) ?? { code: 'BUSY', message: 'the arc is being taken over' });
    });
  }

  /** The segment that serves the position now. */
  segmentAt(position: number): Segment | undefined {
    return this.#segments.find((segment) => holds(segment.arc, position));
  }

  /** One whose entries are nothing of ours: the registers of the arc are let go with them. */
  release(arc: Arc): void {
    this.registers.forget(arc);
  }

  /** Neighbouring segments with one set become one, so that their number stays small. */
  tidy(): void {
    const { size } = this.#o.engine;
    const ring = this.#view.arc();
    for (const a of this.#segments) {
      const b = this.#segments.find((other) => other !== a && other.arc.from === a.arc.to);
      if (b === undefined || !a.complete || !b.complete || ring === undefined) continue;
      if (!this.#isInside(a.arc, ring) || !this.#isInside(b.arc, ring)) continue;
      const [lower, higher] = a.configuration.epoch < b.configuration.epoch ? [a, b] : [b, a];
      const { lineage, epoch } = higher.configuration;
      if (lower.configuration.lineage === lineage && lower.configuration.epoch < epoch) {
        return lower.renew({ lineage, epoch });
      }
      if (lower.configuration.lineage !== lineage) {
        const to = { lineage: `${lineage}-${size}`.slice(0, 4) + this.#lineage(), epoch: epoch + 1 };
        lower.renew(to);
        return higher.renew(to);
      }
      if (sameConfiguration(a.configuration, b.configuration)) return this.#join(a, b);
    }
  }

  #lineage(): string {
    return this.#o.engine.random.below(2 ** 32).toString(36);
  }

  #join(a: Segment, b: Segment): void {
    const arc = { from: a.arc.from, to: b.arc.to };
    const watermark = Math.min(a.watermark, b.watermark);
    this.#close(a);
    this.#close(b);
    this.#serve(arc, a.configuration, watermark);
  }

  /** A part that nobody serves or changes: what is known of it decides how it is taken over. */
  #plan(part: Arc): void {
    const { size } = this.#o.engine;
    for (const { arc, value: register } of this.registers.within(part)) {
      this.#takeOver(arc, [register.configuration], register.watermark);
    }
    for (const gap of this.registers.gaps(part)) {
      for (const { arc, value } of this.#hints.within(gap)) this.#start(arc, value, 0);
      for (const unknown of this.#hints.gaps(gap)) {
        for (const piece of intersect(unknown, part, size)) this.#inquire(piece);
      }
    }
  }

  #takeOver(arc: Arc, known: readonly Configuration[], watermark: number): void {
    for (const hinted of this.#hints.within(arc)) {
      this.#start(hinted.arc, latest([...known, ...hinted.value]), watermark);
    }
    for (const rest of this.#hints.gaps(arc)) {
      for (const piece of intersect(rest, arc, this.#o.engine.size)) this.#start(piece, known, watermark);
    }
  }

  #start(arc: Arc, bases: readonly Configuration[], watermark: number, alone = false): void {
    const change = new Change(this.#o.engine, this.#changeView(true), arc, bases, watermark);
    this.#changes.set(change, undefined);
    change.begin(alone);
  }

  #inquire(arc: Arc): void {
    const { engine, heals, voters } = this.#o;
    const inquiry = new Inquiry(engine, arc, {
      sources: () => {
        const { successors, predecessor } = this.#view.neighbours();
        const around = predecessor === undefined ? [] : [predecessor];
        return [...successors.slice(0, voters.replicas + 1), ...around, ...this.#leavers];
      },
      heard: (contact, birth, known) => {
        voters.born(contact, birth);
        for (const one of known) this.#hint(one.arc, one.configuration);
      },
      found: () => this.#hints.within(arc).length > 0 || this.registers.within(arc).length > 0,
      mayBegin: () => heals && !this.registers.hasRestored,
      ended: (anew) => {
        this.#inquiries.delete(inquiry);
        if (anew) this.#start(arc, [], 0);
        this.reconcile();
      },
    });
    this.#inquiries.add(inquiry);
    inquiry.begin();
  }

  #changeView(announces: boolean): ChangeView {
    const { engine, voters, heals } = this.#o;
    return {
      registers: this.registers,
      voters: () => voters.next(this.#view.neighbours().successors),
      exchange: (contact, arc) => this.#view.exchange(contact, arc),
      mayForce: (arc) => heals && !this.registers.isRestored(arc),
      isLost: (contact) => voters.isLost(contact),
      decided: (change, decided) => {
        const segment = this.#changes.get(change);
        this.#changes.delete(change);
        if (decided.forced && announces) engine.event({ type: 'degraded', message: forcedMessage(decided) });
        this.#decided(segment, decided);
      },
      ended: (change, ended) => this.#ended(change, ended),
    };
  }

  #decided(segment: Segment | undefined, decided: Decided): void {
    const { arc, configuration, watermark, own } = decided;
    this.#hints.set(arc, undefined);
    const mine = own && configuration.members[0]?.contact.id === this.#o.engine.self.id;
    if (segment !== undefined && !segment.closed && mine) segment.update(configuration, watermark);
    else if (mine && this.#o.engine.member) this.#serve(arc, configuration, watermark);
    this.reconcileSoon();
    this.#view.changed();
  }

  #ended(change: Change, { learned, parts, alone }: Ended): void {
    const segment = this.#changes.get(change);
    this.#changes.delete(change);
    if (segment !== undefined) this.#close(segment);
    for (const { arc, configuration } of learned) this.#hint(arc, configuration);
    if (alone !== undefined) this.#start(change.arc, [alone], 0, true);
    else if (parts.length > 1 && learned.length === 0) {
      for (const part of parts) this.#start(part, change.bases, 0);
    }
    this.reconcileSoon();
  }

  #serve(arc: Arc, configuration: Configuration, watermark: number): void {
    const { engine, voters } = this.#o;
    const inRing = (): boolean => {
      const ring = this.#view.arc();
      return ring !== undefined && this.#isInside(arc, ring);
    };
    const segment: Segment = new Segment(
      engine,
      {
        exchange: (contact, part) => this.#view.exchange(contact, part),
        // What the ring has given to another is served until it is taken over, by those who hold it now.
        voters: () =>
          inRing() ? voters.next(this.#view.neighbours().successors) : segment.configuration.members,
        wanted: () => (inRing() ? voters.wanted(this.#view.neighbours().successors) : []),
        isLost: (contact) => voters.isLost(contact),
        contradicted: (contact) => this.#contradicted(segment, contact, inRing()),
        ready: (next, holders) => {
          const change = new Change(
            engine,
            this.#changeView(true),
            arc,
            [segment.configuration],
            segment.watermark,
          );
          this.#changes.set(change, segment);
          change.beginAsOwner(segment.configuration, next, holders);
        },
        cannotDecide: () => {
          this.#close(segment);
          this.reconcileSoon();
        },
        progressed: () => this.#view.changed(),
      },
      arc,
      configuration,
      watermark,
    );
    this.#segments.push(segment);
    segment.refresh();
    for (const parked of this.#parked) {
      if (!holds(arc, parked.position)) continue;
      this.#parked.delete(parked);
      parked.run(segment);
    }
  }

  /** A member does not follow our configuration: what does it know? */
  #contradicted(segment: Segment, contact: Contact, inRing: boolean): void {
    const { engine, voters } = this.#o;
    engine.call(contact, { type: 'inspect', arc: segment.arc }, (answer) => {
      if (answer.type !== 'reply' || answer.body.type !== 'inspected' || segment.closed) return;
      const { birth, known } = answer.body;
      voters.born(contact, birth);
      if (known.some((one) => this.#hint(one.arc, one.configuration))) return this.reconcileSoon();
      const { lineage, epoch } = segment.configuration;
      const follows = known.some(
        (one) => one.configuration.lineage === lineage && one.configuration.epoch === epoch,
      );
      // It has promised the epoch to somebody who never came back to it: the next one frees it.
      if (follows && inRing && !segment.changing) segment.renew({ lineage, epoch: epoch + 1 });
      segment.refresh();
    });
  }

  /**
   * Keeps what is told, where nothing known comes after it; closes what it comes after. Whether it is news.
   */
  #hint(where: Arc, configuration: Configuration): boolean {
    let news = false;
    const ring = this.#view.arc();
    const parts = ring === undefined ? [] : intersect(where, ring, this.#o.engine.size);
    for (const part of parts) {
      for (const arc of this.#unheard(part, configuration)) {
        news = true;
        const pieces = [
          ...this.#hints.within(arc),
          ...this.#hints.gaps(arc).map((gap) => ({ arc: gap, value: [] })),
        ];
        for (const piece of pieces) this.#hints.set(piece.arc, latest([...piece.value, configuration]));
        for (const segment of this.#segments) if (overlaps(segment.arc, arc)) this.#cut(segment, arc);
        for (const change of [...this.#changes.keys()]) if (overlaps(change.arc, arc)) this.#drop(change);
      }
    }
    return news;
  }

  /** The parts of an arc of which neither our register nor a hint covers this configuration. */
  #unheard(arc: Arc, configuration: Configuration): Arc[] {
    const covers = (known: Configuration): boolean =>
      sameBase(known, configuration) || supersedes(known, configuration);
    let parts: Arc[] = [arc];
    const remove = (part: Arc): void => {
      parts = parts.flatMap((one) => subtract(one, part, this.#o.engine.size));
    };
    for (const { arc: part, value } of this.registers.within(arc))
      if (covers(value.configuration)) remove(part);
    for (const segment of this.#segments) if (covers(segment.configuration)) remove(segment.arc);
    for (const { arc: part, value } of this.#hints.within(arc))
      if (value.some((one) => covers(one))) remove(part);
    return parts;
  }

  #promised(arc: Arc, ballot: Ballot): void {
    // Its own round 0 is the owner's, who goes on when it is decided.
    if (ballot.round === 0 && ballot.id === this.#o.engine.self.id) return;
    for (const segment of [...this.#segments]) if (overlaps(segment.arc, arc)) this.#cut(segment, arc);
    this.reconcileSoon();
  }

  #moved(arc: Arc, configuration: Configuration | undefined): void {
    if (configuration?.members[0]?.contact.id === this.#o.engine.self.id) return;
    for (const segment of [...this.#segments]) if (overlaps(segment.arc, arc)) this.#cut(segment, arc);
    this.reconcileSoon();
  }

  /** A part is nothing of ours any more: the rest is served on. */
  #cut(segment: Segment, arc: Arc): void {
    const { configuration, watermark } = segment;
    const rest = segment.changing ? [] : subtract(segment.arc, arc, this.#o.engine.size);
    this.#close(segment);
    for (const part of rest) this.#serve(part, configuration, watermark);
    this.#view.changed();
  }

  #close(segment: Segment): void {
    this.#segments = this.#segments.filter((other) => other !== segment);
    segment.close();
    for (const [change, of] of this.#changes) if (of === segment) this.#drop(change);
  }

  #drop(change: Change): void {
    const segment = this.#changes.get(change);
    this.#changes.delete(change);
    change.cancel();
    if (segment !== undefined) this.#close(segment);
  }

  #closeAll(): void {
    for (const change of this.#changes.keys()) change.cancel();
    this.#changes.clear();
    for (const inquiry of this.#inquiries) inquiry.end();
    this.#inquiries.clear();
    for (const segment of this.#segments) segment.close();
    this.#segments = [];
    for (const parked of this.#parked) parked.refuse({ code: 'BUSY', message: 'this member has left' });
    this.#parked.clear();
    for (const { arc } of [...this.#hints.parts]) this.#hints.set(arc, undefined);
  }

  #stuck(position: number): Refusal | undefined {
    for (const work of [...this.#changes.keys(), ...this.#inquiries]) {
      if (!holds(work.arc, position) || !work.isStuck) continue;
      // It goes on in a moment, with what is left.
      if (this.#o.heals && !this.registers.isRestored(work.arc)) continue;
      const message = 'a majority of the members that hold this key is away';
      return { code: 'ERR_QUORUM', message };
    }
    return undefined;
  }

  /** With a pause, so that what comes in the same moment is looked at once. */
  reconcileSoon(): void {
    if (this.#reconciling) return;
    this.#reconciling = true;
    const { random, profile } = this.#o.engine;
    this.#o.engine.after(random.around(profile.retryMs / 4, 0.5), () => {
      this.#reconciling = false;
      this.reconcile();
    });
  }

  #without(arcs: readonly Arc[], covers: Iterable<{ readonly arc: Arc }>): Arc[] {
    let parts = [...arcs];
    for (const { arc } of covers) parts = parts.flatMap((part) => subtract(part, arc, this.#o.engine.size));
    return parts;
  }

  #isInside(arc: Arc, outer: Arc): boolean {
    return sameArc(arc, outer) || subtract(arc, outer, this.#o.engine.size).length === 0;
  }
}

function forcedMessage({ configuration }: Decided): string {
  const names = configuration.members.map(({ contact }) => `${contact.host}:${contact.port}`).join(', ');
  return `a majority of the members that held an arc is away; service goes on from the copies left: ${names}`;
}

export type { Known };
