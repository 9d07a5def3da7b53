// Owner: the arcs this member answers for. It owns the segments that are served, the changes under way, and
// the plan that leads from the ring to them: what the ring gives us and nobody has decided to be ours is
// taken over (change.ts); the copies of what is ours follow the ring (segment.ts). A lookup finds whom the
// ring holds to be the owner; that member answers only for arcs whose configuration names it.
import { Asking } from './asking.ts';
import { Change } from './change.ts';
import type { ChangeView, Decided, Ended } from './change-view.ts';
import type { Ballot, Base, Configuration } from './configuration.ts';
import { newLineage, sameBase } from './configuration.ts';
import type { Contact } from './contact.ts';
import { Hints } from './hints.ts';
import { isThere } from './muster.ts';
import type { OwnerOptions, OwnerView } from './owner-view.ts';
import { Parked, type Refusal } from './parked.ts';
import { type Arc, holds, intersect, isInside, overlaps, subtract, without } from './position.ts';
import { type Apart, apart, contested, goOnForced, isOver, isStrange } from './plan.ts';
import { isNewTo, plan, renewalsOf, touching, united } from './plan.ts';
import { Registers } from './registers.ts';
import type { KnownPart } from './saved.ts';
import { Segment } from './segment.ts';
import { Soon } from './soon.ts';
import { Unserved } from './unserved.ts';

export class Owner {
  readonly registers: Registers;
  readonly #o: OwnerOptions;
  readonly #view: OwnerView;
  #segments: Segment[] = [];
  readonly #changes = new Map<Change, Segment | undefined>();
  readonly #asking: Asking;
  readonly #hints: Hints;
  readonly #parked: Parked;
  readonly #unserved: Unserved;
  readonly #soon: Soon;
  #begins = false;

  constructor(options: OwnerOptions, view: OwnerView) {
    const { engine } = options;
    this.#o = options;
    this.#view = view;
    this.#hints = new Hints(engine.size);
    this.#unserved = new Unserved(engine.size);
    this.#soon = new Soon(engine, () => this.reconcile());
    this.#parked = new Parked(engine, (position) => this.#waitsFor(position));
    this.#asking = new Asking(engine, {
      isLost: (contact) => options.voters.isLost(contact),
      sources: () => options.voters.sources(view.neighbours()),
      heard: (contact, birth, known) => {
        options.voters.born(contact, birth);
        this.learn(known);
      },
      found: (arc) => this.#hints.within(arc).length > 0 || this.registers.within(arc).length > 0,
      mayBegin: () => options.heals && !this.registers.hasRestored,
      ready: (arc, bases) => this.#start(arc, bases, 0),
      learned: () => this.reconcile(),
    });
    const self = (): { id: string; birth: number } => ({ id: engine.self.id, birth: engine.birth });
    this.registers = new Registers(engine.size, self, engine.saver, {
      promised: (arc, base, ballot) => this.#promised(arc, base, ballot),
      moved: (arc, configuration) => this.#moved(arc, configuration),
      forgotten: (arc, base) => this.#stop(arc, base),
    });
  }

  /** Whether every position of our arc is being served. */
  get serving(): boolean {
    const arc = this.#view.arc();
    return arc !== undefined && this.#without(arc, this.#segments).length === 0;
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Arcs of ours of which a member that should hold copies has not all of them yet. */
  get underReplicated(): Arc[] {
    const arc = this.#view.arc();
    if (arc === undefined) return [];
    const open = this.#without(arc, this.#segments);
    return [...open, ...this.#segments.filter((segment) => !segment.complete).map((segment) => segment.arc)];
  }

  /** Whether the ring gives us the position. */
  owns(position: number): boolean {
    const arc = this.#view.arc();
    return arc !== undefined && holds(arc, position);
  }

  /** Who may still answer for the position while we copy it from there. */
  servedBy(position: number): Contact | undefined {
    const change = [...this.#changes.keys()].find(({ arc }) => holds(arc, position));
    return change === undefined ? this.#asking.servedBy(position) : change.servedBy;
  }

  /** This member is about to be the first of a ring: nobody else can know of any entry. */
  beginRing(): void {
    this.#begins = this.registers.empty;
  }

  /** The ring has changed, or more is known: takes over what is ours and not held. */
  reconcile(): void {
    const [arc, { engine }] = [this.#view.arc(), this.#o];
    if (!engine.member) return this.#closeAll();
    for (const [change, segment] of this.#changes) {
      const isOurs = arc === undefined || isInside(change.arc, arc, engine.size);
      if (!isOurs || (segment === undefined && isOver(change, this.registers, this.#hints)))
        this.#drop(change);
    }
    this.#asking.keepWithin(arc);
    if (arc !== undefined) {
      // Nobody is missed by a ring that begins.
      if (this.#begins) this.#run(new Change(engine, this.#changeView({ announces: false }), arc, [], 0));
      this.#begins = false;
      const busy = [...this.#segments, ...this.#changes.keys(), ...this.#asking.running];
      for (const part of this.#without(arc, busy)) this.#plan(part);
      for (const part of subtract({ from: 0, to: 0 }, arc, engine.size)) this.#unserved.forget(part);
    }
    for (const segment of this.#segments.slice()) segment.refresh();
    this.#view.changed();
  }

  /** Others have told what they know to be decided; whether any of it is news. */
  learn(known: readonly KnownPart[]): boolean {
    const news = known.filter(({ arc, configuration }) => this.#hint(arc, configuration));
    if (news.length > 0) this.reconcileSoon();
    return news.length > 0;
  }

  /** Runs an operation at its segment: now, or when the arc is served; `refuse` where it takes too long. */
  withSegment(position: number, run: (segment: Segment) => void, refuse: (refusal: Refusal) => void): void {
    const segment = this.segmentAt(position);
    if (segment !== undefined) return run(segment);
    this.#parked.add(position, run, refuse);
  }

  /** The segment that serves the position now. */
  segmentAt(position: number): Segment | undefined {
    return this.#segments.find((segment) => holds(segment.arc, position));
  }

  /** Whether the arc of the position is being taken over: others may have been given what was here before. */
  isTaking(position: number): boolean {
    return this.#changes.size > 0 && [...this.#changes.keys()].some(({ arc }) => holds(arc, position));
  }

  /** Lineages that are left apart meet; segments that touch become one. */
  tidy(): void {
    const ours = this.#segments.filter(({ arc }) => this.#isOurs(arc));
    for (const part of apart(ours, this.registers)) this.#meet(part, (one) => one.complete);
    const run = touching(ours);
    if (run.length < 2) return;
    const renewals = renewalsOf(run, () => newLineage(this.#o.engine.random));
    for (const { segment, to } of renewals) segment.renew(to);
    if (renewals.length > 0) return;
    for (const segment of run) this.#close(segment);
    const { arc, configuration, watermark } = united(run);
    this.#serve(arc, configuration, watermark, Math.max(...run.map(({ since }) => since)));
  }

  /** Has a part of a segment taken over together with what else stands there. */
  #meet({ segment, arc, others }: Apart, isReady: (segment: Segment) => boolean): void {
    const meet = (is: boolean): void => (is && isReady(segment) ? this.#cut(segment, arc) : undefined);
    if (this.#o.heals) return meet(true);
    for (const other of others) isThere(this.#o.engine, arc, other, meet);
  }

  /** A part that nobody serves or changes: what is known of it decides how it is taken over. */
  #plan(part: Arc): void {
    const { known, unknown } = plan(part, this.registers, this.#hints);
    for (const { arc, bases, watermark } of known) {
      if (bases.length > 1 && !this.#o.heals) this.#asking.muster(arc, bases);
      else this.#start(arc, bases, watermark);
    }
    for (const arc of unknown) this.#asking.inquire(arc);
  }

  #start(arc: Arc, bases: readonly Configuration[], watermark: number, urgent = false): void {
    if (isOver({ arc, bases }, this.registers, this.#hints)) return this.reconcileSoon();
    const since = this.#unserved.since(arc, this.#o.engine.now);
    this.#run(new Change(this.#o.engine, this.#changeView({ urgent, since }), arc, bases, watermark));
  }

  #run(change: Change): void {
    this.#changes.set(change, undefined);
    change.begin();
  }

  #changeView({ announces = true, urgent = false, since = this.#o.engine.now } = {}): ChangeView {
    const { engine, voters, heals } = this.#o;
    return {
      since,
      heals,
      registers: this.registers,
      voters: () => voters.next(this.#view.neighbours().successors),
      exchange: (contact, arc) => this.#view.exchange(contact, arc),
      // What was read from a disk waits for its majority.
      mayForce: (arc, hopeless) => heals && (urgent || hopeless || !this.registers.isRestored(arc)),
      isLost: (contact) => voters.isLost(contact),
      decided: (change, decided) => {
        const segment = this.#changes.get(change);
        this.#changes.delete(change);
        if (decided.forced && announces) goOnForced(engine, decided.configuration);
        this.#decided(segment, decided);
      },
      ended: (change, ended) => this.#ended(change, ended),
    };
  }

  #decided(segment: Segment | undefined, decided: Decided): void {
    const { arc, configuration, watermark, own } = decided;
    this.#hints.forget(arc);
    // Others may have heard of it first, and of what comes after: then this member's vote is theirs.
    const first = own && configuration.members[0]?.contact.id === this.#o.engine.self.id;
    const mine = first && this.registers.serves(arc, configuration);
    if (segment !== undefined && !segment.closed && mine) segment.update(configuration, watermark);
    else if (segment !== undefined) this.#close(segment);
    else if (mine && this.#o.engine.member) this.#serve(arc, configuration, watermark);
    this.reconcileSoon();
    this.#view.changed();
  }

  #ended(change: Change, { learned, parts, alone }: Ended): void {
    this.#drop(change);
    let news = false;
    for (const { arc, configuration } of learned) {
      if (this.#hint(arc, configuration)) news = true;
      else change.tell(arc, configuration);
    }
    // Others have their majority: the ring is not one that only begins to come back.
    if (alone !== undefined) this.#start(change.arc, [alone], 0, true);
    else if (parts.length > 1 && !news) {
      for (const part of parts) this.#start(part, change.bases, 0);
    }
    this.reconcileSoon();
  }

  #serve(arc: Arc, configuration: Configuration, watermark: number, since = this.#o.engine.now): void {
    const { engine, voters } = this.#o;
    const inRing = (): boolean => this.#isOurs(arc);
    const segment: Segment = new Segment(
      engine,
      {
        exchange: (contact, part) => this.#view.exchange(contact, part),
        // What the ring has given to another is served until it is taken over, by those who hold it now.
        voters: () =>
          inRing() ? voters.next(this.#view.neighbours().successors) : segment.configuration.members,
        wanted: () => (inRing() ? voters.wanted(this.#view.neighbours().successors) : []),
        isFull: () => !inRing() || voters.isFull(this.#view.neighbours().successors),
        isLost: (contact) => voters.isLost(contact),
        contradicted: (contact) => this.#contradicted(segment, contact, inRing()),
        ready: (next, holders) => {
          const base = segment.configuration;
          const change = new Change(engine, this.#changeView(), arc, [base], segment.watermark);
          this.#changes.set(change, segment);
          change.beginAsOwner(base, next, holders);
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
    segment.since = since;
    this.#segments.push(segment);
    this.#unserved.forget(arc);
    segment.refresh();
    this.#parked.served(segment, arc);
  }

  /** A member does not follow our configuration: what does it know? */
  #contradicted(segment: Segment, contact: Contact, inRing: boolean): void {
    const { engine, voters } = this.#o;
    engine.call(contact, { type: 'inspect', arc: segment.arc, saved: false }, (answer) => {
      if (answer.type !== 'reply' || answer.body.type !== 'inspected' || segment.closed) return;
      const { birth, known } = answer.body;
      voters.born(contact, birth);
      if (this.learn(known)) return;
      const { lineage, epoch } = segment.configuration;
      const follows = known.some((one) => sameBase(one.configuration, segment.configuration));
      // For it the segment's is over by what is forgotten here: this will never be complete.
      for (const part of inRing ? contested(segment, known, this.registers) : [])
        this.#meet(part, (one) => !one.closed && !one.changing);
      // It has promised the epoch to somebody who never came back to it: the next one frees it.
      if (follows && inRing && !segment.changing) segment.renew({ lineage, epoch: epoch + 1 });
      segment.refresh();
    });
  }

  /**
   * Keeps what is told, or what is remembered to have come after it, where nothing known comes after that;
   * closes what it comes after. Whether it is news. Unforced, what is down stops nothing that is served.
   */
  #hint(where: Arc, configuration: Configuration, mayStop = this.#o.heals): boolean {
    const ring = this.#view.arc();
    let news = false;
    for (const part of ring === undefined ? [] : intersect(where, ring, this.#o.engine.size)) {
      const known = [...this.registers.standing(part), ...this.#segments];
      this.#hints.pass(part, configuration);
      const later = this.registers.after(part, configuration);
      for (const one of later) news = this.#hint(one.arc, one.configuration) || news;
      for (const one of this.#without(part, later)) {
        if (!mayStop && isStrange(one, configuration, this.#segments)) {
          isThere(this.#o.engine, one, configuration, (is) => {
            if (is && this.#hint(one, configuration, true)) this.reconcileSoon();
          });
          continue;
        }
        for (const arc of this.#hints.add(one, configuration, known)) {
          news = true;
          this.#stop(arc);
          for (const work of this.#changes.keys()) if (isNewTo(work, arc, configuration)) this.#drop(work);
        }
      }
    }
    return news;
  }

  #promised(arc: Arc, base: Base, ballot: Ballot): void {
    // Its own round 0 is the owner's, who goes on when it is decided.
    if (ballot.round === 0 && ballot.id === this.#o.engine.self.id) return;
    this.#stop(arc, base);
    this.reconcileSoon();
  }

  #moved(arc: Arc, configuration: Configuration): void {
    this.#hints.pass(arc, configuration);
    const mine = configuration.members[0]?.contact.id === this.#o.engine.self.id;
    for (const segment of this.#segments.filter((one) => overlaps(one.arc, arc))) {
      // A change of our own is about to give the segment its new configuration.
      const known = segment.changing || segment.configuration.epoch === configuration.epoch;
      if (!mine || !known) this.#cut(segment, arc);
    }
    this.reconcileSoon();
  }

  /** Of that epoch only, where one is given. */
  #stop(arc: Arc, base?: Base): void {
    for (const segment of this.#segments.filter((one) => overlaps(one.arc, arc))) {
      if (!base || sameBase(segment.configuration, base)) this.#cut(segment, arc);
    }
  }

  /** A part is nothing of ours any more: the rest is served on. */
  #cut(segment: Segment, arc: Arc): void {
    const { configuration, watermark, since } = segment;
    const rest = segment.changing ? [] : subtract(segment.arc, arc, this.#o.engine.size);
    this.#close(segment);
    for (const part of rest) this.#serve(part, configuration, watermark, since);
    this.reconcileSoon();
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
    for (const change of this.#changes.keys()) this.#drop(change);
    for (const segment of this.#segments) this.#close(segment);
    this.#asking.endAll();
    this.#parked.refuseAll('this member has left');
    this.#hints.forget({ from: 0, to: 0 });
    this.#unserved.forget({ from: 0, to: 0 });
  }

  #waitsFor(position: number): readonly Configuration[] | undefined {
    // Where it may be forced, it goes on in a moment, with what is left.
    const waits = (arc: Arc): boolean => !this.#o.heals || this.registers.isRestored(arc);
    const works = [...this.#changes.keys(), ...this.#asking.running];
    return works.find(({ arc, isStuck }) => isStuck && holds(arc, position) && waits(arc))?.bases;
  }

  /** Whether the ring gives us all of the arc. */
  #isOurs(arc: Arc): boolean {
    const ring = this.#view.arc();
    return ring !== undefined && isInside(arc, ring, this.#o.engine.size);
  }

  #without(arc: Arc, covers: readonly { readonly arc: Arc }[]): Arc[] {
    return covers.reduce((parts, one) => without(parts, [one.arc], this.#o.engine.size), [arc]);
  }

  reconcileSoon(): void {
    this.#soon.ask();
  }
}
