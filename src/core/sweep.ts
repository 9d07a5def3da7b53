// Sweep: brings entries that are held here, but are not ours to keep, to the members that should have them,
// and forgets them once their owner has said that its whole set holds them. It is how copies leave former
// holders, how a leaving member hands over, and how the entries of two rings come together.
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Entry, EntryVersion, Key, Place } from './entry.ts';
import type { Goal, LookupResult } from './lookup.ts';
import type { Arc } from './position.ts';
import { holds } from './position.ts';
import type { MemoryStore } from './store.ts';
import type { Timer } from './timers.ts';

export interface SweepView {
  /** The arc that is ours to keep; undefined = none (a client). */
  arc(): Arc | undefined;
  /** Whether there is no member left to hand anything to. */
  nobody(): boolean;
  lookup(goal: Goal, done: (result: LookupResult) => void): void;
}

/**
 * A clean store is looked through again after this many sweep periods even if nothing was reported to have
 * changed.
 */
const IDLE_PERIODS = 20;

/** Eager stabilisations that the ring gets to settle before the copies held here are looked through. */
const SETTLING_TURNS = 3;

export class Sweep {
  readonly #engine: Engine;
  readonly #store: MemoryStore;
  readonly #view: SweepView;
  #timer: Timer | undefined;
  #running = false;
  /** Something changed since the last sweep began. */
  #dirty = false;
  /** Some entries could not be handed over in this sweep. */
  #unfinished = false;
  #onClean: (() => void) | undefined;

  constructor(engine: Engine, store: MemoryStore, view: SweepView) {
    this.#engine = engine;
    this.#store = store;
    this.#view = view;
  }

  /** Entries held here, tombstones included. */
  get held(): number {
    return this.#store.size;
  }

  /**
   * Copies held here may belong elsewhere now. Where two rings meet, nobody else has them: until they are
   * offered, their new owner answers that there is nothing.
   */
  touch(): void {
    this.#dirty = true;
    this.#schedule(this.#engine.profile.stabiliseEagerMs * SETTLING_TURNS);
  }

  /** Sweeps at once and again until nothing held here belongs elsewhere. */
  untilClean(done: () => void): void {
    this.#onClean = done;
    this.#dirty = true;
    this.#schedule(0);
  }

  /** Nobody waits for a clean store any more. */
  giveUp(): void {
    this.#onClean = undefined;
  }

  #schedule(ms: number): void {
    const { now } = this.#engine;
    if (this.#running || (this.#timer?.action !== undefined && this.#timer.at <= now + ms)) return;
    this.#engine.cancelTimer(this.#timer);
    this.#timer = this.#engine.after(ms, () => this.#begin());
  }

  #begin(): void {
    this.#running = true;
    this.#store.forgetDead(this.#engine.wall - this.#engine.profile.tombstoneMs);
    this.#dirty = false;
    this.#unfinished = false;
    // The last of a ring keeps what it holds.
    if (this.#view.nobody()) this.#end();
    else this.#from(undefined);
  }

  #end(): void {
    this.#running = false;
    const { sweepMs, retryMs } = this.#engine.profile;
    if (!this.#dirty && !this.#unfinished) {
      const done = this.#onClean;
      this.#onClean = undefined;
      done?.();
    }
    if (this.#onClean !== undefined) return this.#schedule(retryMs);
    const again = this.#dirty || this.#unfinished;
    if (again) this.#schedule(sweepMs);
    else if (this.#store.size > 0) this.#schedule(sweepMs * IDLE_PERIODS);
  }

  /** Goes on with the first entry behind `after` that is not ours; positions are walked from 0 upwards. */
  #from(after: Place | undefined): void {
    const own = this.#view.arc();
    if (own === undefined && this.#engine.member) {
      this.#unfinished = true;
      return this.#end();
    }
    for (const { position, entry } of this.#store.walk(WHOLE, after)) {
      if (own !== undefined && this.#engine.member && holds(own, position)) continue;
      return this.#locate({ position, key: entry.key });
    }
    this.#end();
  }

  #locate(place: Place): void {
    const { position } = place;
    const deadline = this.#engine.now + this.#engine.profile.requestMaxMs;
    const request = (): { type: 'locate'; position: number } => ({ type: 'locate', position });
    this.#view.lookup({ position, request, here: () => false, deadline }, (result) => {
      const { reply } = result;
      if (reply?.type !== 'located' && this.#view.nobody()) return this.#end();
      if (reply?.type !== 'located') return this.#skip({ from: position, to: position }, place);
      const keeps = reply.replicas.some((contact) => contact.id === this.#engine.self.id);
      // The owner counts on our copies: they stay, unless it has not noticed yet that we are leaving.
      if (keeps) return this.#engine.member ? this.#passBy(reply.arc, place) : this.#skip(reply.arc, place);
      this.#offer(result.owner, reply.arc, place);
    });
  }

  /** Offers a page of what is held of the owner's arc, from `place` on. */
  #offer(owner: Contact, arc: Arc, place: Place): void {
    const items: EntryVersion[] = [];
    let last = place;
    const first = this.#store.get(place.key);
    if (first !== undefined) items.push({ key: first.key, version: first.version });
    for (const { position, entry } of this.#store.walk(WHOLE, place)) {
      if (items.length >= this.#engine.limits.pageEntries || !holds(arc, position)) break;
      items.push({ key: entry.key, version: entry.version });
      last = { position, key: entry.key };
    }
    if (items.length === 0) return this.#from(place);
    this.#engine.call(owner, { type: 'offer', items }, (answer) => {
      if (answer.type !== 'reply' || answer.body.type !== 'offered') return this.#skip(arc, last);
      const { wanted, release } = answer.body;
      const offered = new Map(items.map(({ key, version }) => [key, version]));
      for (const key of release)
        if (this.#store.get(key)?.version === offered.get(key)) this.#store.remove(key);
      // What was not released has to be offered again, once the owner has it and its copies are complete.
      if (release.length < items.length) this.#unfinished = true;
      this.#send(owner, wanted, () => this.#from(last));
    });
  }

  #send(owner: Contact, wanted: readonly Key[], then: () => void): void {
    const entries: Entry[] = [];
    let bytes = 0;
    let sent = 0;
    for (const key of wanted) {
      if (bytes >= this.#engine.limits.pageBytes) break;
      sent += 1;
      const entry = this.#store.get(key);
      if (entry === undefined) continue;
      entries.push(entry);
      bytes += key.length + (entry.value?.length ?? 0);
    }
    if (entries.length === 0) return then();
    const timeoutMs = this.#engine.profile.timeoutMs;
    const next = (): void => this.#send(owner, wanted.slice(sent), then);
    this.#engine.call(owner, { type: 'adopt', entries }, next, timeoutMs);
  }

  /** This part could not be handed over now. */
  #skip(arc: Arc, place: Place): void {
    this.#unfinished = true;
    this.#passBy(arc, place);
  }

  /** Goes on behind the arc, or behind the place where the arc wraps round. */
  #passBy(arc: Arc, place: Place): void {
    const wraps = arc.to < place.position;
    this.#from(wraps ? { position: Number.MAX_SAFE_INTEGER, key: '' } : { position: arc.to, key: LAST_KEY });
  }
}

/**
 * Walked from position 0 to the end: an arc that ends where it begins, at the last position that can exist.
 */
const WHOLE: Arc = { from: Number.MAX_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };
const LAST_KEY = '\uffff';
