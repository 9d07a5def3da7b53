// Operations: what the owner of a key does for one operation on it. It owns the order of operations on each
// key: writes go one at a time, and a read waits for the writes before it, so that conditions are atomic
// and nobody reads a value that may still be lost. Copies are asked through the rounds of the segment.
import { valueAfter } from './computed-value.ts';
import { mayHaveGoneOn } from './configuration.ts';
import type { Engine } from './engine.ts';
import type { Entry, Key, Version } from './entry.ts';
import { eraOf, isNewer, isSince, VersionClock } from './entry.ts';
import type { History } from './history.ts';
import { lapseBetween } from './lapse.ts';
import type { OperationResult, Reply, Request } from './message.ts';
import { failed, failureOf, type Reading, type ResultOf } from './operation-answer.ts';
import { isAllowed, valueOf, withRequests, written } from './operation-answer.ts';
import type { Arc } from './position.ts';
import { firstCameAt, mayBeDoneSince } from './repeats.ts';
import type { Counts, RoundOutcome } from './rounds.ts';
import type { Segment } from './segment.ts';
import type { MemoryStore } from './store.ts';

export type OperateRequest = Extract<Request, { type: 'operate' }>;

/** An operation that has reached the owner. */
export interface Arrival {
  readonly request: OperateRequest;
  readonly position: number;
  readonly segment: Segment;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  /** The owner's arc, which every answer carries. */
  readonly arc: Arc;
  readonly respond: (reply: Reply) => void;
}

export class Operations {
  readonly clock: VersionClock;
  readonly #engine: Engine;
  readonly #store: MemoryStore;
  readonly #history: History;
  /** The write that is under way on a key, followed by what waits for it. */
  readonly #queues = new Map<Key, Arrival[]>();
  /** How many wait in all queues. */
  #waiting = 0;
  /** Answers to writes that changed nothing, by their operation. */
  readonly #withoutEffect = new Map<string, OperationResult>();
  /** Told of every version that a majority has come to hold. */
  onSettled: (position: number, entry: Entry) => void = () => {};
  /** Keys whose newest version here may not have reached a majority: a read brings it there first. */
  readonly #unsettled = new Set<Key>();

  constructor(engine: Engine, store: MemoryStore, history: History) {
    this.#engine = engine;
    this.#store = store;
    this.#history = history;
    this.clock = new VersionClock(engine.self.id);
  }

  /** The entry as users see it: no tombstone, not expired. */
  live(key: Key): Entry | undefined {
    return this.#liveOf(this.#store.get(key));
  }

  #liveOf(entry: Entry | undefined): Entry | undefined {
    return entry?.value === undefined || this.#isOver(entry) ? undefined : entry;
  }

  /** The newest entry of the key, where a majority may not hold it yet. */
  unsettledOf(key: Key): Entry | undefined {
    return this.#unsettled.has(key) ? this.#store.get(key) : undefined;
  }

  unsettle(key: Key): void {
    this.#unsettled.add(key);
  }

  /** An entry came from another holder: what is made here from now on comes after it, for those who watch. */
  took(key: Key): void {
    this.unsettle(key);
    const version = this.#store.versionOf(key);
    if (version !== undefined) this.clock.observe(version);
  }

  /** Nothing of the key is held any more. */
  removed(key: Key): void {
    this.#unsettled.delete(key);
  }

  handle(arrival: Arrival): void {
    const { key } = arrival.request;
    const queue = this.#queues.get(key);
    if (queue !== undefined) {
      if (this.#waiting >= this.#engine.limits.parked) {
        return arrival.respond(failed('BUSY', 'too many operations wait for writes before them'));
      }
      this.#waiting += 1;
      queue.push(arrival);
      return;
    }
    this.#start(arrival);
  }

  /** The owner lets an entry end whose time is over: a deletion that says since when. */
  expire(segment: Segment, position: number, entry: Entry): void {
    if (this.#queues.has(entry.key)) return;
    const tombstone = this.#version(segment, entry, {
      value: undefined,
      expiresAt: entry.expiresAt,
      operation: '',
    });
    this.#store.put(position, tombstone);
    this.#unsettled.add(entry.key);
    const deadline = this.#engine.now + this.#engine.profile.timeoutMs;
    const done = (outcome: RoundOutcome): void => {
      if (outcome !== 'agreed') return;
      this.settled(position, tombstone);
      this.#tell(tombstone);
    };
    segment.rounds.add({ position, entry: tombstone, need: 'quorum', deadline, done });
  }

  #start(arrival: Arrival): void {
    if (arrival.request.operation.type === 'get') return this.#get(arrival);
    this.#queues.set(arrival.request.key, [arrival]);
    this.#write(arrival);
  }

  #finish(arrival: Arrival, reply: Reply): void {
    arrival.respond(reply);
    const { key } = arrival.request;
    const queue = this.#queues.get(key);
    if (queue === undefined || queue[0] !== arrival) return;
    this.#queues.delete(key);
    queue.shift();
    // Reads that waited run together; the next write takes the rest of the queue over.
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      this.#waiting -= 1;
      this.#start(next);
      const taken = this.#queues.get(key);
      if (taken === undefined) continue;
      taken.push(...queue);
      return;
    }
  }

  #get(arrival: Arrival): void {
    const { key, consistency } = arrival.request;
    const reading = this.#read(key);
    if (consistency === 'one') return arrival.respond(operated(arrival, valueOf(reading, 1, 1)));
    const repair = this.#unsettled.has(key) ? this.#store.get(key) : undefined;
    this.#round(arrival, repair, (copies, agreed) => valueOf(reading, copies, agreed));
  }

  /** As live(), but only what a reader is told: reading is done most. */
  #read(key: Key): Reading | undefined {
    const kept = this.#store.kept(key);
    if (kept === undefined || this.#isOver(kept)) return undefined;
    const { value, version, expiresAt } = kept;
    return value === undefined ? undefined : { value, version, expiresAt };
  }

  #isOver({ expiresAt }: Pick<Entry, 'expiresAt'>): boolean {
    return expiresAt > 0 && expiresAt <= this.#engine.wall;
  }

  #write(arrival: Arrival): void {
    const { key, operation, operationId, sinceMs } = arrival.request;
    const stored = this.#store.get(key);
    const present = this.#liveOf(stored);
    if (operation.type === 'get') return this.#get(arrival);
    // It waited, and the arc has gone meanwhile: what is made now would be of an epoch that is over.
    if (arrival.segment.closed) return this.#finish(arrival, failed('BUSY', 'the arc has gone elsewhere'));
    const done = this.#doneBefore(stored, arrival);
    if (done.entry !== undefined) {
      const { entry } = done;
      // Made by a former owner, or here without a majority: it is acknowledged only now.
      const isNews = entry === stored && this.#unsettled.has(key);
      // Who asks again has had no answer; a message that comes twice says nothing of that.
      const again = entry === stored && sinceMs > 0 ? () => this.#putAgain(arrival, entry) : undefined;
      const answer: ResultOf = () => {
        if (isNews) this.#tell(entry);
        return written(entry, true, operation);
      };
      return this.#round(arrival, stored, answer, again);
    }
    if (done.unknown || this.#isForgotten(arrival)) {
      const message =
        'this write was sent again too late: whether it was carried out before is not known any more';
      return this.#finish(arrival, { type: 'failed', code: 'ERR_TIMEOUT', message });
    }
    const repair = stored !== undefined && this.#unsettled.has(key) ? stored : undefined;
    const without = this.#withoutEffect.size === 0 ? undefined : this.#withoutEffect.get(operationId);
    if (without !== undefined) return this.#round(arrival, repair, () => without);
    if (!isAllowed(operation, present)) {
      return this.#round(arrival, repair, () => ({ type: 'conflict', version: present?.version ?? '' }));
    }
    if (operation.type === 'delete' && present === undefined) {
      return this.#round(arrival, repair, () => ({
        type: 'deleted',
        existed: false,
        version: stored?.version ?? '',
      }));
    }
    const computed = valueAfter(operation, present?.value, this.#engine.limits.valueBytes);
    if (computed.type === 'refused') return this.#round(arrival, repair, () => computed);
    this.#put(arrival, this.#make(arrival, stored, present, computed.value), present !== undefined);
  }

  /**
   * What this very write has made when it was sent before, if that came to be in force: what a failed owner
   * left behind is remembered too, and no later version was made from it.
   */
  #doneBefore(
    stored: Entry | undefined,
    arrival: Arrival,
  ): { readonly entry?: Entry; readonly unknown: boolean } {
    const { operationId } = arrival.request;
    if (operationId === '' || stored === undefined) return { unknown: false };
    if (stored.operation === operationId) return { entry: stored, unknown: false };
    const made = this.#history.byOperation(operationId);
    // What it may have made since it was sent first is remembered here, or nobody knows.
    const since = mayBeDoneSince(this.#engine, this.#sentMsAgo(arrival), arrival.segment.since);
    let { previous } = stored;
    while (isSince(previous, since) || made.some(({ version }) => !isNewer(version, previous))) {
      const before = this.#history.byVersion(previous);
      if (before === undefined) return { unknown: true };
      if (before.operation === operationId) return { entry: before, unknown: false };
      ({ previous } = before);
    }
    return { unknown: false };
  }

  /** A write that changed nothing must not change anything when it comes again, late. */
  #remember(operationId: string, answer: OperationResult): void {
    const { type } = answer;
    const changed = type !== 'conflict' && type !== 'refused' && !(type === 'deleted' && !answer.existed);
    if (changed || operationId === '') return;
    this.#withoutEffect.set(operationId, answer);
    if (this.#withoutEffect.size <= this.#engine.limits.history) return;
    for (const oldest of this.#withoutEffect.keys()) {
      this.#withoutEffect.delete(oldest);
      break;
    }
  }

  /** Whether the write may have been carried out so long ago that nobody would remember. */
  #isForgotten(arrival: Arrival): boolean {
    const sentMsAgo = this.#sentMsAgo(arrival);
    return sentMsAgo > 0 && firstCameAt(this.#engine, sentMsAgo) <= this.#history.forgottenMs;
  }

  /** When it was sent first, as long ago as that is by now: it may have waited here. 0 = it is sent first. */
  #sentMsAgo({ request: { sinceMs, budgetMs }, deadline }: Arrival): number {
    const waitedMs = this.#engine.now - (deadline - budgetMs);
    return sinceMs === 0 ? 0 : sinceMs + Math.max(0, waitedMs);
  }

  #make(
    arrival: Arrival,
    stored: Entry | undefined,
    present: Entry | undefined,
    value: Uint8Array | undefined,
  ): Entry {
    const { key, operation, operationId } = arrival.request;
    const ttlMs = operation.type === 'set' ? operation.ttlMs : 0;
    // What is computed from a value lives as long as that would have.
    const inherited = value === undefined || operation.type === 'set' ? 0 : (present?.expiresAt ?? 0);
    const expiresAt = ttlMs > 0 ? Math.ceil(this.#engine.wall + ttlMs) : inherited;
    const former = stored ?? { key, version: '' };
    return this.#version(arrival.segment, former, { value, expiresAt, operation: operationId });
  }

  /** The next version of a key. */
  #version(
    segment: Segment,
    former: { readonly key: Key; readonly version: Version },
    made: Pick<Entry, 'value' | 'expiresAt' | 'operation'>,
  ): Entry {
    if (former.version !== '') this.clock.observe(former.version);
    const { lineage, epoch } = segment.configuration;
    const version = this.clock.next(Math.max(this.#engine.wall, segment.watermark), eraOf(lineage, epoch));
    return { key: former.key, version, previous: former.version, ...made };
  }

  #put(arrival: Arrival, entry: Entry, existed: boolean): void {
    const { storeBytes } = this.#engine.limits;
    if (!this.#store.hasRoom([entry], storeBytes)) {
      const held = this.#store.bytes;
      const message = `the owner's store is full: ${held} of ${storeBytes} bytes (limits.storeBytes)`;
      return this.#finish(arrival, { type: 'failed', code: 'ERR_LIMIT', message });
    }
    const { saver } = this.#engine;
    if (saver.failure !== undefined) {
      const message = `the owner cannot write it down: ${saver.failure}`;
      return this.#finish(arrival, { type: 'failed', code: 'ERR_STORE', message });
    }
    this.#store.put(arrival.position, entry);
    this.#unsettled.add(entry.key);
    const answer: ResultOf = () => {
      this.#tell(entry, existed);
      return written(entry, existed, arrival.request.operation);
    };
    const again = (): void => this.#putAgain(arrival, entry, existed);
    this.#round(arrival, entry, answer, again);
  }

  /**
   * What is acknowledged in a lineage that was forced is a version of that lineage: where the former one has
   * gone on without it, an entry of that would count for less than all that came there since.
   */
  #putAgain(arrival: Arrival, entry: Entry, existed = this.#hadValueBefore(entry)): void {
    const { value, expiresAt, operation } = entry;
    const renewed = this.#version(arrival.segment, entry, { value, expiresAt, operation });
    this.#put(arrival, renewed, existed || value === undefined);
  }

  /**
   * Asks the copies, then answers with what `result` makes of it; a failure says that the outcome is not
   * known. At `one` the answer waits for this member's own disk, and for no copy.
   */
  #round(arrival: Arrival, entry: Entry | undefined, result: ResultOf, again?: () => void): void {
    const { position, deadline, segment } = arrival;
    const { consistency } = arrival.request;
    const need = consistency === 'one' ? 'quorum' : consistency;
    const done = (outcome: RoundOutcome, counts: Counts): void => {
      if (outcome === 'agreed' && entry !== undefined) {
        const isPassed = consistency !== 'one' && mayHaveGoneOn(segment.configuration, entry.version);
        if (again !== undefined && isPassed && this.#isNewest(entry)) return again();
        this.settled(position, entry);
      }
      if (consistency !== 'one') this.#conclude(arrival, outcome, result, counts);
    };
    segment.rounds.add({ position, entry, need, deadline, done });
    if (consistency !== 'one') return;
    this.#engine.saver.whenSaved((saved) =>
      this.#conclude(arrival, saved ? 'agreed' : 'unsaved', result, ALONE),
    );
  }

  #conclude(arrival: Arrival, outcome: RoundOutcome, result: ResultOf, counts: Counts): void {
    if (outcome !== 'agreed') {
      const { failure = '' } = this.#engine.saver;
      const isRead = arrival.request.operation.type === 'get';
      return this.#finish(arrival, failureOf(outcome, counts, failure, isRead));
    }
    const { copies, agreed } = counts;
    const answer = result(copies, agreed);
    this.#remember(arrival.request.operationId, answer);
    this.#finish(arrival, operated(arrival, withRequests(answer, copies - 1)));
  }

  /** Tells this node's user of a change that is acknowledged. */
  #tell(entry: Entry, existed = this.#hadValueBefore(entry)): void {
    const lapse = lapseBetween(this.#history.byVersion(entry.previous), entry);
    if (lapse !== undefined) this.#engine.event({ type: 'delete', key: entry.key, version: lapse.version });
    const type = entry.value === undefined ? 'delete' : existed ? 'update' : 'add';
    this.#engine.event({ type, key: entry.key, version: entry.version });
  }

  #hadValueBefore({ previous }: Entry): boolean {
    return this.#history.byVersion(previous)?.value !== undefined;
  }

  #isNewest({ key, version }: Entry): boolean {
    return this.#store.versionOf(key) === version;
  }

  /** A majority holds this version of the key. */
  settled(position: number, entry: Entry): void {
    this.onSettled(position, entry);
    if (this.#isNewest(entry)) this.#unsettled.delete(entry.key);
  }
}

/** At `one`, nobody else is asked. */
const ALONE: Counts = { copies: 1, agreed: 1, silent: [] };

function operated(arrival: Arrival, result: OperationResult): Reply {
  return { type: 'operated', arc: arrival.arc, result };
}
