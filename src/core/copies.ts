// Copies: the members beside the owner of an arc, each compared until it holds all that the owner holds, and
// again when it has missed something. It owns these comparisons, one exchange with each at a time; what
// follows from who holds what is the segment's affair (segment.ts).
import type { Source } from './absorbed.ts';
import type { Configuration, Voter } from './configuration.ts';
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Key } from './entry.ts';
import { Exchange } from './exchange.ts';
import type { ExchangeOptions, ExchangeParts } from './exchange.ts';
import type { Arc } from './position.ts';

/** What the copies need of their segment. */
export interface CopiesView {
  readonly arc: Arc;
  configuration(): Configuration;
  watermark(): number;
  exchange(contact: Contact): ExchangeParts;
  /** It stands at another configuration than ours, or knows a later one. */
  contradicted(contact: Contact): void;
  /** An entry came from elsewhere. */
  took(): void;
  /** One more holds everything. */
  progressed(): void;
}

interface Copy extends Source {
  readonly contact: Contact;
  synced: boolean;
  /** It missed entries while it was compared, perhaps behind where the comparison had got to. */
  missed: boolean;
  /** The life in which it is compared: what it held in another one counts for nothing. */
  birth: number | undefined;
}

const NOT_COMPARED: Omit<Copy, 'contact'> = {
  exchange: undefined,
  news: false,
  synced: false,
  missed: false,
  birth: undefined,
};

export class Copies {
  readonly #engine: Engine;
  readonly #view: CopiesView;
  readonly #copies = new Map<string, Copy>();

  constructor(engine: Engine, view: CopiesView) {
    this.#engine = engine;
    this.#view = view;
  }

  get contacts(): Contact[] {
    return [...this.#copies.values()].map(({ contact }) => contact);
  }

  /** Compares these, and nobody else any more. */
  follow(wanted: ReadonlyMap<string, Contact>): void {
    for (const [id, copy] of this.#copies) {
      if (copy.contact.incarnation === wanted.get(id)?.incarnation) continue;
      copy.exchange?.end();
      this.#copies.delete(id);
      this.spread(copy);
    }
    for (const contact of wanted.values()) {
      if (this.#copies.has(contact.id)) continue;
      const copy: Copy = { ...NOT_COMPARED, contact };
      this.#copies.set(contact.id, copy);
      this.#sync(copy);
    }
  }

  /** Whether it holds everything, in that life. */
  holds({ contact, birth }: Voter): boolean {
    const copy = this.#copies.get(contact.id);
    return copy?.synced === true && copy.birth === birth;
  }

  /**
   * The configuration is another one. Who is a member from now on has to know it before others are let go:
   * nobody else could tell of this set. And who is being compared is so in the name of an epoch that is over:
   * what that says is not heeded.
   */
  reconfigured(joined: ReadonlySet<string>): void {
    for (const [id, { synced }] of this.#copies) if (!synced || joined.has(id)) this.missed(id);
  }

  missed(id: string): void {
    const copy = this.#copies.get(id);
    if (copy === undefined) return;
    if (copy.synced) this.#again(copy);
    else copy.missed = true;
  }

  allMissed(): void {
    for (const id of this.#copies.keys()) this.missed(id);
  }

  /** A voter has promised the epoch away, or knows nothing of it: it is told, and compared, again. */
  refused(id: string): void {
    const copy = this.#copies.get(id);
    if (copy === undefined) return;
    this.#view.contradicted(copy.contact);
    this.missed(id);
  }

  close(): void {
    for (const copy of this.#copies.values()) copy.exchange?.end();
    this.#copies.clear();
  }

  /** Reads what a member holds of the arc. */
  reading(contact: Contact, source: Source, done: () => void): Omit<ExchangeOptions, 'push'> {
    const parts = this.#view.exchange(contact);
    const took = (key: Key): void => {
      source.news = true;
      this.#view.took();
      parts.took(key);
    };
    const finished = (): void => {
      this.spread(source);
      done();
    };
    const [base, watermark] = [this.#view.configuration(), this.#view.watermark()];
    const rest = { base, watermark, knownTo: base.epoch - 1, trusted: false, pull: true };
    return { ...parts, ...rest, took, done: finished };
  }

  /** Once no more comes from there, even if it was not read to the end. */
  spread(source: Source): void {
    if (!source.news) return;
    source.news = false;
    for (const other of this.#copies.values()) if (other !== source) this.missed(other.contact.id);
  }

  /** Tells a member of the set what was decided, then compares what both hold. */
  #sync(copy: Copy): void {
    copy.synced = false;
    copy.exchange?.end();
    copy.exchange = undefined;
    const [arc, configuration] = [this.#view.arc, this.#view.configuration()];
    const named = configuration.members.some((voter) => voter.contact.id === copy.contact.id);
    if (!named) return this.#compare(copy);
    // The watermark follows once it is compared.
    this.#engine.call(copy.contact, { type: 'install', arc, configuration, watermark: 0 }, (answer) => {
      if (!this.#isFollowed(copy)) return;
      const installed = answer.type === 'reply' && answer.body.type === 'installed' && answer.body.whole;
      if (installed) return this.#compare(copy);
      if (answer.type === 'reply') this.#view.contradicted(copy.contact);
      this.#again(copy);
    });
  }

  #compare(copy: Copy): void {
    copy.exchange?.end();
    copy.missed = false;
    copy.birth = undefined;
    const parts = this.reading(copy.contact, copy, () => {
      if (copy.missed) return this.#again(copy);
      this.#mark(copy, () => {
        copy.synced = true;
        this.#view.progressed();
      });
    });
    copy.exchange = new Exchange({
      ...parts,
      push: true,
      born: (contact, birth) => {
        parts.born(contact, birth);
        copy.birth ??= birth;
        if (copy.birth !== birth) this.#again(copy);
      },
      overtaken: () => {
        this.#view.contradicted(copy.contact);
        this.#again(copy);
      },
    });
  }

  /**
   * It holds all from before the watermark, and nothing that was deleted then: others may rely on it, once it
   * knows.
   */
  #mark(copy: Copy, done: () => void): void {
    const { contact } = copy;
    const [arc, configuration, watermark] = [
      this.#view.arc,
      this.#view.configuration(),
      this.#view.watermark(),
    ];
    const isNamed = configuration.members.some((voter) => voter.contact.id === contact.id);
    if (watermark === 0 || !isNamed) return done();
    this.#engine.call(contact, { type: 'install', arc, configuration, watermark }, (answer) => {
      if (!this.#isFollowed(copy)) return;
      const isMarked = answer.type === 'reply' && answer.body.type === 'installed' && answer.body.whole;
      const isSame = this.#view.configuration() === configuration;
      if (isMarked && isSame && !copy.missed) done();
      else this.#again(copy);
    });
  }

  #again(copy: Copy): void {
    copy.synced = false;
    copy.exchange?.end();
    // Not at once: a member that does not answer is either dropped soon or worth the wait.
    const { random, profile } = this.#engine;
    this.#engine.after(random.around(profile.retryMs * 4, 0.5), () => {
      if (this.#isFollowed(copy)) this.#sync(copy);
    });
  }

  #isFollowed(copy: Copy): boolean {
    return this.#copies.get(copy.contact.id) === copy;
  }
}
