// Exchanges: those of one change, begun with voters in the life in which they are voters: what another memory
// holds counts for nothing. It owns their end; what they are for is change.ts's affair.
import type { ChangeView } from './change-view.ts';
import type { Configuration, Voter } from './configuration.ts';
import type { Contact } from './contact.ts';
import type { Key } from './entry.ts';
import type { ExchangeOptions } from './exchange.ts';
import { Exchange } from './exchange.ts';
import type { Arc } from './position.ts';
import { callRoll } from './roll-call.ts';
import type { MemoryStore } from './store.ts';

/** A voter, or a member whose life does not matter. */
export interface Partner {
  readonly contact: Contact;
  readonly birth: number | undefined;
}

/** Who is read, and up to when it has collected what was deleted. */
export interface Source {
  readonly voter: Partner;
  readonly watermark: number;
}

type Direction = Pick<ExchangeOptions, 'pull' | 'watermark' | 'trusted' | 'done'>;

export class Exchanges {
  readonly #view: Pick<ChangeView, 'exchange'>;
  readonly #arc: Arc;
  readonly #base: Configuration | undefined;
  #running: Exchange[] = [];
  /** What belongs to one that has ended is not gone on with. */
  #attempt = 0;
  /** By key: how many of those that were read lack it. */
  readonly #lacking = new Map<Key, number>();
  #store: MemoryStore | undefined;
  /** By id: the life that a member was found in, where it was not the one that was asked for. */
  readonly #births = new Map<string, number>();

  constructor(view: Pick<ChangeView, 'exchange'>, arc: Arc, base: Configuration | undefined) {
    this.#view = view;
    this.#arc = arc;
    this.#base = base;
  }

  /**
   * Reads what the members of a majority hold, and tells of each when that is done. Who has collected all
   * that was, up to the watermark, goes first and is believed; what another holds of before it counts only if
   * one of the former holds it: else it was deleted while the other was away.
   */
  read(sources: readonly Source[], watermark: number, done: (id: string) => void): void {
    const [first, then] = [sources.filter(isCurrent), sources.filter((source) => !isCurrent(source))];
    let open = first.length;
    const next = (): void => {
      for (const { voter } of then) {
        this.#begin(voter, { pull: true, watermark, trusted: false, done: () => done(voter.contact.id) });
      }
    };
    for (const { voter } of first) {
      const finished = (): void => {
        done(voter.contact.id);
        open -= 1;
        if (open === 0) next();
      };
      this.#begin(voter, { pull: true, watermark, trusted: true, done: finished });
    }
    if (first.length === 0) next();

    function isCurrent(source: Source): boolean {
      return source.watermark >= watermark;
    }
  }

  /** Gives the member what it lacks, and waits until it has all of it on its disk. */
  push(voter: Voter, watermark: number, done: () => void): void {
    if (this.#base === undefined) return done();
    const attempt = this.#attempt;
    const { engine } = this.#view.exchange(voter.contact, this.#arc);
    const confirm = (): void => {
      if (this.#attempt !== attempt) return;
      callRoll(engine, this.#arc, [voter], 1, ({ there }) => {
        if (this.#attempt !== attempt) return;
        if (there.size > 0) done();
        else engine.after(engine.random.around(engine.profile.retryMs, 0.5), confirm);
      });
    };
    this.#begin(voter, { pull: false, watermark, trusted: false, done: confirm });
  }

  /** Nothing comes of a member in another life. */
  #begin({ contact, birth }: Partner, { pull, watermark, trusted, done }: Direction): void {
    const base = this.#base;
    if (base === undefined) return done();
    const options = this.#view.exchange(contact, this.#arc);
    const born = (who: Contact, found: number): void => {
      options.born(who, found);
      if (birth === undefined || found === birth) return;
      this.#births.set(who.id, found);
      exchange.end();
    };
    const lacks = (key: Key): void => {
      this.#lacking.set(key, 1 + (this.#lacking.get(key) ?? 0));
    };
    this.#store = options.store;
    const rest = { born, lacks, base, watermark, trusted, pull, push: !pull, done };
    const exchange = new Exchange({ ...options, ...rest });
    this.#running.push(exchange);
  }

  /** Whether the memory in whose name the voter would vote was found to be gone. */
  isForgotten({ contact, birth }: Voter): boolean {
    const found = this.#births.get(contact.id);
    return found !== undefined && found !== birth;
  }

  /**
   * What is held here of before the watermark, and by none of the `read` members: it was deleted while this
   * member was away, and nobody is left to tell of it.
   */
  bury(read: number): void {
    for (const [key, lacking] of this.#lacking) if (lacking === read) this.#store?.remove(key);
  }

  end(): void {
    this.#attempt += 1;
    this.#lacking.clear();
    for (const exchange of this.#running) exchange.end();
    this.#running = [];
  }
}
