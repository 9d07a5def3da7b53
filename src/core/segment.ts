// Segment: an arc that this member serves as the owner of its configuration. It owns who is to hold copies,
// and the change to another set of them, which the owner of an arc proposes itself. How a copy becomes
// complete is in copies.ts, how operations use the copies in rounds.ts; how an arc is taken over from another
// owner, in change.ts.
import { Absorbed } from './absorbed.ts';
import type { Base, Configuration, Voter } from './configuration.ts';
import { majority, sameVoters, successorOf } from './configuration.ts';
import type { Contact } from './contact.ts';
import { Copies } from './copies.ts';
import type { Engine } from './engine.ts';
import { Exchange } from './exchange.ts';
import type { ExchangeParts } from './exchange.ts';
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
  readonly #copies: Copies;
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
      refused: (id) => this.#copies.refused(id),
      missed: (id) => this.#copies.missed(id),
    });
    this.#copies = new Copies(engine, {
      arc,
      configuration: () => this.#configuration,
      watermark: () => this.#watermark,
      exchange: (contact) => view.exchange(contact, arc),
      contradicted: (contact) => view.contradicted(contact),
      took: () => {
        this.since = engine.now;
      },
      progressed: () => this.#progress(),
    });
    this.#absorbed = new Absorbed(engine, {
      arc,
      read: (from, source, done) =>
        new Exchange({ ...this.#copies.reading(from, source, done), push: false }),
      isLost: (from) => view.isLost(from),
      over: (source) => this.#copies.spread(source),
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

  /** Whether a former holder is being read, that may have what was deleted here. */
  get isReading(): boolean {
    return this.#absorbed.isReading;
  }

  /** Begins, or takes note that the members around have changed. */
  refresh(): void {
    if (this.#closed) return;
    const wanted = new Map<string, Contact>();
    for (const contact of this.#others) wanted.set(contact.id, contact);
    for (const contact of this.#view.wanted()) wanted.set(contact.id, contact);
    this.#copies.follow(wanted);
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
    this.#copies.reconfigured(new Set(this.#others.flatMap(({ id }) => (former.has(id) ? [] : [id]))));
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
    this.#copies.allMissed();
  }

  raiseWatermark(watermark: number): void {
    this.#watermark = Math.max(this.#watermark, watermark);
  }

  /** Whoever waits for a round is told that the arc has gone. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#copies.close();
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
    return this.#copies.contacts.filter(
      (contact) => !members.some((voter) => voter.contact.id === contact.id),
    );
  }

  #isWanted(): boolean {
    const voters = this.#view.voters();
    const same = voters !== undefined && sameVoters(voters, this.#configuration.members);
    return same && this.#renewal === undefined;
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
    return this.#copies.holds({ contact, birth });
  }
}
