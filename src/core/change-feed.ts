// ChangeFeed: what was stored in one segment while somebody watched it, in the order in which it came, and
// the questions that wait for more. It owns the log by which an answer costs as much as has changed, and
// which lineages this segment follows without a break; what is told of it is changes.ts's affair.
import type { ChangesRequest } from './change-query.ts';
import type { Entry, Key, Version } from './entry.ts';
import { lineageOf, lineagePart } from './entry.ts';
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
  /** It was made in a history that is not this segment's: whoever watches may have been told of it before. */
  readonly foreign: boolean;
}

export class ChangeFeed {
  readonly segment: Segment;
  readonly id: number;
  /** Monotonic milliseconds of the last question. */
  askedAt: number;
  /** The newest version in the arc that a majority is known to hold. */
  settled: Version = '';
  readonly #max: number;
  readonly #lineages: Set<string>;
  #items: FeedItem[] = [];
  /** The place of the first item. */
  #start = 1;
  readonly #byKey = new Map<Key, Set<Held>>();
  readonly #byPrefix = new Set<Held>();

  /** Remembers the last `max` items at least; `lineages` are those that lead to the segment's. */
  constructor(segment: Segment, id: number, now: number, max: number, lineages: ReadonlySet<string>) {
    this.segment = segment;
    this.id = id;
    this.askedAt = now;
    this.#max = max;
    this.#lineages = new Set([...lineages, this.lineage]);
  }

  /** What is asked for next goes on here. */
  get end(): number {
    return this.#start + this.#items.length;
  }

  get lineage(): string {
    return lineagePart(this.segment.configuration.lineage);
  }

  get lineages(): ReadonlySet<string> {
    return this.#lineages;
  }

  /** Whether this segment has gone on from that lineage, or is of it. */
  follows(lineage: string): boolean {
    this.#lineages.add(this.lineage);
    return lineage === '' || this.#lineages.has(lineage);
  }

  add({ position, entry: { key, version } }: Stored): void {
    const foreign = !this.follows(lineageOf(version));
    this.#items.push({ position, key, version, foreign });
    // Dropped by halves, so that each costs nothing much.
    if (this.#items.length < 2 * this.#max) return;
    this.#start += this.#items.length - this.#max;
    this.#items = this.#items.slice(-this.#max);
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
