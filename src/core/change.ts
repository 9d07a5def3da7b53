// Change: has the next configuration of an arc decided, and its entries brought together, by messages and
// time: it runs one decision (decision.ts) from the bases that are known to be in force. It owns the phases
// and what becomes of members that do not answer; when an arc needs a change, and who is to be in the next
// set, is the owner's affair (owner.ts).
import { announce } from './announce.ts';
import type { Configuration, Proposal, Voter } from './configuration.ts';
import { newLineage, nextOf, supersedes } from './configuration.ts';
import { NOTHING_LEARNED, type ChangeView, type Ended } from './change-view.ts';
import type { Contact } from './contact.ts';
import * as rules from './decision.ts';
import type { Engine } from './engine.ts';
import { Exchanges } from './exchanges.ts';
import type { Request } from './message.ts';
import { isOver } from './plan.ts';
import type { Arc } from './position.ts';
import type { PartVote } from './registers.ts';
import { askForVote, type Question, whenSaved } from './voting.ts';

export class Change {
  readonly arc: Arc;
  readonly bases: readonly Configuration[];
  readonly #engine: Engine;
  readonly #view: ChangeView;
  #decision: rules.Decision | undefined;
  #round = 0;
  readonly #exchanges: Exchanges;
  #ended = false;
  /** Answers to former attempts are void. */
  #attempt = 0;
  #progressAt: number;
  #watermark: number;
  readonly #voteless = new Set<Voter>();
  /** The watermarks of those that promised. */
  readonly #marks = new Map<string, number>();
  /** Who was told the base in this attempt. */
  readonly #told = new Set<Voter>();
  /** In ballots: rounds begin anew with every change and every life, and no two proposals may share one. */
  readonly #name: string;
  /** Whether the former owner may still be asked, because nobody has been made to stop serving yet. */
  #copying: Contact | undefined;

  constructor(
    engine: Engine,
    view: ChangeView,
    arc: Arc,
    bases: readonly Configuration[],
    watermark: number,
  ) {
    this.#engine = engine;
    this.#view = view;
    this.arc = arc;
    this.bases = bases;
    this.#watermark = watermark;
    this.#progressAt = engine.now;
    this.#exchanges = new Exchanges(view, arc, bases[0]);
    this.#name = `${engine.self.id} ${newLineage(engine.random)}`;
  }

  /** Takes the arc over: from whoever owns it now, or from those that hold its copies. */
  begin(): void {
    this.#watch();
    if (this.bases.length === 0) return this.#beginAnew();
    const owner = this.bases.length === 1 ? this.bases[0]?.members[0]?.contact : undefined;
    const foreign = owner !== undefined && owner.id !== this.#engine.self.id && !this.#view.isLost(owner);
    if (!foreign) return this.#prepare();
    // Everything is read beforehand, so that the arc is served by nobody only while the rest is compared.
    this.#copying = owner;
    const done = (): void => {
      this.#copying = undefined;
      this.#prepare();
    };
    const source = { voter: { contact: owner, birth: undefined }, watermark: 0 };
    this.#exchanges.read([source], { watermark: 0, isCompared: false, mayBury: () => false, done });
  }

  /** Nobody is left who knows the arc: it begins empty, or with what is held here. */
  #beginAnew(): void {
    const ballot = { round: 1, id: this.#engine.self.id };
    const next = nextOf([], this.#view.voters() ?? [], newLineage(this.#engine.random, true));
    this.#decision = rules.force(rules.begin([], ballot, next, this.#watermark), next);
    this.#proceed('preparing');
  }

  /** As the owner of the base, whose `holders` have everything and who acknowledges nothing more. */
  beginAsOwner(base: Configuration, next: Configuration, holders: readonly string[]): void {
    this.#watch();
    let decision = rules.beginAsOwner(base, this.#engine.self.id, next, this.#watermark);
    for (const id of holders) decision = rules.stored(decision, id);
    this.#decision = decision;
    if (decision.phase === 'accepting') this.#accept();
    else this.#end({});
  }

  /** Who still serves the arc while it is only being copied. */
  get servedBy(): Contact | undefined {
    return this.#copying;
  }

  /** Whether a majority has not answered for as long as would have members dropped. */
  get isStuck(): boolean {
    const { now, profile } = this.#engine;
    return this.#decision?.phase === 'preparing' && now - this.#view.since >= profile.evictAfterMs;
  }

  /** What has come after a base, and is over itself: whoever stands at that base is told. */
  tell(arc: Arc, configuration: Configuration): void {
    const passed = this.bases.filter((base) => supersedes(configuration, base));
    const voters = passed.flatMap(({ members }) => members);
    if (passed.length > 0) this.#view.registers.note(arc, configuration, this.bases);
    announce(this.#engine, arc, configuration, voters, () => 0);
  }

  cancel(): void {
    this.#ended = true;
    this.#exchanges.end();
  }

  #end(ended: Partial<Ended>): void {
    if (this.#ended) return;
    this.cancel();
    this.#view.ended(this, { ...NOTHING_LEARNED, ...ended });
  }

  /** Begins again with a higher ballot when nothing moves, and gives absent majorities up when it may. */
  #watch(): void {
    const { profile, random } = this.#engine;
    this.#engine.after(random.around(profile.requestMinMs / 4, 0.5), () => {
      if (this.#ended) return;
      this.#watch();
      if (this.#tryForce()) return;
      const quiet = this.#engine.now - this.#progressAt;
      if (quiet < profile.requestMaxMs * 2 && !this.#readsTheLost()) return;
      this.#progressAt = this.#engine.now;
      this.#copying = undefined;
      // Of several lineages one may be down now: the others go on without it.
      const isDown = this.bases.length > 1 && !this.#view.heals;
      if (isDown || this.#decision?.ballot.round === 0) this.#end({});
      else this.#prepare();
    });
  }

  /** Whether it waits for entries of a member that has died meanwhile; an owner that is slow still serves. */
  #readsTheLost(): boolean {
    const { peers } = this.#engine;
    const copying = this.#copying?.id;
    if (copying !== undefined) return peers.isSuspected(copying) && !peers.isConnected(copying);
    const unread = rules.unread(this.#decision);
    return unread.some(({ contact }) => peers.isSuspected(contact.id) && this.#view.isLost(contact));
  }

  #tryForce(): boolean {
    const decision = this.#decision;
    const { now, peers, profile, random } = this.#engine;
    if (decision === undefined) return false;
    const voteless = (voter: Voter): boolean => this.#voteless.has(voter);
    // Who was silent before has been away for long enough; and votes that are lost do not come back.
    const hopeless = rules.isHopeless(decision, voteless);
    const waited = hopeless || now - this.#view.since >= profile.evictAfterMs;
    // Whoever has left is taken for lost, and may be there.
    const isAway = ({ contact }: Voter): boolean => this.#view.isLost(contact) && peers.isAway(contact.id);
    const gone = (voter: Voter): boolean =>
      peers.isSilentFor(voter.contact.id, profile.evictAfterMs, now) ||
      (waited && (voteless(voter) || this.#exchanges.isForgotten(voter) || isAway(voter)));
    if (!rules.isBlocked(decision, gone)) return false;
    const mayComeBack = now - this.#view.since < profile.restoredMs && !rules.isInForce(decision);
    if (!this.#view.mayForce(this.arc, hopeless || !mayComeBack)) return false;
    const voters = this.#view.voters();
    if (voters === undefined) return false;
    this.#exchanges.end();
    this.#attempt += 1;
    this.#progressAt = now;
    const bases = [...this.bases, rules.outcome(decision)];
    this.#decision = rules.force(decision, nextOf(bases, voters, newLineage(random, true)));
    this.#proceed('preparing');
    return true;
  }

  #prepare(): void {
    this.#exchanges.end();
    this.#attempt += 1;
    const attempt = this.#attempt;
    const voters = this.#view.voters();
    if (voters === undefined) {
      this.#engine.after(this.#engine.profile.retryMs, () => {
        if (!this.#ended && this.#attempt === attempt) this.#prepare();
      });
      return;
    }
    this.#told.clear();
    this.#round += 1;
    const ballot = { round: this.#round, id: this.#name };
    const fresh = this.bases.length > 1 ? newLineage(this.#engine.random) : undefined;
    const proposed = nextOf(this.bases, voters, fresh);
    this.#decision = rules.begin(this.bases, ballot, proposed, this.#watermark);
    for (const [i, base] of this.bases.entries()) for (const voter of base.members) this.#prepareAt(i, voter);
  }

  #prepareAt(index: number, voter: Voter): void {
    const [base, decision] = [this.bases[index], this.#decision];
    if (base === undefined || decision === undefined) return;
    const { ballot } = decision;
    const request: Request = { type: 'prepare', arc: this.arc, base, ballot };
    const local = (): PartVote[] => this.#view.registers.prepare(this.arc, base, ballot);
    const done = (votes: readonly PartVote[]): void => this.#promised(index, voter, votes);
    this.#ask({ to: voter.contact, request, local, done });
  }

  #promised(base: number, voter: Voter, votes: readonly PartVote[]): void {
    const vote = this.#single(votes);
    if (vote === undefined || this.#decision === undefined) return;
    const { id } = voter.contact;
    if (vote.type === 'outbid') return this.#outbid(vote.promised);
    if (vote.type === 'unknown') return this.#bringUp(base, voter);
    if (vote.type === 'elsewhere') return this.#elsewhere(base, voter, vote.configuration);
    if (vote.type !== 'promised') return;
    this.#round = Math.max(this.#round, vote.accepted?.ballot.round ?? 0);
    this.#marks.set(id, vote.watermark);
    this.#step((now) => rules.promised(now, base, id, vote));
  }

  /** The voter stands at another configuration of the same history. */
  #elsewhere(index: number, voter: Voter, configuration: Configuration): void {
    const base = this.bases[index];
    if (base === undefined) return;
    if (supersedes(base, configuration)) this.#bringUp(index, voter);
    else this.#end({ learned: [{ arc: this.arc, configuration }] });
  }

  /** The voter has missed the decision that made it one: it is told, and asked again if it may vote. */
  #bringUp(index: number, voter: Voter): void {
    const [configuration, decision] = [this.bases[index], this.#decision];
    if (configuration === undefined || decision === undefined) return;
    const { id } = voter.contact;
    // Once an attempt: who knows no better then has lost its vote.
    if (this.#told.has(voter)) return void this.#voteless.add(voter);
    if (decision.phase !== 'preparing') return;
    this.#told.add(voter);
    const [attempt, arc] = [this.#attempt, this.arc];
    if (id === this.#engine.self.id) {
      const whole = this.#view.registers.install(arc, configuration, 0);
      return whole ? this.#prepareAt(index, voter) : void this.#voteless.add(voter);
    }
    this.#engine.call(voter.contact, { type: 'install', arc, configuration, watermark: 0 }, (answer) => {
      if (this.#ended || this.#attempt !== attempt) return;
      // Who does not answer is asked again: a message may be lost, and is no proof of anything.
      const refused = answer.type === 'reply' && answer.body.type === 'installed' && !answer.body.whole;
      if (answer.type !== 'reply') this.#told.delete(voter);
      if (refused) this.#voteless.add(voter);
      else this.#prepareAt(index, voter);
    });
  }

  /** Waits a moment, so that two proposers do not outbid each other for ever. */
  #outbid(promised: { round: number }): void {
    if (this.#decision?.ballot.round === 0) return this.#end({});
    this.#round = Math.max(this.#round, promised.round);
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#exchanges.end();
    const { random, profile } = this.#engine;
    this.#engine.after(random.float() * profile.retryMs * 4 + profile.retryMs, () => {
      if (!this.#ended && this.#attempt === attempt) this.#prepare();
    });
  }

  /** The vote for the whole arc; where parts of it differ, each goes on by itself. */
  #single(votes: readonly PartVote[]): PartVote['vote'] | undefined {
    this.#progressAt = this.#engine.now;
    const first = votes[0];
    if (votes.length === 1 && first !== undefined) return first.vote;
    const learned = votes.flatMap(({ arc, vote }) =>
      vote.type === 'elsewhere' ? [{ arc, configuration: vote.configuration }] : [],
    );
    this.#end({ learned, parts: votes.map(({ arc }) => arc) });
    return undefined;
  }

  #proceed(before: rules.Decision['phase']): void {
    const decision = this.#decision;
    if (decision === undefined || this.#ended || decision.phase === before) return;
    this.#progressAt = this.#engine.now;
    const alone = rules.unfinished(decision);
    if (alone !== -1) return this.#end({ alone: this.bases[alone] });
    if (decision.phase === 'collecting') return this.#collect(decision);
    if (decision.phase === 'storing') return this.#store(decision);
    if (decision.phase === 'accepting') return this.#accept();
    if (decision.phase === 'decided') this.#decide(decision);
  }

  #collect(decision: rules.Decision): void {
    const me = this.#engine.self.id;
    if (rules.promisers(decision).has(me)) this.#decision = rules.collected(decision, me);
    const others = rules.promisingVoters(decision).filter(({ contact }) => contact.id !== me);
    const sources = others.map((voter) => ({ voter, watermark: this.#marks.get(voter.contact.id) ?? 0 }));
    const [[base], { registers }] = [this.bases, this.#view];
    this.#exchanges.read(sources, {
      watermark: rules.horizonOf(decision),
      isCompared: base !== undefined && registers.isCompared(this.arc, base),
      mayBury: () => !decision.forced && !this.#isCurrent(decision) && !isOver(this, registers),
      done: (id) => this.#step((now) => rules.collected(now, id)),
    });
    this.#proceed('collecting');
  }

  /** Whether this member votes, and has collected all that was up to the watermark. */
  #isCurrent(decision: rules.Decision): boolean {
    const me = this.#engine.self.id;
    return rules.promisers(decision).has(me) && (this.#marks.get(me) ?? 0) >= rules.horizonOf(decision);
  }

  #store(decision: rules.Decision): void {
    if (!decision.forced && !this.#purge(decision)) return;
    const [horizon, knownTo] = [rules.horizonOf(decision), rules.knownTo(decision)];
    const me = this.#engine.self.id;
    for (const voter of rules.outcome(decision).members) {
      const { contact } = voter;
      const done = (): void => this.#step((now) => rules.stored(now, contact.id));
      if (contact.id === me) whenSaved(this.#engine, this.#whileItLasts(), done);
      else this.#exchanges.push(voter, horizon, knownTo, done);
    }
  }

  /**
   * Who comes back and was none of the set may hold what the set has deleted, or what was never in force: it
   * is forgotten. False where there is nothing to be stored now.
   */
  #purge(decision: rules.Decision): boolean {
    const [me, read] = [this.#engine.self.id, rules.promisers(decision)];
    const hasVote = read.has(me);
    if (this.#isCurrent(decision)) return true;
    // What is held here may be counted on by those who came after.
    if (isOver(this, this.#view.registers)) {
      this.#end({});
      return false;
    }
    const others = read.size - (hasVote ? 1 : 0);
    if (!this.#exchanges.bury(others, hasVote || this.bases.length !== 1)) return true;
    // What was older is read now, and does not count as deleted because it is not here.
    this.#watermark = 0;
    this.#view.registers.distrust(this.arc);
    this.#prepare();
    return false;
  }

  #accept(): void {
    const decision = this.#decision;
    if (decision === undefined) return;
    const proposal: Proposal = { ballot: decision.ballot, configuration: rules.outcome(decision) };
    if (decision.forced && rules.promisers(decision).size === 0) return this.#decide(decision);
    for (const [i, base] of this.bases.entries()) {
      for (const voter of base.members) {
        if (decision.forced && decision.promised[i]?.has(voter.contact.id) !== true) continue;
        const request: Request = { type: 'accept', arc: this.arc, base, proposal };
        const local = (): PartVote[] => this.#view.registers.accept(this.arc, base, proposal);
        const done = (votes: readonly PartVote[]): void => {
          const vote = this.#single(votes);
          if (vote?.type === 'outbid') return this.#outbid(vote.promised);
          if (vote?.type === 'elsewhere') return this.#elsewhere(i, voter, vote.configuration);
          if (vote?.type === 'accepted') this.#step((now) => rules.accepted(now, i, voter.contact.id));
        };
        this.#ask({ to: voter.contact, request, local, done });
      }
    }
  }

  #decide(decision: rules.Decision): void {
    const configuration = rules.outcome(decision);
    const [watermark, { forced }] = [rules.watermarkOf(decision), decision];
    const own = configuration === decision.proposed;
    this.cancel();
    // Who voted, and was read, would go on standing there where somebody else's proposal left it out.
    const voters = own ? [] : rules.promisingVoters(decision);
    // A watermark says that its holder has all from before it: who was not compared is told none.
    const markOf = (id: string): number => (rules.isCompared(decision, id) ? watermark : 0);
    announce(this.#engine, this.arc, configuration, [...configuration.members, ...voters], markOf);
    this.#view.registers.install(this.arc, configuration, watermark);
    this.#view.decided(this, { arc: this.arc, configuration, watermark, forced, own });
  }

  #step(rule: (decision: rules.Decision) => rules.Decision): void {
    if (this.#decision === undefined || this.#ended) return;
    const before = this.#decision.phase;
    this.#progressAt = this.#engine.now;
    this.#decision = rule(this.#decision);
    this.#proceed(before);
  }

  /** Asks a voter, or this member itself, while the attempt lasts. */
  #ask(question: Omit<Question, 'isWanted'>): void {
    askForVote(this.#engine, { ...question, isWanted: this.#whileItLasts() });
  }

  /** Whether this attempt is still the one that is made. */
  #whileItLasts(): () => boolean {
    const attempt = this.#attempt;
    return () => !this.#ended && this.#attempt === attempt;
  }
}
