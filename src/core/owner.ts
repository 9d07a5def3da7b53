// Owner: the arcs this member answers for. It owns the segments: it claims what the ring gives it, gives up
// what is claimed by others, and lets operations wait while an arc is being taken over. How a segment gets
// ready is in segment.ts, what an operation does in operations.ts. A lookup finds the member that the ring
// holds to be the owner; that member answers only once the copies have promised it the arc (claims.ts), and
// they confirm it for every read and write at quorum.
import type { Claims } from './claims.ts';
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Key } from './entry.ts';
import type { Arc } from './position.ts';
import { holds, intersect, overlaps, subtract } from './position.ts';
import type { SegmentView } from './segment.ts';
import { Segment } from './segment.ts';
import type { MemoryStore } from './store.ts';

/** What the owner needs of its surroundings. */
export interface OwnerView {
  /** The arc that the ring gives us; undefined while that is unknown, and for a client. */
  arc(): Arc | undefined;
  successors(): readonly Contact[];
  /** A version newer than ours came from elsewhere: it must reach a majority before it is read. */
  took(key: Key): void;
  /** Whether the whole arc is served has changed. */
  changed(): void;
}

interface Parked {
  readonly position: number;
  readonly run: (segment: Segment) => void;
  readonly refuse: () => void;
}

/** More segments than this are claimed anew as one arc. */
const SEGMENTS_MAX = 8;

export class Owner {
  readonly #engine: Engine;
  readonly #store: MemoryStore;
  readonly #claims: Claims;
  readonly #view: OwnerView;
  readonly #replicas: number;
  #segments: Segment[] = [];
  readonly #parked = new Set<Parked>();
  /** Members that left and still hold copies: asked as well when an arc is taken over. */
  #leavers: Contact[] = [];
  #highestEpoch = 0;
  /**
   * Who held copies of everything we own when all copies were last complete, and which of them died since.
   */
  #holders = new Set<string>();
  readonly #lostHolders = new Set<string>();

  constructor(engine: Engine, store: MemoryStore, claims: Claims, replicas: number, view: OwnerView) {
    this.#engine = engine;
    this.#store = store;
    this.#claims = claims;
    this.#replicas = replicas;
    this.#view = view;
  }

  /** Whether every position of our arc is being served. */
  get serving(): boolean {
    const arc = this.#view.arc();
    if (arc === undefined) return false;
    return this.#uncovered(arc, (segment) => segment.serving).length === 0;
  }

  /** Arcs of ours of which a member that should hold copies has not all of them yet. */
  get underReplicated(): Arc[] {
    return this.#segments.filter((segment) => !segment.complete).map((segment) => segment.arc);
  }

  /** The members that keep copies of what we own: the next replicas - 1 successors. */
  copies(): readonly Contact[] {
    return this.#view.successors().slice(0, this.#replicas - 1);
  }

  /** The highest epoch at which we hold any part of the arc; 0 = none. */
  epochOf(arc: Arc): number {
    let epoch = 0;
    for (const segment of this.#segments) {
      if (overlaps(segment.arc, arc)) epoch = Math.max(epoch, segment.epoch);
    }
    return epoch;
  }

  /** Whether the ring gives us the position. */
  owns(position: number): boolean {
    const arc = this.#view.arc();
    return arc !== undefined && holds(arc, position);
  }

  /**
   * The ring has changed, or a part was lost: claims what is ours and not held. `merged` > 0: another ring
   * held it too.
   */
  reconcile(merged: number): void {
    const arc = this.#view.arc();
    if (!this.#engine.member) return this.#closeAll();
    this.#highestEpoch = Math.max(this.#highestEpoch, merged);
    if (arc !== undefined) {
      if (merged > 0 || this.#segments.length > SEGMENTS_MAX) this.#closeAll();
      for (const segment of this.#segments) this.#confine(segment, arc);
      for (const part of this.#uncovered(arc, () => true)) this.#claim(part);
    }
    for (const segment of this.#segments) segment.refresh();
    this.#view.changed();
  }

  /**
   * A member is dead, or has left. Where half or more of those that held our entries have died since all
   * copies were last complete, acknowledged entries may be lost: service goes on, and says so.
   */
  gone(id: string, left: boolean): void {
    this.removeLeaver(left ? '' : id);
    if (left || !this.#holders.has(id)) return;
    this.#lostHolders.add(id);
    const before = this.#holders.size + 1;
    const alive = before - this.#lostHolders.size;
    if (alive > before / 2 || alive + 1 <= before / 2) return;
    const message = `${alive} of ${before} members that held copies are left; service goes on from theirs`;
    this.#engine.event({ type: 'degraded', message });
  }

  /** A member has left by its own will and can still be asked for what it holds. */
  addLeaver(contact: Contact): void {
    this.#leavers = [...this.#leavers.filter((leaver) => leaver.id !== contact.id), contact].slice(
      -this.#replicas,
    );
  }

  /** It cannot be asked any more. */
  removeLeaver(id: string): void {
    this.#leavers = this.#leavers.filter((leaver) => leaver.id !== id);
  }

  /** Another member was promised this arc: we no longer answer for it. */
  cut(arc: Arc): void {
    let touched = false;
    for (const segment of this.#segments) {
      if (!overlaps(segment.arc, arc)) continue;
      touched = true;
      this.#keep(segment, subtract(segment.arc, arc, this.#engine.size));
    }
    if (touched) this.#reconcileSoon();
  }

  /** Runs an operation at its segment: now, or when the arc is served; `refuse` where it takes too long. */
  withSegment(position: number, run: (segment: Segment) => void, refuse: () => void): void {
    const segment = this.#segments.find((candidate) => candidate.serving && holds(candidate.arc, position));
    if (segment !== undefined) return run(segment);
    if (this.#parked.size >= this.#engine.limits.parked) return refuse();
    const parked: Parked = { position, run, refuse };
    this.#parked.add(parked);
    // The asker would suspect us if we said nothing for longer.
    this.#engine.after(this.#engine.profile.requestMaxMs / 2, () => {
      if (this.#parked.delete(parked)) refuse();
    });
  }

  /** The segment that serves the position now. */
  segmentAt(position: number): Segment | undefined {
    return this.#segments.find((segment) => segment.serving && holds(segment.arc, position));
  }

  /** What the ring has given to another is no longer answered for, whether or not it has been claimed yet. */
  #confine(segment: Segment, arc: Arc): void {
    const parts = intersect(segment.arc, arc, this.#engine.size);
    this.#keep(segment, parts);
  }

  /** One part of a segment can be kept; several are claimed anew. */
  #keep(segment: Segment, parts: readonly Arc[]): void {
    const first = parts[0];
    if (parts.length !== 1 || first === undefined) return this.#close(segment);
    if (first.from !== segment.arc.from || first.to !== segment.arc.to) segment.narrow(first);
  }

  #claim(arc: Arc): void {
    const epoch = 1 + Math.max(this.#claims.highest(arc), this.#highestEpoch);
    this.#claims.grant(arc, this.#engine.self.id, epoch);
    const view: SegmentView = {
      copies: () => this.copies(),
      sources: () => [...this.#view.successors().slice(0, this.#replicas), ...this.#leavers],
      serves: (segment) => this.#serves(segment),
      took: (key) => this.#view.took(key),
      synced: () => this.#recount(),
      lost: (segment, higher) => this.#lost(segment, higher),
    };
    this.#segments.push(new Segment(this.#engine, this.#store, view, arc, epoch));
  }

  #serves(segment: Segment): void {
    for (const parked of this.#parked) {
      if (!holds(segment.arc, parked.position)) continue;
      this.#parked.delete(parked);
      parked.run(segment);
    }
    this.#view.changed();
  }

  /** Every copy is complete: from now on these are the members whose loss counts. */
  #recount(): void {
    if (!this.#segments.every((segment) => segment.complete)) return;
    this.#holders = new Set(this.copies().map((copy) => copy.id));
    this.#lostHolders.clear();
  }

  #lost(segment: Segment, epoch: number): void {
    this.#highestEpoch = Math.max(this.#highestEpoch, epoch, segment.epoch);
    this.#close(segment);
    this.#reconcileSoon();
  }

  /**
   * With a pause, so that two members that both hold an arc to be theirs do not race while the ring settles
   * it.
   */
  #reconcileSoon(): void {
    const pauseMs = this.#engine.random.around(this.#engine.profile.retryMs, 0.5);
    this.#engine.after(pauseMs, () => this.reconcile(0));
  }

  #uncovered(arc: Arc, counts: (segment: Segment) => boolean): Arc[] {
    let parts: Arc[] = [arc];
    for (const segment of this.#segments) {
      if (counts(segment)) parts = parts.flatMap((part) => subtract(part, segment.arc, this.#engine.size));
    }
    return parts;
  }

  #close(segment: Segment): void {
    this.#segments = this.#segments.filter((other) => other !== segment);
    segment.close();
  }

  #closeAll(): void {
    for (const segment of this.#segments) segment.close();
    this.#segments = [];
  }
}
