// ChangeFeed: what was stored in one segment while somebody watched it, in the order in which it came, and
// the questions that wait for more. It owns the log by which an answer costs as much as has changed, and
// which lineages this segment follows without a break; what is told of it is changes.ts's affair.
import type { ChangesRequest } from './change-query.ts';
import type { Entry, Key, Version } from './entry.ts';
import { lineageOf, lineagePart, versionTime } from './entry.ts';
import type { Arc } from './position.ts';
import { holds, intersect, without } from './position.ts';
import type { Segment } from './segment.ts';
import type { Stored } from './store.ts';
import type { Timer } from './timers.ts';

/** A question that waits. */
export interface Held {
  readonly request: ChangesRequest;
  readonly again: () => void;
  timer: Timer | undefined;
}

export interface FeedItem {
  readonly position: number;
  readonly key: Key;
  readonly version: Version;
  /** What stood here before; '' = nothing. */
  readonly former: Version;
  /** It was made in a history that is not this segment's: whoever watches may have been told of it before. */
  readonly foreign: boolean;
  /** It was replaced before it came here: nobody is told of it, but that something is missing. */
  readonly replaced: boolean;
}

export interface FeedLimits {
  readonly items: number;
  /** Of the ring. */
  readonly size: number;
  /** Epoch milliseconds of the newest version that was known when it began. */
  readonly bornMs: number;
}

/** The lineages that lead to that of a segment, in some part of it: others may have broken elsewhere. */
export interface Led {
  readonly arc: Arc;
  readonly lineages: ReadonlySet<string>;
}

export class ChangeFeed {
  readonly segment: Segment;
  readonly id: number;
  /** Monotonic milliseconds of the last question. */
  askedAt: number;
  /** The newest version in the arc that a majority is known to hold. */
  settled: Version = '';
  #foreignMs = -Infinity;
  readonly #max: number;
  readonly #size: number;
  readonly #bornMs: number;
  /** Those that this segment has had: each leads to the next. */
  readonly #lineages: Set<string>;
  /** Of segments that were here before, what is of use here. */
  readonly #led: readonly Led[];
  #items: FeedItem[] = [];
  /** The place of the first item. */
  #start = 1;
  readonly #byKey = new Map<Key, Set<Held>>();
  readonly #byPrefix = new Set<Held>();

  /** Remembers the last `max` items at least; `former` is what is known of segments that have ended. */
  constructor(segment: Segment, id: number, now: number, limits: FeedLimits, former: readonly Led[]) {
    this.segment = segment;
    this.id = id;
    this.askedAt = now;
    this.#bornMs = limits.bornMs;
    this.#max = limits.items;
    this.#size = limits.size;
    this.#lineages = new Set([this.lineage]);
    this.#led = former
      .filter(({ lineages }) => lineages.has(this.lineage))
      .flatMap(({ arc, lineages }) =>
        intersect(arc, segment.arc, limits.size).map((part) => ({ arc: part, lineages })),
      );
  }

  /** Epoch milliseconds when something of another history came last: whoever was told before lacks it. */
  get foreignMs(): number {
    return this.#foreignMs;
  }

  /** What is asked for next goes on here. */
  get end(): number {
    return this.#start + this.#items.length;
  }

  get lineage(): string {
    return lineagePart(this.segment.configuration.lineage);
  }

  /** What leads to the lineage that it has now, for the segments that come after it; nothing of one name. */
  get led(): readonly Led[] {
    this.#lineages.add(this.lineage);
    const before = this.#led.map(({ arc, lineages }) => ({
      arc,
      lineages: new Set([...lineages, ...this.#lineages]),
    }));
    const own = { arc: this.segment.arc, lineages: new Set(this.#lineages) };
    return [own, ...before].filter(({ lineages }) => lineages.size > 1);
  }

  /** Whether this segment has gone on from that lineage, or is of it, in all of a part. */
  follows(lineage: string, part: Arc): boolean {
    this.#lineages.add(this.lineage);
    if (lineage === '' || this.#lineages.has(lineage)) return true;
    const led = this.#led.filter(({ lineages }) => lineages.has(lineage));
    if (led.length === 0) return false;
    const here = intersect(part, this.segment.arc, this.#size);
    return (
      without(
        here,
        led.map(({ arc }) => arc),
        this.#size,
      ).length === 0
    );
  }

  /** The same at one position. */
  followsAt(lineage: string, position: number): boolean {
    this.#lineages.add(this.lineage);
    if (lineage === '' || this.#lineages.has(lineage)) return true;
    return this.#led.some(({ arc, lineages }) => lineages.has(lineage) && holds(arc, position));
  }

  /** Something that is stored. Returns whether it is of another history. */
  add({ position, entry: { key, version } }: Stored, former: Version, wall: number): boolean {
    const foreign = !this.followsAt(lineageOf(version), position);
    this.#push({ position, key, version, former, foreign, replaced: false }, wall);
    return foreign;
  }

  /**
   * Something that others remember. Returns whether it was made in another history while this one went on:
   * what was made before is covered by the gap with which this one began.
   */
  learn({ position, entry: { key, version } }: Stored, wall: number): boolean {
    const beside = versionTime(version) > this.#bornMs && !this.followsAt(lineageOf(version), position);
    if (beside) this.#push({ position, key, version, former: '', foreign: true, replaced: true }, wall);
    return beside;
  }

  #push(item: FeedItem, wall: number): void {
    this.#items.push(item);
    if (item.foreign) this.#foreignMs = wall;
    // Dropped by halves, so that each costs nothing much.
    if (this.#items.length >= 2 * this.#max) {
      this.#start += this.#items.length - this.#max;
      this.#items = this.#items.slice(-this.#max);
    }
  }

  /** What has come since the place; undefined where that is not remembered. */
  from(place: number): readonly FeedItem[] | undefined {
    if (place < this.#start || place > this.end) return undefined;
    return this.#items.slice(place - this.#start);
  }

  hold(held: Held): void {
    const { key, prefix } = held.request;
    if (prefix) return void this.#byPrefix.add(held);
    const waiting = this.#byKey.get(key) ?? new Set<Held>();
    this.#byKey.set(key, waiting.add(held));
  }

  release(held: Held): void {
    const { key, prefix } = held.request;
    if (prefix) return void this.#byPrefix.delete(held);
    const waiting = this.#byKey.get(key);
    waiting?.delete(held);
    if (waiting?.size === 0) this.#byKey.delete(key);
  }

  /** The questions that a change answers. */
  waitingFor({ key }: Entry): Held[] {
    const found = [...(this.#byKey.get(key) ?? [])];
    for (const held of this.#byPrefix) if (key.startsWith(held.request.key)) found.push(held);
    return found;
  }

  /** All questions that wait. */
  waiting(): Held[] {
    return [...this.#byPrefix, ...[...this.#byKey.values()].flatMap((held) => [...held])];
  }
}
