// Absorbed: the members of sets that were left behind, each read once by the owner of the arc, because it may
// hold what nobody else does. It owns the readings under way; what is done with their news is the segment's
// affair (segment.ts).
import type { Base } from './configuration.ts';
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Exchange } from './exchange.ts';

/** Whoever entries are read from. */
export interface Source {
  exchange: Exchange | undefined;
  /** It held what we did not, and so may others not: they have to be compared again. */
  news: boolean;
}

export interface AbsorbedView {
  read(contact: Contact, source: Source): Exchange;
  isLost(contact: Contact): boolean;
  /** No more comes from there, though it was not read to the end. */
  over(source: Source): void;
}

/** More than there can be members that come back at once; one that is pushed out is read again. */
const SOURCES_MAX = 64;

export class Absorbed {
  readonly #engine: Engine;
  readonly #view: AbsorbedView;
  readonly #sources = new Map<string, Source>();

  constructor(engine: Engine, view: AbsorbedView) {
    this.#engine = engine;
    this.#view = view;
  }

  /**
   * Reads what the member holds; whether that is done. It is forgotten soon after: what was read answers for
   * all that the member offers in one sweep, of which this arc may be several parts.
   */
  absorb(contact: Contact, of: Base): boolean {
    const name = `${contact.id} ${contact.incarnation} ${of.lineage} ${of.epoch}`;
    const known = this.#sources.get(name);
    if (known?.exchange?.finished === true) {
      this.#forgetSoon(name, known);
      return true;
    }
    if (known !== undefined) return false;
    const source: Source = { exchange: undefined, news: false };
    source.exchange = this.#view.read(contact, source);
    this.#sources.set(name, source);
    this.#watch(name, contact, source);
    for (const [oldest, other] of this.#sources) {
      if (this.#sources.size <= SOURCES_MAX) break;
      this.#giveUp(oldest, other);
    }
    return false;
  }

  close(): void {
    for (const { exchange } of this.#sources.values()) exchange?.end();
    this.#sources.clear();
  }

  #forgetSoon(name: string, source: Source): void {
    this.#engine.after(this.#engine.profile.sweepMs, () => {
      if (this.#sources.get(name) === source) this.#sources.delete(name);
    });
  }

  /** One that is gone is not asked for ever. */
  #watch(name: string, contact: Contact, source: Source): void {
    this.#engine.after(this.#engine.profile.evictAfterMs, () => {
      if (this.#sources.get(name) !== source || source.exchange?.finished === true) return;
      if (this.#view.isLost(contact)) this.#giveUp(name, source);
      else this.#watch(name, contact, source);
    });
  }

  #giveUp(name: string, source: Source): void {
    source.exchange?.end();
    this.#sources.delete(name);
    this.#view.over(source);
  }
}
