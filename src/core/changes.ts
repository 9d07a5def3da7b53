// Changes: how the owner tells watchers what has changed in an arc. What it tells is what is in force and
// what that replaced, each brought to a majority first, so that nothing which was never acknowledged slips
// in, and the ends by time in between (lapse.ts); where a link is forgotten, or a history begins that the
// watcher was not told of, it says that something may be missing. It owns the answers and when they are
// given; what is kept for them is in change-feed.ts.
import type { FeedItem, Held, Led } from './change-feed.ts';
import { ChangeFeed } from './change-feed.ts';
import type { ChangesReply, ChangesRequest, Mark } from './change-query.ts';
import type { Engine } from './engine.ts';
import type { Entry, Key, Version } from './entry.ts';
import { lineageOf, versionTime } from './entry.ts';
import { pageOf } from './exchange.ts';
import type { History } from './history.ts';
import type { Kept } from './kept.ts';
import { lapseBetween } from './lapse.ts';
import type { Reply } from './message.ts';
import type { Operations } from './operations.ts';
import type { Arc } from './position.ts';
import { advance, holds, intersect } from './position.ts';
import type { Segment } from './segment.ts';
import type { MemoryStore, Stored } from './store.ts';

/** The first position of an arc: whose owner is asked. */
export function firstOf(arc: Arc, size: number): number {
  return advance(arc.from, 1, size) % size;
}

/** Items of one feed: some seconds of a busy arc, at about 100 bytes each. */
const FEED_MAX = 4_096;
/** A feed that nobody has asked for this long is given up. */
const IDLE_MS = 60_000;
/** What is known of segments that are not served any more; each is of use for a moment. */
const FORMER_MAX = 128;
/** A version may be ahead of this member's clock by what clocks differ; one further ahead nobody has made. */
const AHEAD_MAX_MS = 60_000;

/** What one answer tells. */
interface Page {
  readonly entries: readonly Entry[];
  readonly through: Version;
  readonly more: boolean;
  readonly missing: boolean;
  readonly behind: Version;
  readonly place: number;
}

export class Changes {
  readonly #engine: Engine;
  readonly #store: MemoryStore;
  readonly #history: History;
  readonly #operations: Operations;
  readonly #feeds = new Map<Segment, ChangeFeed>();
  /** Of segments that were served and watched: the lineages that they followed. */
  #former: Led[] = [];
  #held = 0;

  constructor(engine: Engine, store: MemoryStore, history: History, operations: Operations) {
    this.#engine = engine;
    this.#store = store;
    this.#history = history;
    this.#operations = operations;
  }

  /** Answers at a segment; `again` puts the question anew, to whoever serves the arc by then. */
  answer(
    request: ChangesRequest,
    segment: Segment,
    deadline: number,
    respond: (reply: Reply) => void,
    again: () => void,
  ): void {
    const feed = this.#feedOf(segment);
    const page = this.#page(request, segment, feed);
    const isEmpty = page.entries.length === 0 && !page.missing && !page.more;
    // Who comes from elsewhere goes on in our history and log from now on, and not in what it knew before.
    const isOurs = request.log === feed.id && request.marks.every(({ lineage }) => lineage === feed.lineage);
    if (isEmpty && isOurs && request.waitMs > 0) return this.#hold(feed, request, respond, again);
    const { lineage, id: log } = feed;
    const throughMs = Math.floor(this.#engine.wall);
    const reply: ChangesReply = { type: 'changed', arc: segment.arc, lineage, throughMs, log, ...page };
    // What is told is with a majority first, and so is a question without an answer: are we the owner?
    const keys = new Set(page.entries.map((entry) => entry.key));
    const unsettled = [...keys].flatMap((key) => this.#operations.unsettledOf(key) ?? []);
    const brought: readonly (Entry | undefined)[] = unsettled.length === 0 ? [undefined] : unsettled;
    let [open, failed] = [brought.length, false];
    const done = (outcome: string): void => {
      open -= 1;
      failed ||= outcome !== 'agreed';
      const message = 'the copies did not confirm the changes';
      if (open === 0) respond(failed ? { type: 'failed', code: 'BUSY', message } : reply);
    };
    for (const entry of brought) {
      segment.rounds.add({ position: request.arc.to, entry, need: 'quorum', deadline, done });
    }
  }

  /** An entry was stored here: by an operation, or because another member held it. */
  stored(stored: Stored, former: Version): void {
    for (const [segment, feed] of this.#feeds) {
      if (!holds(segment.arc, stored.position)) continue;
      if (this.#engine.now - feed.askedAt > IDLE_MS) this.#forget(feed);
      // Nobody else will know of it: whoever waits is told at once.
      else if (feed.add(stored, former, this.#engine.wall)) this.#releaseAll(feed);
    }
  }

  /** Others remember an entry that was replaced before it came here. */
  learned(stored: Stored): void {
    for (const [segment, feed] of this.#feeds) {
      if (!holds(segment.arc, stored.position)) continue;
      if (feed.learn(stored, this.#engine.wall)) this.#releaseAll(feed);
    }
  }

  /** A change was acknowledged: whoever waits for it is told. */
  changed(position: number, entry: Entry): void {
    for (const [segment, feed] of this.#feeds) {
      if (!holds(segment.arc, position)) continue;
      if (entry.version > feed.settled) feed.settled = entry.version;
      for (const held of feed.waitingFor(entry)) this.#release(feed, held);
    }
  }

  #feedOf(segment: Segment): ChangeFeed {
    const { random, now } = this.#engine;
    const known = this.#feeds.get(segment);
    if (known !== undefined) {
      known.askedAt = now;
      return known;
    }
    const bornMs = versionTime(this.#operations.clock.latest);
    const limits = { items: FEED_MAX, size: this.#engine.size, bornMs };
    const feed = new ChangeFeed(segment, 1 + random.below(2 ** 32), now, limits, this.#former);
    this.#feeds.set(segment, feed);
    // Nobody need wait for the time to be over before the next owner is asked.
    segment.onClose = () => this.#forget(feed);
    // Whoever waits goes on in the new lineage, of which another owner knows.
    segment.onRenamed = () => this.#releaseAll(feed);
    return feed;
  }

  #forget(feed: ChangeFeed): void {
    this.#feeds.delete(feed.segment);
    this.#former = [...this.#former, ...feed.led].slice(-FORMER_MAX);
    this.#releaseAll(feed);
  }

  #releaseAll(feed: ChangeFeed): void {
    for (const held of feed.waiting()) this.#release(feed, held);
  }

  #hold(feed: ChangeFeed, request: ChangesRequest, respond: (reply: Reply) => void, again: () => void): void {
    if (this.#held >= this.#engine.limits.watches) {
      return respond({ type: 'failed', code: 'BUSY', message: 'too many watches wait here already' });
    }
    const held: Held = { request, again, timer: undefined };
    feed.hold(held);
    this.#held += 1;
    const waitMs = Math.min(request.waitMs, this.#engine.profile.requestMaxMs / 2);
    held.timer = this.#engine.after(waitMs, () => this.#release(feed, held));
  }

  #release(feed: ChangeFeed, held: Held): void {
    feed.release(held);
    this.#held -= 1;
    this.#engine.cancelTimer(held.timer);
    this.#engine.defer(held.again);
  }

  #page(request: ChangesRequest, segment: Segment, feed: ChangeFeed): Page {
    const { size } = this.#engine;
    const first = firstOf(request.arc, size);
    const arc = intersect(request.arc, segment.arc, size).find((part) => holds(part, first)) ?? segment.arc;
    const [mark, ...others] = request.marks;
    if (mark === undefined) return this.#begin(request, arc, feed);
    const lost = request.marks.filter((one) => this.#isLost(one, segment, feed));
    const items = request.log === feed.id && others.length === 0 ? feed.from(request.place) : undefined;
    if (items === undefined || lost.length > 0) return this.#walked(request, arc, lost, feed);
    return this.#logged(request, arc, mark.since, items, feed);
  }

  /** Whether what came between may be missing: another history has begun, or deletions are forgotten. */
  #isLost({ arc, lineage, since, sinceMs }: Mark, segment: Segment, feed: ChangeFeed): boolean {
    const isMade = this.#isMade(since);
    // What is made from now on comes after it, even if this member has never seen that version.
    if (since !== '' && isMade) this.#operations.clock.observe(since);
    return !isMade || sinceMs < segment.watermark || !feed.follows(lineage, arc);
  }

  #isMade(since: Version): boolean {
    return since === '' || versionTime(since) <= this.#engine.wall + AHEAD_MAX_MS;
  }

  /** Nothing is told: from here on everything will be. */
  #begin(request: ChangesRequest, arc: Arc, feed: ChangeFeed): Page {
    let through = '';
    for (const { version } of this.#matching(request, arc)) if (version > through) through = version;
    return { entries: [], through, more: false, missing: false, behind: '', place: feed.end };
  }

  /** What the log has since the last answer: it costs what has changed. */
  #logged(
    request: ChangesRequest,
    arc: Arc,
    since: Version,
    items: readonly FeedItem[],
    feed: ChangeFeed,
  ): Page {
    const { pageEntries, pageBytes } = this.#engine.limits;
    const entries: Entry[] = [];
    let [bytes, place, missing, through, behind] = [0, feed.end - items.length, false, since, since];
    for (const { position, key, version, former, foreign, replaced } of items) {
      if (entries.length >= pageEntries || bytes >= pageBytes) break;
      place += 1;
      const matches = request.prefix ? key.startsWith(request.key) : key === request.key;
      if (!matches || !holds(arc, position)) continue;
      const entry = this.#entry(key, version);
      missing ||= foreign || entry === undefined;
      // What came before it in another history nobody has told, whatever the versions.
      if (foreign) behind = '';
      if (entry !== undefined && !replaced && (!foreign || version > since)) {
        const isNext = foreign || entry.previous === former;
        const told = isNext ? this.#behindLapse(entry) : this.#between(entry, former, since);
        missing ||= told === undefined;
        for (const one of told ?? [entry]) {
          entries.push(one);
          bytes += key.length + (one.value?.length ?? 0);
        }
        if (version > through) through = version;
      }
    }
    const more = place < feed.end;
    if (!more && feed.settled > through) through = feed.settled;
    return { entries, through, more, missing, behind: missing ? behind : '', place };
  }

  /** What the entries themselves tell: for who comes from another owner, or has not asked for long. */
  #walked(request: ChangesRequest, arc: Arc, lost: readonly Mark[], feed: ChangeFeed): Page {
    const { limits } = this.#engine;
    const { marks } = request;
    const found: Entry[] = [];
    let [missing, newest] = [lost.length > 0, ''];
    let foreign = marks.some(({ sinceMs }) => sinceMs <= Math.floor(feed.foreignMs));
    for (const kept of this.#matching(request, arc)) {
      const mark = marks.length === 1 ? marks[0] : marks.find((one) => holds(one.arc, kept.position));
      if (kept.version > newest) newest = kept.version;
      if (mark === undefined || kept.version <= mark.since) continue;
      missing = this.#chain(kept.entry, mark.since, found) || missing;
      // Of another history than the mark and this segment: who holds it has brought it along.
      const lineage = lineageOf(kept.version);
      foreign ||= lineage !== mark.lineage && !feed.followsAt(lineage, kept.position);
    }
    found.sort((a, b) => (a.version < b.version ? -1 : 1));
    const entries = pageOf(found, limits.pageEntries, limits.pageBytes);
    const more = entries.length < found.length;
    missing ||= foreign;
    const isBroken = lost.some((one) => !this.#isMade(one.since) || !feed.follows(one.lineage, one.arc));
    const behind =
      isBroken || foreign
        ? ''
        : marks.reduce((least, { since }) => (since < least ? since : least), marks[0]?.since ?? '');
    const told = entries.at(-1)?.version ?? '';
    const rest = more ? [] : [newest, feed.settled, ...marks.map(({ since }) => since)];
    const through = rest.reduce((a, b) => (b > a && this.#isMade(b) ? b : a), told);
    return { entries, through, more, missing, behind: missing ? behind : '', place: more ? 0 : feed.end };
  }

  *#matching({ key, prefix }: ChangesRequest, arc: Arc): Generator<Kept> {
    if (!prefix) {
      const single = this.#store.kept(key);
      if (single !== undefined) yield single;
      return;
    }
    for (const kept of this.#store.walk(arc)) if (kept.key.startsWith(key)) yield kept;
  }

  /** Adds an entry and what it replaced, with lapses, down to a version; whether a link is forgotten. */
  #chain(newest: Entry, since: Version, found: Entry[]): boolean {
    let entry = newest;
    while (entry.version > since) {
      found.push(entry);
      const replaced = this.#history.byVersion(entry.previous);
      const lapse = lapseBetween(replaced, entry);
      if (lapse !== undefined && lapse.version > since) found.push(lapse);
      if (entry.previous <= since) return false;
      if (replaced === undefined) return true;
      entry = replaced;
    }
    return false;
  }

  /**
   * An entry that came from another holder, behind what was replaced there since the version that stood here,
   * and was not told by a former owner; undefined where a link is forgotten.
   */
  #between(entry: Entry, former: Version, since: Version): Entry[] | undefined {
    const found: Entry[] = [];
    if (this.#chain(entry, former > since ? former : since, found)) return undefined;
    return found.length === 0 ? this.#behindLapse(entry) : found.toReversed();
  }

  /** The entry, and before it the end of the one that it replaced, if that had ended by itself. */
  #behindLapse(entry: Entry): Entry[] {
    const lapse = lapseBetween(this.#history.byVersion(entry.previous), entry);
    return lapse === undefined ? [entry] : [lapse, entry];
  }

  #entry(key: Key, version: Version): Entry | undefined {
    const newest = this.#store.kept(key);
    return newest?.version === version ? newest.entry : this.#history.byVersion(version);
  }
}
