// Replica: how a member answers for the copies it holds: votes on configurations, entries to store, and
// questions about what it has. It owns the answers only, and that none of them is given before what it relies
// on is written down; who asks and when is in change.ts, segment.ts (owners) and sweep.ts (holders of what is
// not theirs).
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Entry, EntryVersion, Key, VersionClock } from './entry.ts';
import { pageOf } from './exchange.ts';
import type { History } from './history.ts';
import type { Known, Reply, Request, Told } from './message.ts';
import type { Owner } from './owner.ts';
import type { Arc } from './position.ts';
import { divide, holds, intersect, isInside } from './position.ts';
import type { Base, Configuration } from './configuration.ts';
import { sameBase, supersedes } from './configuration.ts';
import type { RoundOutcome } from './rounds.ts';
import type { MemoryStore } from './store.ts';
import { EMPTY_SUMMARY } from './store.ts';

type Body<T extends Request['type']> = Extract<Request, { type: T }>;
type Respond = (reply: Reply) => void;
type OfferedReply = Extract<Reply, { type: 'offered' }>;

export interface ReplicaParts {
  readonly engine: Engine;
  readonly store: MemoryStore;
  readonly history: History;
  readonly owner: Owner;
  readonly clock: VersionClock;
  /** Whether that member is about to be one of the set, though the set may be complete without it. */
  isDue(id: string): boolean;
  /** This member answers for the key, or is about to, and a majority may not hold its newest entry. */
  took(key: Key): void;
  /** The owner of the arc counts on what is held here from now on. */
  counted(arc: Arc): void;
}

export class Replica {
  readonly #parts: ReplicaParts;

  constructor(parts: ReplicaParts) {
    this.#parts = parts;
  }

  inspect({ arc, saved }: Body<'inspect'>, respond: Respond): void {
    const { owner, engine } = this.#parts;
    const { birth } = engine;
    // In a roll call nobody asks what is known.
    if (saved) return this.#whenSaved(respond, { type: 'inspected', birth, known: [] });
    const known: Known[] = owner.registers
      .within(arc)
      .flatMap(({ arc: part, value }) =>
        value.map(({ configuration, watermark }) => ({ arc: part, configuration, watermark })),
      );
    respond({ type: 'inspected', birth, known });
  }

  prepare({ arc, base, ballot }: Body<'prepare'>, respond: Respond): void {
    const votes = this.#parts.owner.registers.prepare(arc, base, ballot);
    this.#whenSaved(respond, { type: 'voted', votes });
  }

  accept({ arc, base, proposal }: Body<'accept'>, respond: Respond): void {
    const votes = this.#parts.owner.registers.accept(arc, base, proposal);
    this.#whenSaved(respond, { type: 'voted', votes });
  }

  install({ arc, configuration, watermark }: Body<'install'>, respond: Respond): void {
    const { registers } = this.#parts.owner;
    const whole = registers.install(arc, configuration, watermark);
    // Who stands there already may be told later that it has all from before the watermark.
    if (whole && watermark > 0) registers.raiseWatermark(arc, configuration, watermark);
    this.#whenSaved(respond, { type: 'installed', whole });
  }

  replicate({ arc, base, entries }: Body<'replicate'>, respond: Respond): void {
    if (!this.#parts.owner.registers.serves(arc, base)) {
      return respond({ type: 'replicated', outcome: 'refused' });
    }
    if (entries.length === 0) return respond({ type: 'replicated', outcome: 'stored' });
    const full = this.#full(entries);
    if (full !== undefined) return respond(full);
    this.#put(arc, entries);
    this.#whenSaved(respond, { type: 'replicated', outcome: 'stored' });
  }

  copy({ arc, base, entries, past }: Body<'copy'>, respond: Respond): void {
    const { history, engine } = this.#parts;
    const overtaken = this.#parts.owner.registers
      .known(arc)
      .some((known) => known.lineage === base.lineage && supersedes(known, base));
    if (overtaken) return respond({ type: 'copied', stored: false });
    // A comparison may take longer than what it began with is remembered.
    this.#parts.counted(arc);
    const full = this.#full(entries);
    if (full !== undefined) return respond(full);
    if (past) {
      for (const entry of entries) history.learn(engine.positionOf(entry.key), entry);
    } else this.#put(arc, entries);
    this.#whenSaved(respond, { type: 'copied', stored: true });
  }

  summarise({ arc, parts, past: ofPast }: Body<'summarise'>): Reply {
    const { store, history, engine, clock } = this.#parts;
    this.#parts.counted(arc);
    const pieces = divide(arc, parts, engine.size);
    const past = parts === 1 ? history.summary(arc) : EMPTY_SUMMARY;
    const sums = pieces.map((piece) => (ofPast ? history : store).summary(piece));
    return { type: 'summary', birth: engine.birth, clock: clock.latest, parts: sums, past };
  }

  digest({ arc, after }: Body<'digest'>): Reply {
    const items: EntryVersion[] = [];
    for (const { entry } of this.#parts.store.walk(arc, after)) {
      if (items.length === this.#parts.engine.limits.pageEntries)
        return { type: 'digest-is', items, more: true };
      items.push({ key: entry.key, version: entry.version });
    }
    return { type: 'digest-is', items, more: false };
  }

  /** As many of the entries as fit a page, at least one that is here. */
  fetch({ keys }: Body<'fetch'>): Reply {
    const { store, engine } = this.#parts;
    const held = keys.flatMap((key: Key) => store.get(key) ?? []);
    return { type: 'fetched', entries: pageOf(held, engine.limits.pageEntries, engine.limits.pageBytes) };
  }

  pull({ arc, after }: Body<'pull'>): Reply {
    const { pageEntries, pageBytes } = this.#parts.engine.limits;
    const entries: Entry[] = [];
    let bytes = 0;
    for (const { entry } of this.#parts.store.walk(arc, after)) {
      if (entries.length >= pageEntries || bytes >= pageBytes) return { type: 'pulled', entries, more: true };
      entries.push(entry);
      bytes += entry.key.length + (entry.value?.length ?? 0);
    }
    return { type: 'pulled', entries, more: false };
  }

  pullPast({ arc, from }: Body<'pull-past'>): Reply {
    const { history, engine } = this.#parts;
    const rest = history.within(arc).slice(from);
    const entries = pageOf(rest, engine.limits.pageEntries, engine.limits.pageBytes);
    return { type: 'pulled', entries, more: entries.length < rest.length };
  }

  /**
   * Entries that were deleted while this member was away, so long ago that nothing is left to tell of it, or
   * that were left behind, make room for what is in force. In another lineage they may be that themselves.
   */
  voidEntries({ arc, base, items, entries }: Body<'void'>, respond: Respond): void {
    const { store, owner, engine } = this.#parts;
    const { registers } = owner;
    const isOver = registers.known(arc).some((one) => supersedes(one, base));
    const isElsewhere = registers.standing(arc).some((one) => one.configuration.lineage !== base.lineage);
    // What is served here may be about to be acknowledged.
    const isLeft = ({ key, version }: EntryVersion): boolean =>
      store.versionOf(key) === version && owner.segmentAt(engine.positionOf(key)) === undefined;
    const voided = new Set((isOver || isElsewhere ? [] : items.filter(isLeft)).map(({ key }) => key));
    const instead = entries.filter(({ key }) => voided.has(key));
    const full = this.#full(instead);
    if (full !== undefined) return respond(full);
    for (const key of voided) store.remove(key);
    this.#put(arc, instead);
    if (voided.size > 0) registers.distrust(arc);
    this.#whenSaved(respond, { type: 'voided' });
  }

  collect({ arc, base, watermark }: Body<'collect'>, respond: Respond): void {
    const { owner, store } = this.#parts;
    const done = owner.registers.serves(arc, base);
    if (done) {
      owner.registers.raiseWatermark(arc, base, watermark);
      store.collect(arc, watermark);
    }
    this.#whenSaved(respond, { type: 'collected', done });
  }

  /**
   * What becomes of a register, or of entries, that another node holds and does not own; the position is
   * ours. `known`: the holder, where we know more of it than the id. It is let go only if a majority of the
   * set still follows us: an owner that others have replaced does not know whom they count on.
   */
  offer(
    from: string,
    known: Contact | undefined,
    offer: Body<'offer'>,
    ring: Arc,
    respond: (reply: OfferedReply) => void,
  ): void {
    const { owner, engine } = this.#parts;
    const reply = this.#offered(from, known, offer, ring);
    const segment = reply.outcome === 'release' ? owner.segmentAt(offer.position) : undefined;
    if (segment === undefined) return respond(reply);
    const { configuration } = segment;
    const done = (outcome: RoundOutcome): void => {
      const stands = outcome === 'agreed' && segment.complete && segment.configuration === configuration;
      respond(stands ? reply : { ...reply, outcome: 'wait', known: undefined });
    };
    const deadline = engine.now + engine.profile.requestMaxMs;
    segment.rounds.add({ position: offer.position, entry: undefined, need: 'quorum', deadline, done });
  }

  #offered(from: string, known: Contact | undefined, offer: Body<'offer'>, ring: Arc): OfferedReply {
    const { arc, position, base, told } = offer;
    const { owner, engine } = this.#parts;
    const own = intersect(arc, ring, engine.size).find((part) => holds(part, position)) ?? arc;
    const segment = owner.segmentAt(position);
    if (segment === undefined) return this.#offeredNews(own, base, told);
    const part = intersect(own, segment.arc, engine.size).find((one) => holds(one, position)) ?? own;
    const ours = segment.configuration;
    const seated = ours.members.some((voter) => voter.contact.id === from);
    // What reaches beyond our arc, or lacks who has just come, is only complete as the ring was a moment ago.
    const complete = segment.complete && isInside(segment.arc, ring, engine.size) && !this.#parts.isDue(from);
    const answer = (outcome: OfferedReply['outcome'], after = ours): OfferedReply => {
      const tells = outcome === 'installed' || outcome === 'release';
      const now = tells ? { arc: part, configuration: after, watermark: 0 } : undefined;
      return { type: 'offered', arc: part, outcome, known: now };
    };
    const same = base !== undefined && sameBase(ours, base);
    if (same && seated) return answer('keep');
    // Of a longer history the segment knows less than the registers of its parts.
    const decided = [ours, ...owner.registers.known(part)];
    if (base !== undefined && !same && !decided.some((one) => supersedes(one, base))) {
      return this.#offeredNews(part, base, told);
    }
    // The holder may have what nobody else does: of another lineage, or of one that it has heard to be over.
    // So may one of ours, where that came after others: it may have been told of it before it was read.
    const isUnread = !seated && ours.ancestors.length > 0;
    const strange = base === undefined || same || isUnread || ours.lineage !== base.lineage;
    if (!seated && !complete) return answer('wait');
    if (seated && base === undefined) return answer('wait');
    if (strange) {
      const holder = told?.holder ?? known;
      if (holder === undefined) return answer('tell');
      if (!segment.absorb(holder, base ?? NOTHING)) return answer('wait');
    }
    // What is let go has to be told by what comes after it: the history of ours may not reach back so far.
    const tells = (one: Configuration): boolean => base === undefined || same || supersedes(one, base);
    return seated ? answer('installed') : answer('release', decided.find(tells));
  }

  /** What is offered may be more than we know. */
  #offeredNews(arc: Arc, base: Base | undefined, told: Told | undefined): OfferedReply {
    const configuration = told?.configuration;
    if (configuration !== undefined) this.#parts.owner.learn([{ arc, configuration }]);
    const outcome = base !== undefined && told === undefined ? 'tell' : 'wait';
    return { type: 'offered', arc, outcome, known: undefined };
  }

  #put(arc: Body<'copy'>['arc'], entries: readonly Entry[]): void {
    const { engine, store, owner } = this.#parts;
    for (const entry of entries) {
      const position = engine.positionOf(entry.key);
      if (!holds(arc, position)) continue;
      this.#parts.clock.observe(entry.version);
      if (!store.put(position, entry)) continue;
      // Others may lack it, also those that were given all that was here when the arc was taken over.
      const segment = owner.segmentAt(position);
      segment?.learn();
      if (segment !== undefined || owner.isTaking(position)) this.#parts.took(entry.key);
    }
  }

  #full(entries: readonly Entry[]): Reply | undefined {
    const { store, engine } = this.#parts;
    const { storeBytes } = engine.limits;
    if (store.hasRoom(entries, storeBytes)) return undefined;
    const message = `the store is full: ${store.bytes} of ${storeBytes} bytes (limits.storeBytes)`;
    return { type: 'failed', code: 'ERR_LIMIT', message };
  }

  #whenSaved(respond: Respond, reply: Reply): void {
    const { saver } = this.#parts.engine;
    saver.whenSaved((saved) => {
      const message = `this member cannot write it down: ${saver.failure ?? ''}`;
      respond(saved ? reply : { type: 'failed', code: 'ERR_STORE', message });
    });
  }
}

/** Entries without a register. */
const NOTHING: Base = { lineage: '', epoch: 0 };
