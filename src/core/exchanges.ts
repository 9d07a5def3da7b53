// Exchanges: those of one change, begun with voters in the life in which they are voters: what another memory
// holds counts for nothing. It owns their end; what they are for is change.ts's affair.
import type { ChangeView } from './change-view.ts';
import type { Configuration, Voter } from './configuration.ts';
import type { Contact } from './contact.ts';
import type { Key } from './entry.ts';
import type { ExchangeOptions, Lack } from './exchange.ts';
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

/** By how many of those that were read; old for all of them, older at any. */
interface Lacking extends Omit<Lack, 'key'> {
  readonly times: number;
}

type Direction = Pick<ExchangeOptions, 'pull' | 'watermark' | 'trusted' | 'knownTo' | 'isCompared' | 'done'>;

/** How the members of a majority are read. */
export interface Reading {
  /** Milliseconds: what was deleted before may be forgotten. */
  readonly watermark: number;
  /** Whether this member was compared in the lineage. */
  readonly isCompared: boolean;
  /** Whether what is held here, and was deleted up to the watermark, can be forgotten. */
  readonly mayBury: () => boolean;
  readonly done: (id: string) => void;
}

export class Exchanges {
  readonly #view: Pick<ChangeView, 'exchange'>;
  readonly #arc: Arc;
  readonly #base: Configuration | undefined;
  #running: Exchange[] = [];
  /** What belongs to one that has ended is not gone on with. */
  #attempt = 0;
  /** What is held here: how many of those that were read lack it. */
  readonly #lacking = new Map<Key, Lacking>();
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
  read(sources: readonly Source[], { watermark, isCompared, mayBury, done }: Reading): void {
    const [first, then] = [sources.filter(isCurrent), sources.filter((source) => !isCurrent(source))];
    const rest = { pull: true, watermark, knownTo: 0, isCompared };
    let open = first.length;
    const next = (): void => {
      for (const { voter } of then) {
        this.#begin(voter, { ...rest, trusted: false, done: () => done(voter.contact.id) });
      }
    };
    for (const { voter } of first) {
      const finished = (): void => {
        open -= 1;
        // Before others are read: they may hold the same, and would vouch for it.
        if (open === 0 && mayBury()) this.bury(first.length, true);
        done(voter.contact.id);
        if (open === 0) next();
      };
      this.#begin(voter, { ...rest, trusted: true, done: finished });
    }
    if (first.length === 0) next();

    function isCurrent(source: Source): boolean {
      return source.watermark >= watermark;
    }
  }

  /** Gives the member what it lacks, and waits until it is on its disk. `knownTo` as in an exchange. */
  push(voter: Voter, watermark: number, knownTo: number, done: () => void): void {
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
    this.#begin(voter, { pull: false, watermark, trusted: false, knownTo, done: confirm });
  }

  /** Nothing comes of a member in another life. */
  #begin({ contact, birth }: Partner, { pull, done, ...rest }: Direction): void {
    const base = this.#base;
    if (base === undefined) return done();
    const options = this.#view.exchange(contact, this.#arc);
    const born = (who: Contact, found: number): void => {
      options.born(who, found);
      if (birth === undefined || found === birth) return;
      this.#births.set(who.id, found);
      exchange.end();
    };
    const lacks = ({ key, version, isOld, hasOlder }: Lack): void => {
      const known = this.#lacking.get(key);
      const times = 1 + (known?.times ?? 0);
      this.#lacking.set(key, {
        times,
        version,
        isOld: isOld && known?.isOld !== false,
        hasOlder: hasOlder || known?.hasOlder === true,
      });
    };
    this.#store = options.store;
    const exchange = new Exchange({ ...options, ...rest, born, lacks, base, pull, push: !pull, done });
    this.#running.push(exchange);
  }

  /** Whether the memory in whose name the voter would vote was found to be gone. */
  isForgotten({ contact, birth }: Voter): boolean {
    const found = this.#births.get(contact.id);
    return found !== undefined && found !== birth;
  }

  /**
   * Forgets what is held here and by none of the `read` members: of before the watermark, it was deleted
   * while this member was away, and nobody is left to tell of it. Without `onlyOld`, because this member has
   * no vote, also what was left behind, never in force: they have an older version of it or none. Returns
   * whether they have an older one, which has to be read then.
   */
  bury(read: number, onlyOld: boolean): boolean {
    let hasOlder = false;
    for (const [key, lacking] of this.#lacking) {
      if (lacking.times !== read || (onlyOld && !lacking.isOld)) continue;
      // What has come since is another's, which may count on it.
      if (this.#store?.versionOf(key) !== lacking.version) continue;
      this.#store.remove(key);
      hasOlder ||= lacking.hasOlder;
    }
    return hasOlder;
  }

  end(): void {
    this.#attempt += 1;
    this.#lacking.clear();
    for (const exchange of this.#running) exchange.end();
    this.#running = [];
  }
}
