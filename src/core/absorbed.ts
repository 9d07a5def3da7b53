// Absorbed: the members of sets that were left behind, each read once by the owner of the arc, because it may
// hold what nobody else does. Each promises its epoch away before: what was acknowledged there after it was
// read would be lost. It owns the readings under way; what is done with their news is the segment's affair
// (segment.ts).
import type { Base } from './configuration.ts';
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Exchange } from './exchange.ts';
import type { Arc } from './position.ts';

/** Whoever entries are read from. */
export interface Source {
  exchange: Exchange | undefined;
  /** It held what we did not, and so may others not: they have to be compared again. */
  news: boolean;
}

export interface AbsorbedView {
  readonly arc: Arc;
  /** `done` is called when it is read to the end. */
  read(contact: Contact, source: Source, done: () => void): Exchange;
  isLost(contact: Contact): boolean;
  /** No more comes from there, though it was not read to the end. */
  over(source: Source): void;
}

/** Read at once, or remembered; whoever finds no room offers again. */
const SOURCES_MAX = 64;
/** A holder offers what it holds once a sweep; by then some more may have to be settled. */
const KNOWN_SWEEPS = 3;

export class Absorbed {
  readonly #engine: Engine;
  readonly #view: AbsorbedView;
  readonly #sources = new Map<string, Source>();

  constructor(engine: Engine, view: AbsorbedView) {
    this.#engine = engine;
    this.#view = view;
  }

  /**
   * Reads what the member holds; whether that is done. It is remembered for a while: what was read answers
   * for all that the member offers in one sweep, of which this arc may be several parts.
   */
  absorb(contact: Contact, of: Base): boolean {
    const name = `${contact.id} ${contact.incarnation} ${of.lineage} ${of.epoch}`;
    const known = this.#sources.get(name);
    if (known !== undefined) return known.exchange?.finished === true;
    if (this.#sources.size >= SOURCES_MAX) return false;
    const source: Source = { exchange: undefined, news: false };
    this.#sources.set(name, source);
    this.#watch(name, contact, source);
    const read = (): void => {
      source.exchange = this.#view.read(contact, source, () => this.#forgetLater(name, source));
    };
    if (of.lineage === '') read();
    else this.#stop(contact, of, () => this.#sources.get(name) === source, read);
    return false;
  }

  /** Whether something was read that the copies have not been told of. */
  get hasNews(): boolean {
    for (const { news } of this.#sources.values()) if (news) return true;
    return false;
  }

  /** Whether something is still being read, or is to be. */
  get isReading(): boolean {
    return [...this.#sources.values()].some(({ exchange }) => exchange?.finished !== true);
  }

  close(): void {
    for (const { exchange } of this.#sources.values()) exchange?.end();
    this.#sources.clear();
  }

  /** Has it serve that epoch no more, as far as anybody is still there who does. */
  #stop(contact: Contact, of: Base, isWanted: () => boolean, done: () => void): void {
    const { self, random, profile } = this.#engine;
    const ballot = { round: 1, id: `${self.id} absorbs` };
    this.#engine.call(contact, { type: 'prepare', arc: this.#view.arc, base: of, ballot }, (answer) => {
      if (!isWanted()) return;
      // Whatever the vote, it is none that serves; where it could not be written down there is none.
      if (answer.type === 'reply' && answer.body.type === 'voted') return done();
      this.#engine.after(random.around(profile.retryMs * 2), () => {
        if (isWanted()) this.#stop(contact, of, isWanted, done);
      });
    });
  }

  #forgetLater(name: string, source: Source): void {
    this.#engine.after(KNOWN_SWEEPS * this.#engine.profile.sweepMs, () => {
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
