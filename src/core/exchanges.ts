// Exchanges: those of one change, begun with voters in the life in which they are voters: what another memory
// holds counts for nothing. It owns their end; what they are for is change.ts's affair.
import type { ChangeView } from './change-view.ts';
import type { Configuration, Voter } from './configuration.ts';
import type { Contact } from './contact.ts';
import type { Key } from './entry.ts';
import { Exchange } from './exchange.ts';
import type { Arc } from './position.ts';
import type { MemoryStore } from './store.ts';

/** A voter, or a member whose life does not matter. */
export interface Partner {
  readonly contact: Contact;
  readonly birth: number | undefined;
}

export class Exchanges {
  readonly #view: Pick<ChangeView, 'exchange'>;
  readonly #arc: Arc;
  readonly #base: Configuration | undefined;
  #running: Exchange[] = [];
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

  /** Reads all that the member holds, or gives it what it lacks; nothing comes of one in another life. */
  begin({ contact, birth }: Partner, direction: 'pull' | 'push', watermark: number, done: () => void): void {
    const base = this.#base;
    if (base === undefined) return done();
    const options = this.#view.exchange(contact, this.#arc);
    const [pull, push] = [direction === 'pull', direction === 'push'];
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
    const exchange = new Exchange({ ...options, born, lacks, base, watermark, pull, push, done });
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
    this.#lacking.clear();
    for (const exchange of this.#running) exchange.end();
    this.#running = [];
  }
}
