// Changes: how the owner tells watchers what has changed in an arc. What it tells is the entries in force and
// those they replaced, link by link, so that nothing which was never acknowledged slips in; a link that is
// forgotten is a gap. It owns the questions that are held until there is something to tell, a bounded number.
import type { ChangesReply, ChangesRequest } from './change-query.ts';
import type { Engine } from './engine.ts';
import type { Entry, Version } from './entry.ts';
import { pageOf } from './exchange.ts';
import type { History } from './history.ts';
import type { Reply } from './message.ts';
import type { Arc } from './position.ts';
import { advance, holds, intersect } from './position.ts';
import type { Segment } from './segment.ts';
import type { MemoryStore } from './store.ts';
import type { Timer } from './timers.ts';

/** A question that waits. */
interface Held {
  readonly request: ChangesRequest;
  readonly again: () => void;
  timer: Timer | undefined;
}

/** The first position of an arc: whose owner is asked. */
export function firstOf(arc: Arc, size: number): number {
  return advance(arc.from, 1, size) % size;
}

export class Changes {
  readonly #engine: Engine;
  readonly #store: MemoryStore;
  readonly #history: History;
  readonly #held = new Set<Held>();

  constructor(engine: Engine, store: MemoryStore, history: History) {
    this.#engine = engine;
    this.#store = store;
    this.#history = history;
  }

  /** Answers at a segment; `again` puts the question anew, to whoever serves the arc by then. */
  answer(
    request: ChangesRequest,
    segment: Segment,
    deadline: number,
    respond: (reply: Reply) => void,
    again: () => void,
  ): void {
    const reply = this.#page(request, segment);
    if (reply.entries.length === 0 && !reply.missing && !request.fresh && request.waitMs > 0) {
      return this.#hold(request, respond, again);
    }
    // What is told is brought to a majority first, and so is a question without an answer: are we the owner?
    const newest = reply.entries.filter((entry) => this.#store.get(entry.key)?.version === entry.version);
    const brought: readonly (Entry | undefined)[] = newest.length === 0 ? [undefined] : newest;
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

  /** A change was acknowledged: whoever waits for it is told. */
  changed({ key }: Entry): void {
    for (const held of this.#held) {
      const { request } = held;
      if (request.prefix ? key.startsWith(request.key) : key === request.key) this.#release(held);
    }
  }

  #hold(request: ChangesRequest, respond: (reply: Reply) => void, again: () => void): void {
    if (this.#held.size >= this.#engine.limits.parked) {
      return respond({ type: 'failed', code: 'BUSY', message: 'too many watches wait here already' });
    }
    const held: Held = { request, again, timer: undefined };
    this.#held.add(held);
    const waitMs = Math.min(request.waitMs, this.#engine.profile.requestMaxMs / 2);
    held.timer = this.#engine.after(waitMs, () => this.#release(held));
  }

  #release(held: Held): void {
    this.#held.delete(held);
    this.#engine.cancelTimer(held.timer);
    this.#engine.defer(held.again);
  }

  #page(request: ChangesRequest, segment: Segment): ChangesReply {
    const { size, limits, wall } = this.#engine;
    const first = firstOf(request.arc, size);
    const arc = intersect(request.arc, segment.arc, size).find((part) => holds(part, first)) ?? segment.arc;
    const found: Entry[] = [];
    let { since: through } = request;
    let missing = !request.fresh && request.sinceMs < segment.watermark;
    for (const entry of this.#matching(request, arc)) {
      if (request.fresh && entry.version > through) through = entry.version;
      if (!request.fresh) missing = this.#chain(entry, request.since, found) || missing;
    }
    found.sort((a, b) => (a.version < b.version ? -1 : 1));
    const entries = pageOf(found, limits.pageEntries, limits.pageBytes);
    through = entries.at(-1)?.version ?? through;
    return { type: 'changed', arc: segment.arc, entries, through, throughMs: Math.floor(wall), missing };
  }

  *#matching({ key, prefix }: ChangesRequest, arc: Arc): Generator<Entry> {
    const single = prefix ? undefined : this.#store.get(key);
    if (single !== undefined) yield single;
    if (!prefix) return;
    for (const { entry } of this.#store.walk(arc)) if (entry.key.startsWith(key)) yield entry;
  }

  /** Adds an entry and what it replaced, down to a version; whether a link is forgotten. */
  #chain(newest: Entry, since: Version, found: Entry[]): boolean {
    let entry = newest;
    while (entry.version > since) {
      found.push(entry);
      if (entry.previous <= since) return false;
      const replaced = this.#history.byVersion(entry.previous);
      if (replaced === undefined) return true;
      entry = replaced;
    }
    return false;
  }
}
