// Segment: an arc that this member owns, or is taking over. It owns the way to service: claim the arc at a
// new epoch from the members that hold copies, collect the newest versions from all of them, see a majority
// of the new copies hold them, then serve; and afterwards keep every copy complete as members come and go.
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Key } from './entry.ts';
import { Exchange } from './exchange.ts';
import type { Arc } from './position.ts';
import { Rounds } from './rounds.ts';
import type { MemoryStore } from './store.ts';

/** What a segment needs of its owner. */
export interface SegmentView {
  /** The members that keep copies beside the owner: the next replicas - 1 successors. */
  copies(): readonly Contact[];
  /** The members that may hold the newest versions: those, the one behind them, and whoever leaves. */
  sources(): readonly Contact[];
  serves(segment: Segment): void;
  /** Every copy is complete. */
  synced(): void;
  /** A newer version of the key was found on another member. */
  took(key: Key): void;
  /** Another member was promised the arc, or a part of it, at `epoch`. */
  lost(segment: Segment, epoch: number): void;
}

export class Segment {
  readonly epoch: number;
  readonly rounds: Rounds;
  #arc: Arc;
  serving = false;
  readonly #engine: Engine;
  readonly #store: MemoryStore;
  readonly #view: SegmentView;
  readonly #exchanges = new Map<string, Exchange>();
  #closed = false;

  constructor(engine: Engine, store: MemoryStore, view: SegmentView, arc: Arc, epoch: number) {
    this.#engine = engine;
    this.#store = store;
    this.#view = view;
    this.#arc = arc;
    this.epoch = epoch;
    const current = (): Arc => this.#arc;
    this.rounds = new Rounds(engine, {
      get arc() {
        return current();
      },
      epoch,
      copies: () => view.copies(),
      lost: () => this.#lost(epoch),
      missed: (id) => this.#missed(id),
    });
  }

  get arc(): Arc {
    return this.#arc;
  }

  /** Another member was promised a part of the arc: this is what is left. */
  narrow(arc: Arc): void {
    this.#arc = arc;
  }

  /** Whether every member that should keep copies holds them all. */
  get complete(): boolean {
    return (
      this.serving && this.#view.copies().every((copy) => this.#exchanges.get(copy.id)?.state === 'synced')
    );
  }

  /** Begins, or takes note that the members that hold copies have changed. */
  refresh(): void {
    if (this.#closed) return;
    const wanted = new Map<string, Contact>();
    for (const contact of this.#view.copies()) wanted.set(contact.id, contact);
    if (!this.serving) for (const contact of this.#view.sources()) wanted.set(contact.id, contact);
    for (const [id, exchange] of this.#exchanges) {
      if (wanted.has(id) && exchange.contact.incarnation === wanted.get(id)?.incarnation) continue;
      exchange.end();
      this.#exchanges.delete(id);
    }
    for (const contact of wanted.values()) {
      if (!this.#exchanges.has(contact.id)) this.#exchange(contact);
    }
    this.#progress();
  }

  /** Whoever waits for a round is told that the arc has gone. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.serving = false;
    for (const exchange of this.#exchanges.values()) exchange.end();
    this.#exchanges.clear();
    this.rounds.close();
  }

  #exchange(contact: Contact): void {
    const current = (): Arc => this.#arc;
    const view = {
      get arc(): Arc {
        return current();
      },
      epoch: this.epoch,
      // While it is being taken over, a majority is made sure of before it is served.
      took: (key: Key): void => {
        if (this.serving) this.#view.took(key);
      },
      progressed: (): void => this.#progress(),
      refused: (epoch: number): void => this.#lost(epoch),
    };
    this.#exchanges.set(contact.id, new Exchange(this.#engine, this.#store, view, contact));
  }

  #progress(): void {
    if (this.#closed) return;
    const exchanges = [...this.#exchanges.values()];
    const collected = exchanges.every((exchange) => exchange.state !== 'claiming');
    if (!this.serving && !collected) return;
    const copies = this.#view.copies();
    for (const copy of copies) this.#exchanges.get(copy.id)?.push();
    if (this.complete) this.#view.synced();
    if (this.serving) return;
    const synced = copies.filter((copy) => this.#exchanges.get(copy.id)?.state === 'synced').length;
    // A majority of the new copies, ours included, holds everything: an acknowledged write cannot be lost
    // by serving now.
    if (synced + 1 < Math.floor((copies.length + 1) / 2) + 1) return;
    this.serving = true;
    this.#view.serves(this);
    if (this.complete) this.#view.synced();
  }

  #missed(id: string): void {
    const exchange = this.#exchanges.get(id);
    if (exchange === undefined) return;
    exchange.end();
    this.#exchanges.delete(id);
    // Not at once: a member that does not answer is either dropped soon or worth the wait.
    this.#engine.after(this.#engine.profile.retryMs, () => this.refresh());
  }

  #lost(epoch: number): void {
    if (this.#closed) return;
    this.#view.lost(this, epoch);
  }
}
