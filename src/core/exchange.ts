// Exchange: one member compares what it holds of an arc with one other member, takes what is newer there,
// sends what is newer here, or both. It owns that dialogue: sums over parts of the arc first, versions only
// where they differ, entries last, so that its cost follows the differences. Why they compare is segment.ts's
// affair (a copy is kept complete) or change.ts's (a decision is prepared).
import type { Configuration } from './configuration.ts';
import type { Contact } from './contact.ts';
import type { Answer, Engine } from './engine.ts';
import type { Entry, EntryVersion, Key, Place, Version } from './entry.ts';
import { epochOf, isNewer, lineageOf, lineagePart, versionTime } from './entry.ts';
import type { History } from './history.ts';
import type { Request } from './message.ts';
import type { Arc } from './position.ts';
import { arcLength, divide, without } from './position.ts';
import type { MemoryStore, Summary } from './store.ts';
import { EMPTY_SUMMARY, sameSummary } from './store.ts';

export interface ExchangeOptions {
  readonly engine: Engine;
  readonly store: MemoryStore;
  readonly history: History;
  readonly contact: Contact;
  readonly arc: Arc;
  /** In whose name entries are sent: who stands at a later epoch refuses them. */
  readonly base: Configuration;
  readonly watermark: number;
  /** Whether all that the member holds counts: it has collected what was deleted up to the watermark. */
  readonly trusted: boolean;
  readonly pull: boolean;
  readonly push: boolean;
  /**
   * Up to this epoch of the base's lineage, all that came into force is held here: what else the member holds
   * of them was left behind by a deposed owner. 0 = of none.
   */
  readonly knownTo: number;
  /**
   * Whether this member was compared in the base's lineage: what is held here of before the watermark, and by
   * nobody else, is over, whoever made it.
   */
  readonly isCompared?: boolean;
  /** A newer version of the key was taken over. */
  took(key: Key): void;
  /** The member has made or seen versions up to this one. */
  observe(version: Version): void;
  /** The member has told in which life its memory began. */
  born(contact: Contact, birth: number): void;
  /** What the member lacks of what is held here. Only told where nothing is pushed. */
  readonly lacks?: (lack: Lack) => void;
  /** All is compared. */
  done(): void;
  /** The member stands at a later epoch. */
  overtaken(): void;
}

export interface Lack {
  readonly key: Key;
  /** Of what is held here. */
  readonly version: Version;
  /** Whether the entry is so old that its deletion may be forgotten. */
  readonly isOld: boolean;
  /** Whether the member has an older version of it. */
  readonly hasOlder: boolean;
}

/** What whoever begins an exchange need not say. */
export type ExchangeParts = Omit<
  ExchangeOptions,
  'base' | 'watermark' | 'trusted' | 'pull' | 'push' | 'knownTo' | 'isCompared' | 'lacks' | 'done'
>;

/** Up to so many entries the versions are compared, above it the sums of parts. */
const DIGEST_MAX = 64;
const PARTS = 16;

type Reply = Extract<Answer, { type: 'reply' }>['body'];

export class Exchange {
  readonly contact: Contact;
  readonly #o: ExchangeOptions;
  /** Parts that differ and have not been looked at. */
  readonly #open: Arc[] = [];
  /** Parts of which the member holds nothing: they are sent whole. */
  readonly #missing: Arc[] = [];
  /** Parts of which what is remembered differs, and has not been looked at. */
  readonly #openPast: Arc[] = [];
  #ended = false;
  #finished = false;
  /** Whether anything was asked for in whose answer the member does not name its life. */
  #reads = false;
  /** Whether the member was compared in this lineage before, and stands in no other one. */
  #wasCompared = false;

  constructor(options: ExchangeOptions) {
    const { arc, base, contact, trusted, watermark } = options;
    this.#o = options;
    this.contact = contact;
    // Below 2 nothing has been forgotten in a lineage that came after others (decision.ts).
    if (!trusted && base.ancestors.length > 0 && watermark > 1) this.#inspect();
    else this.#summarise(arc, 1);
  }

  /** Of whoever has a watermark of the lineage, what is older than ours is no news, whoever made it. */
  #inspect(): void {
    const { arc, base, engine } = this.#o;
    this.#ask({ type: 'inspect', arc, saved: false }, (reply) => {
      if (reply.type !== 'inspected') return this.#later(() => this.#inspect());
      const known = reply.known.map((part) => part.arc);
      const isOurs = reply.known.every(
        ({ configuration, watermark }) => configuration.lineage === base.lineage && watermark > 0,
      );
      this.#wasCompared = isOurs && without([arc], known, engine.size).length === 0;
      this.#summarise(arc, 1);
    });
  }

  get finished(): boolean {
    return this.#finished;
  }

  end(): void {
    this.#ended = true;
  }

  #next(): void {
    const missing = this.#missing.pop();
    if (missing !== undefined) return this.#push(missing, new Map(), undefined);
    const arc = this.#open.pop();
    if (arc === undefined) return this.#past();
    if (arcLength(arc, this.#o.engine.size) > PARTS && this.#o.store.count(arc) > DIGEST_MAX) {
      return this.#summarise(arc, PARTS);
    }
    this.#digest(arc, undefined, new Map());
  }

  #summarise(arc: Arc, parts: number): void {
    const { store, history, engine } = this.#o;
    this.#ask({ type: 'summarise', arc, parts, past: false }, (reply) => {
      if (reply.type !== 'summary') return this.#later(() => this.#summarise(arc, parts));
      this.#o.observe(reply.clock);
      this.#o.born(this.contact, reply.birth);
      if (this.#ended) return;
      if (parts === 1 && !sameSummary(history.summary(arc), reply.past)) this.#openPast.push(arc);
      this.#compare(divide(arc, parts, engine.size), reply.parts, store);
    });
  }

  #compare(pieces: readonly Arc[], theirs: readonly Summary[], store: MemoryStore): void {
    const empty: Arc[] = [];
    for (const [i, piece] of pieces.entries()) {
      const their = theirs[i] ?? EMPTY_SUMMARY;
      const mine = store.summary(piece);
      if (sameSummary(mine, their)) continue;
      if (mine.count === 0 && this.#o.pull) empty.push(piece);
      // Where nothing is read, what the member holds alone is looked at all the same: it may be buried.
      else if (their.count > 0) this.#open.push(piece);
      else if (this.#o.push) this.#missing.push(piece);
      else this.#reportLacking(piece, new Map());
    }
    this.#pullAll(empty, undefined);
  }

  /** Nothing is held here of these parts: their entries are read page by page. */
  #pullAll(arcs: readonly Arc[], after: Place | undefined): void {
    const [arc, ...rest] = arcs;
    if (arc === undefined) return this.#next();
    this.#ask({ type: 'pull', arc, after }, (reply) => {
      if (reply.type !== 'pulled') return this.#later(() => this.#pullAll(arcs, after));
      const buried = reply.entries.filter((entry) => this.#isBuried(entry));
      this.#take(reply.entries.filter((entry) => !buried.includes(entry)));
      const last = reply.entries.at(-1);
      this.#void(arc, buried, () => {
        if (!reply.more || last === undefined) return this.#pullAll(rest, undefined);
        this.#pullAll(arcs, { position: this.#position(last), key: last.key });
      });
    });
  }

  /**
   * Whether it was deleted so long ago that nothing is left here to tell of it, or was left behind: never in
   * force, though its version is newer than ours.
   */
  #isBuried({ key, version }: EntryVersion): boolean {
    const { trusted, store, watermark, knownTo } = this.#o;
    if (this.#isOurs(version) && epochOf(version) <= knownTo) return true;
    if (trusted || store.versionOf(key) !== undefined) return false;
    return versionTime(version) < watermark && (this.#isOurs(version) || this.#wasCompared);
  }

  /** Whether it was made in the lineage of the base. */
  #isOurs(version: Version): boolean {
    return lineageOf(version) === lineagePart(this.#o.base.lineage);
  }

  #reportLacking(arc: Arc, theirs: ReadonlyMap<Key, Version>): void {
    const { store, lacks, base, watermark, isCompared } = this.#o;
    if (lacks === undefined) return;
    for (const { key, version } of store.walk(arc)) {
      const their = theirs.get(key);
      const isOurs = this.#isOurs(version);
      const isPast = versionTime(version) < watermark && (isOurs || isCompared === true);
      const isOld = their === undefined && isPast;
      if (!isNewer(version, their ?? '') || (isOurs ? epochOf(version) > base.epoch : !isOld)) continue;
      lacks({ key, version, isOld, hasOlder: their !== undefined });
    }
  }

  /**
   * The member is told of what is buried, and given what is here of these keys in one step: what was
   * acknowledged is never on one disk less.
   */
  #void(arc: Arc, buried: readonly EntryVersion[], then: () => void): void {
    const { push, base, store, engine } = this.#o;
    const { pageEntries, pageBytes } = engine.limits;
    if (!push || buried.length === 0) return then();
    const items: EntryVersion[] = [];
    const entries: Entry[] = [];
    let bytes = 0;
    for (const { key, version } of buried) {
      if (items.length >= pageEntries || bytes >= pageBytes) break;
      const entry = store.get(key);
      items.push({ key, version });
      if (entry !== undefined) entries.push(entry);
      bytes += key.length + (entry?.value?.length ?? 0);
    }
    this.#ask({ type: 'void', arc, base, items, entries }, (reply) => {
      if (reply.type !== 'voided') return this.#later(() => this.#void(arc, buried, then));
      this.#void(arc, buried.slice(items.length), then);
    });
  }

  #digest(arc: Arc, after: Place | undefined, theirs: Map<Key, Version>): void {
    this.#ask({ type: 'digest', arc, after }, (reply) => {
      if (reply.type !== 'digest-is') return this.#later(() => this.#digest(arc, after, theirs));
      for (const { key, version } of reply.items) theirs.set(key, version);
      const last = reply.items.at(-1);
      if (reply.more && last !== undefined) {
        return this.#digest(arc, { position: this.#position(last), key: last.key }, theirs);
      }
      this.#differ(arc, theirs);
    });
  }

  #differ(arc: Arc, theirs: ReadonlyMap<Key, Version>): void {
    const { store, pull, push } = this.#o;
    if (!push) this.#reportLacking(arc, theirs);
    const wanted: Key[] = [];
    const buried: EntryVersion[] = [];
    for (const [key, version] of theirs) {
      const mine = store.versionOf(key) ?? '';
      if (!isNewer(version, mine)) continue;
      if (this.#isBuried({ key, version })) buried.push({ key, version });
      else if (pull) wanted.push(key);
    }
    const then = (): void => (push ? this.#push(arc, theirs, undefined) : this.#next());
    this.#void(arc, buried, () => this.#fetch(wanted, then));
  }

  #fetch(wanted: readonly Key[], then: () => void): void {
    if (wanted.length === 0) return then();
    const keys = wanted.slice(0, this.#o.engine.limits.pageEntries);
    this.#ask({ type: 'fetch', keys }, (reply) => {
      if (reply.type !== 'fetched') return this.#later(() => this.#fetch(wanted, then));
      this.#take(reply.entries);
      // A page may hold only a part; what the member has lost meanwhile is not asked for again.
      const got = new Set(reply.entries.map((entry) => entry.key));
      const asked = new Set(keys);
      const rest = wanted.filter((key) => !got.has(key) && (got.size > 0 || !asked.has(key)));
      this.#fetch(rest, then);
    });
  }

  #push(arc: Arc, theirs: ReadonlyMap<Key, Version>, after: Place | undefined): void {
    const { store, engine, base } = this.#o;
    const { pageEntries, pageBytes } = engine.limits;
    const entries: Entry[] = [];
    let bytes = 0;
    let last = after;
    for (const { position, entry } of store.walk(arc, after)) {
      if (entries.length >= pageEntries || bytes >= pageBytes) break;
      last = { position, key: entry.key };
      if (!isNewer(entry.version, theirs.get(entry.key) ?? '')) continue;
      entries.push(entry);
      bytes += entry.key.length + (entry.value?.length ?? 0);
    }
    if (entries.length === 0) return this.#next();
    this.#ask({ type: 'copy', arc, base, entries, past: false }, (reply) => {
      if (reply.type !== 'copied') return this.#later(() => this.#push(arc, theirs, after));
      if (!reply.stored) return this.#o.overtaken();
      this.#push(arc, theirs, last);
    });
  }

  /**
   * What others have replaced: by it a repeated write is recognised. Of few, all are read; else the parts
   * that differ are found by their sums first.
   */
  #past(): void {
    const arc = this.#openPast.pop();
    if (arc === undefined) return this.#finish();
    const { history, engine, pull } = this.#o;
    const held = history.within(arc);
    const divisible = arcLength(arc, engine.size) > PARTS;
    if (divisible && held.length > DIGEST_MAX && !this.#isOneKey(held)) return this.#narrowPast(arc);
    if (pull) this.#pullPast(arc, 0);
    else this.#pushPast(arc, held);
  }

  /** What differs of the versions of one key is not found by cutting the arc. */
  #isOneKey(entries: readonly Entry[]): boolean {
    return entries.every(({ key }) => key === entries[0]?.key);
  }

  #narrowPast(arc: Arc): void {
    const { history, engine } = this.#o;
    this.#ask({ type: 'summarise', arc, parts: PARTS, past: true }, (reply) => {
      if (reply.type !== 'summary') return this.#later(() => this.#narrowPast(arc));
      const differs = (piece: Arc, i: number): boolean =>
        !sameSummary(history.summary(piece), reply.parts[i] ?? EMPTY_SUMMARY);
      this.#openPast.push(...divide(arc, PARTS, engine.size).filter(differs));
      this.#past();
    });
  }

  #pullPast(arc: Arc, from: number): void {
    this.#ask({ type: 'pull-past', arc, from }, (reply) => {
      if (reply.type !== 'pulled') return this.#later(() => this.#pullPast(arc, from));
      for (const entry of reply.entries) this.#o.history.learn(this.#position(entry), entry);
      if (reply.more && reply.entries.length > 0) return this.#pullPast(arc, from + reply.entries.length);
      if (this.#o.push) this.#pushPast(arc, this.#o.history.within(arc));
      else this.#past();
    });
  }

  #pushPast(arc: Arc, past: readonly Entry[]): void {
    const { base, engine } = this.#o;
    const entries = pageOf(past, engine.limits.pageEntries, engine.limits.pageBytes);
    if (entries.length === 0) return this.#past();
    this.#ask({ type: 'copy', arc, base, entries, past: true }, (reply) => {
      if (reply.type !== 'copied') return this.#later(() => this.#pushPast(arc, past));
      if (!reply.stored) return this.#o.overtaken();
      this.#pushPast(arc, past.slice(entries.length));
    });
  }

  /** What was read counts only if it was the same memory to the end. */
  #finish(): void {
    if (!this.#o.pull || this.#o.push || !this.#reads) return this.#done();
    this.#ask({ type: 'summarise', arc: this.#o.arc, parts: 1, past: false }, (reply) => {
      if (reply.type !== 'summary') return this.#later(() => this.#finish());
      this.#o.born(this.contact, reply.birth);
      if (!this.#ended) this.#done();
    });
  }

  #done(): void {
    this.#finished = true;
    this.#o.done();
  }

  #take(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (this.#o.store.put(this.#position(entry), entry)) this.#o.took(entry.key);
    }
  }

  /** A member that does not answer is asked again until whoever began the exchange ends it. */
  #ask(request: Request, done: (reply: Reply) => void): void {
    if (request.type !== 'summarise' && request.type !== 'inspect') this.#reads = true;
    this.#o.engine.call(this.contact, request, (answer) => {
      if (this.#ended) return;
      if (answer.type === 'reply') done(answer.body);
      else this.#later(() => this.#ask(request, done));
    });
  }

  #later(action: () => void): void {
    const { engine } = this.#o;
    engine.after(engine.random.around(engine.profile.retryMs * 2), () => {
      if (!this.#ended) action();
    });
  }

  #position(item: EntryVersion): number {
    return this.#o.engine.positionOf(item.key);
  }
}

/** The first entries that fit a message; at least one. */
export function pageOf(entries: readonly Entry[], most: number, mostBytes: number): Entry[] {
  const page: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (page.length >= most || bytes >= mostBytes) break;
    page.push(entry);
    bytes += entry.key.length + (entry.value?.length ?? 0);
  }
  return page;
}
