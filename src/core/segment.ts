// Segment: an arc that this member serves as the owner of its configuration. It owns the copies' being
// complete (one exchange with each, again when one has missed something) and the change to another set of
// copies, which the owner of an arc proposes itself. How operations use the copies is in rounds.ts; how an
// arc is taken over from another owner, in change.ts.
import { Absorbed, type Source } from './absorbed.ts';
import type { Base, Configuration, Voter } from './configuration.ts';
import { majority, sameVoters, successorOf } from './configuration.ts';
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Key } from './entry.ts';
import { Exchange } from './exchange.ts';
import type { ExchangeOptions, ExchangeParts } from './exchange.ts';
import type { Arc } from './position.ts';
import { callRoll, type Roll } from './roll-call.ts';
import { Rounds } from './rounds.ts';

/** What a segment needs of its owner. */
export interface SegmentView {
  exchange(contact: Contact, arc: Arc): ExchangeParts;
  /** The members that should keep copies, this one first; undefined while the life of some is not known. */
  voters(): readonly Voter[] | undefined;
  /** Those of them that are to be members beside this one. */
  wanted(): readonly Contact[];
  /** Whether nobody is left out of `voters` for the time being. */
  isFull(): boolean;
  isLost(contact: Contact): boolean;
  /** It stands at another configuration than ours, or knows a later one. */
  contradicted(contact: Contact): void;
  /** Enough members hold everything, and nothing is under way: the next set can be decided. */
  ready(next: Configuration, holders: readonly string[]): void;
  /** Too few of the set are there to decide on another one. */
  cannotDecide(): void;
  /** Whether everything is where it should be has changed. */
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

export class Segment {
  readonly arc: Arc;
  readonly rounds: Rounds;
  /** Since when (milliseconds, this member's) all that was written in the arc was written here. */
  since: number;
  readonly #engine: Engine;
  readonly #view: SegmentView;
  #configuration: Configuration;
  /** The members of the configuration beside us, who are asked at every write. */
  #others: readonly Contact[];
  #watermark: number;
  readonly #copies = new Map<string, Copy>();
  readonly #absorbed: Absorbed;
  /** A change is being decided: nothing new is acknowledged. */
  #changing = false;
  /** It is being asked who is there to be the next set. */
  #counting = false;
  /** The set stays, but the next epoch has to be decided: this one, if it is known which. */
  #renewal: Base | undefined;
  #closed = false;
  /** Called when the arc is not served here any more; whoever waits for it sets this. */
  onClose: () => void = () => {};
  /** The same, when its lineage is another one. */
  onRenamed: () => void = () => {};

  constructor(engine: Engine, view: SegmentView, arc: Arc, configuration: Configuration, watermark: number) {
    this.#engine = engine;
    this.#view = view;
    this.arc = arc;
    this.#configuration = configuration;
    this.#others = this.#membersBesideUs();
    this.#watermark = watermark;
    this.since = engine.now;
    this.rounds = new Rounds(engine, {
      arc: () => this.arc,
      base: () => this.#configuration,
      copies: () => this.#others,
      learners: () => this.#learners(),
      refused: (id) => this.#refused(id),
      missed: (id) => this.#missed(id),
    });
    this.#absorbed = new Absorbed(engine, {
      arc,
      read: (from, source, done) => new Exchange({ ...this.#reading(from, source, done), push: false }),
      isLost: (from) => view.isLost(from),
      over: (source) => this.#spread(source),
    });
  }

  get configuration(): Configuration {
    return this.#configuration;
  }

  get watermark(): number {
    return this.#watermark;
  }

  get changing(): boolean {
    return this.#changing;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether the set is the one that it should be, and every member of it holds everything. */
  get complete(): boolean {
    if (this.#closed || this.#changing || this.#absorbed.hasNews) return false;
    const isRight = this.#isWanted() && this.#view.isFull();
    return isRight && this.#configuration.members.every((voter) => this.#holds(voter));
  }

  /** Begins, or takes note that the members around have changed. */
  refresh(): void {
    if (this.#closed) return;
    const wanted = new Map<string, Contact>();
    for (const contact of this.#others) wanted.set(contact.id, contact);
    for (const contact of this.#view.wanted()) wanted.set(contact.id, contact);
    for (const [id, copy] of this.#copies) {
      if (copy.contact.incarnation === wanted.get(id)?.incarnation) continue;
      copy.exchange?.end();
      this.#copies.delete(id);
      this.#spread(copy);
    }
    for (const contact of wanted.values()) {
      if (this.#copies.has(contact.id)) continue;
      const copy: Copy = { ...NOT_COMPARED, contact };
      this.#copies.set(contact.id, copy);
      this.#sync(copy);
    }
    this.#progress();
  }

  /** A new configuration of this arc was decided, and it is ours. */
  update(configuration: Configuration, watermark: number): void {
    const isRenamed = configuration.lineage !== this.#configuration.lineage;
    const former = new Set(this.#others.map(({ id }) => id));
    this.#configuration = configuration;
    this.#others = this.#membersBesideUs();
    this.#watermark = Math.max(this.#watermark, watermark);
    this.#changing = false;
    this.#renewal = undefined;
    // Who is one from now on has to know it before others are let go: nobody else could tell of this set. And
    // who is being compared is so in the name of an epoch that is over: what that says is not heeded.
    const others = new Set(this.#others.map(({ id }) => id));
    for (const [id, { synced }] of this.#copies) {
      if (!synced || (others.has(id) && !former.has(id))) this.#missed(id);
    }
    this.rounds.resume();
    if (isRenamed) this.onRenamed();
    this.refresh();
  }

  /**
   * Has a configuration with the same members decided, to take back promises, or to be joined with a
   * neighbour.
   */
  renew(to: Base): void {
    this.#renewal ??= to;
    this.#progress();
  }

  /** Reads what a member that is left behind holds of this arc (absorbed.ts); whether that is done. */
  absorb(contact: Contact, of: Base): boolean {
    return this.#absorbed.absorb(contact, of);
  }

  /** The owner of another lineage has made this member store an entry, which the copies may lack. */
  learn(): void {
    this.since = this.#engine.now;
    for (const id of this.#copies.keys()) this.#missed(id);
  }

  raiseWatermark(watermark: number): void {
    this.#watermark = Math.max(this.#watermark, watermark);
  }

  /** Whoever waits for a round is told that the arc has gone. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const copy of this.#copies.values()) copy.exchange?.end();
    this.#copies.clear();
    this.#absorbed.close();
    this.rounds.close();
    this.onClose();
  }

  #membersBesideUs(): Contact[] {
    const { id } = this.#engine.self;
    return this.#configuration.members.flatMap(({ contact }) => (contact.id === id ? [] : [contact]));
  }

  /** Whoever is compared gets what is written meanwhile, also while it seems to be lost. */
  #learners(): Contact[] {
    const { members } = this.#configuration;
    const copies = [...this.#copies.values()].map(({ contact }) => contact);
    return copies.filter((contact) => !members.some((voter) => voter.contact.id === contact.id));
  }

  #isWanted(): boolean {
    const voters = this.#view.voters();
    const same = voters !== undefined && sameVoters(voters, this.#configuration.members);
    return same && this.#renewal === undefined;
  }

  /** Tells a member of the set what was decided, then compares what both hold. */
  #sync(copy: Copy): void {
    copy.synced = false;
    copy.exchange?.end();
    copy.exchange = undefined;
    const named = this.#configuration.members.some((voter) => voter.contact.id === copy.contact.id);
    if (!named) return this.#compare(copy);
    const { arc, configuration } = this;
    // The watermark follows once it is compared.
    this.#engine.call(copy.contact, { type: 'install', arc, configuration, watermark: 0 }, (answer) => {
      if (this.#closed || this.#copies.get(copy.contact.id) !== copy) return;
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
    const parts = this.#reading(copy.contact, copy, () => {
      if (copy.missed) return this.#again(copy);
      copy.synced = true;
      this.#mark(copy.contact);
      this.#progress();
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

  /** It holds all from before the watermark, and nothing that was deleted then: others may rely on it. */
  #mark(contact: Contact): void {
    const { arc, configuration, watermark } = this;
    if (watermark === 0 || !configuration.members.some((voter) => voter.contact.id === contact.id)) return;
    this.#engine.call(contact, { type: 'install', arc, configuration, watermark }, () => {});
  }

  /** Reads what a member holds of this arc. */
  #reading(contact: Contact, source: Source, done: () => void): Omit<ExchangeOptions, 'push'> {
    const parts = this.#view.exchange(contact, this.arc);
    const took = (key: Key): void => {
      source.news = true;
      this.since = this.#engine.now;
      parts.took(key);
    };
    const finished = (): void => {
      this.#spread(source);
      done();
    };
    const [base, watermark] = [this.#configuration, this.#watermark];
    const rest = { base, watermark, knownTo: base.epoch - 1, trusted: false, pull: true };
    return { ...parts, ...rest, took, done: finished };
  }

  /** Once no more comes from there, even if it was not read to the end. */
  #spread(source: Source): void {
    if (!source.news) return;
    source.news = false;
    for (const other of this.#copies.values()) if (other !== source) this.#missed(other.contact.id);
  }

  #again(copy: Copy): void {
    copy.synced = false;
    copy.exchange?.end();
    this.#later(() => {
      if (!this.#closed && this.#copies.get(copy.contact.id) === copy) this.#sync(copy);
    });
  }

  #missed(id: string): void {
    const copy = this.#copies.get(id);
    if (copy === undefined) return;
    if (copy.synced) this.#again(copy);
    else copy.missed = true;
  }

  /** A voter has promised the epoch away, or knows nothing of it: it is told, and compared, again. */
  #refused(id: string): void {
    const copy = this.#copies.get(id);
    if (copy === undefined) return;
    this.#view.contradicted(copy.contact);
    this.#missed(id);
  }

  /** Where the set is not the one it should be and the next one holds everything, the change begins. */
  #progress(): void {
    if (this.#closed) return;
    this.#view.progressed();
    if (this.#closed || this.#changing || this.#counting || this.#isWanted()) return;
    if (!this.#canDecide()) return this.#view.cannotDecide();
    const voters = this.#view.voters();
    const holders = this.#holders(voters);
    if (voters === undefined || holders === undefined) return;
    this.#counting = true;
    this.#callRoll(voters, holders, ({ there }) => {
      if (this.#holders(this.#view.voters(), there) === undefined) return this.#recount();
      this.#counting = false;
      if (this.#closed || this.#isWanted()) return;
      this.#changing = true;
      const [base, begun] = [this.#configuration, this.#engine.now];
      this.rounds.hold(() => {
        const isRecent = this.#engine.now - begun < this.#engine.profile.requestMinMs;
        if (isRecent) return this.#propose(there);
        // Somebody was waited for: others may have died meanwhile.
        this.#callRoll(voters, holders, (roll) => {
          if (this.#configuration === base) this.#propose(roll.there);
        });
      });
    });
  }

  #callRoll(voters: readonly Voter[], holders: readonly Voter[], done: (roll: Roll) => void): void {
    callRoll(this.#engine, this.arc, holders, majority(voters.length), done);
  }

  /** Nothing is acknowledged until the next set is decided, by those who were there a moment ago. */
  #propose(there: ReadonlySet<string>): void {
    if (this.#closed || !this.#changing) return;
    const voters = this.#view.voters();
    const holders = this.#holders(voters, there);
    if (voters !== undefined && holders !== undefined && !this.#isWanted()) {
      const { lineage, epoch } = this.#configuration;
      const next = successorOf([this.#configuration], this.#renewal ?? { lineage, epoch: epoch + 1 }, voters);
      const ids = holders.map(({ contact }) => contact.id);
      return this.#view.ready(next, ids);
    }
    this.#changing = false;
    this.rounds.resume();
    this.#recount();
  }

  #recount(): void {
    this.#counting = true;
    this.#later(() => {
      this.#counting = false;
      this.#progress();
    });
  }

  /** Not at once: a member that does not answer is either dropped soon or worth the wait. */
  #later(action: () => void): void {
    this.#engine.after(this.#engine.random.around(this.#engine.profile.retryMs * 4, 0.5), action);
  }

  /** Whether the members of the present set that are needed for a decision are there. */
  #canDecide(): boolean {
    const { members } = this.#configuration;
    const there = members.filter((voter) => !this.#view.isLost(voter.contact)).length;
    return there >= majority(members.length);
  }

  /** Those of the voters, and of who is there, that hold everything; undefined while they are no majority. */
  #holders(voters: readonly Voter[] | undefined, there?: ReadonlySet<string>): Voter[] | undefined {
    if (voters === undefined) return undefined;
    const holders = voters.filter((one) => this.#holds(one) && there?.has(one.contact.id) !== false);
    return holders.length >= majority(voters.length) ? holders : undefined;
  }

  #holds({ contact, birth }: Voter): boolean {
    if (contact.id === this.#engine.self.id) return true;
    const copy = this.#copies.get(contact.id);
    return copy?.synced === true && copy.birth === birth;
  }
}
