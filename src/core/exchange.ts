// Exchange: the owner of an arc compares it with one other member: it claims the arc there, reads which
// versions that member holds, takes what is newer and, where the member keeps copies, sends what it lacks.
// It owns the dialogue with that one member; segment.ts decides what its progress means.
import type { Contact } from './contact.ts';
import type { Answer, Engine } from './engine.ts';
import type { Entry, EntryVersion, Key, Place, Version } from './entry.ts';
import type { Request } from './message.ts';
import type { Arc } from './position.ts';
import { keyPosition } from './position.ts';
import { fromKey } from './bytes.ts';
import type { MemoryStore } from './store.ts';

/** Progress: collected = all that it holds is known and taken over; synced = it holds all that we hold. */
export type ExchangeState = 'claiming' | 'collected' | 'synced';

export interface ExchangeView {
  readonly arc: Arc;
  readonly epoch: number;
  /** A newer version of the key was taken over. */
  took(key: Key): void;
  progressed(): void;
  refused(epoch: number): void;
}

export class Exchange {
  state: ExchangeState = 'claiming';
  readonly contact: Contact;
  readonly #engine: Engine;
  readonly #store: MemoryStore;
  readonly #view: ExchangeView;
  readonly #theirs = new Map<Key, Version>();
  #ended = false;
  #pushing = false;

  constructor(engine: Engine, store: MemoryStore, view: ExchangeView, contact: Contact) {
    this.#engine = engine;
    this.#store = store;
    this.#view = view;
    this.contact = contact;
    this.#claim();
  }

  end(): void {
    this.#ended = true;
  }

  /** Sends what the member lacks, once the arc has been collected from everybody. */
  push(): void {
    if (this.state !== 'collected' || this.#pushing || this.#ended) return;
    this.#pushing = true;
    this.#pushFrom(undefined);
  }

  #claim(): void {
    const { arc, epoch } = this.#view;
    this.#ask({ type: 'claim', arc, epoch }, (answer) => {
      if (answer.body.type !== 'claimed') return this.#retry(() => this.#claim());
      if (!answer.body.granted) return this.#view.refused(answer.body.epoch);
      if (answer.body.count === 0) return this.#collected();
      this.#read({ type: 'digest', arc, after: undefined });
    });
  }

  #read(request: Extract<Request, { type: 'digest' }>): void {
    this.#ask(request, (answer) => {
      if (answer.body.type !== 'digest-is') return this.#retry(() => this.#read(request));
      const { items, more } = answer.body;
      const wanted: Key[] = [];
      for (const { key, version } of items) {
        this.#theirs.set(key, version);
        if ((this.#store.get(key)?.version ?? '') < version) wanted.push(key);
      }
      this.#fetch(wanted, () => {
        const last = items.at(-1);
        if (!more || last === undefined) return this.#collected();
        this.#read({ ...request, after: { position: this.#position(last), key: last.key } });
      });
    });
  }

  #fetch(wanted: readonly Key[], then: () => void): void {
    if (wanted.length === 0) return then();
    this.#ask({ type: 'fetch', keys: wanted }, (answer) => {
      if (answer.body.type !== 'fetched') return this.#retry(() => this.#fetch(wanted, then));
      const { entries } = answer.body;
      for (const entry of entries) {
        if (this.#store.put(this.#position(entry), entry)) this.#view.took(entry.key);
      }
      // A page may hold only a part; what the member has lost meanwhile is not asked for again.
      const got = new Set(entries.map((entry) => entry.key));
      this.#fetch(entries.length === 0 ? [] : wanted.filter((key) => !got.has(key)), then);
    });
  }

  #collected(): void {
    this.state = 'collected';
    this.#view.progressed();
  }

  #pushFrom(after: Place | undefined): void {
    const { arc, epoch } = this.#view;
    const { pageEntries, pageBytes } = this.#engine.limits;
    const page: Entry[] = [];
    let bytes = 0;
    let last = after;
    for (const { position, entry } of this.#store.walk(arc, after)) {
      if (page.length >= pageEntries || bytes >= pageBytes) break;
      last = { position, key: entry.key };
      if ((this.#theirs.get(entry.key) ?? '') >= entry.version) continue;
      page.push(entry);
      bytes += entry.key.length + (entry.value?.length ?? 0);
    }
    if (page.length === 0) {
      this.#theirs.clear();
      this.state = 'synced';
      return this.#view.progressed();
    }
    this.#ask({ type: 'replicate', arc, epoch, entries: page }, (answer) => {
      if (answer.body.type !== 'replicated') return this.#retry(() => this.#pushFrom(after));
      if (!answer.body.stored) return this.#view.refused(epoch);
      this.#pushFrom(last);
    });
  }

  /** A member that does not answer is asked again until the ring drops it, which ends the exchange. */
  #ask(request: Request, done: (answer: Extract<Answer, { type: 'reply' }>) => void): void {
    this.#engine.call(this.contact, request, (answer) => {
      if (this.#ended) return;
      if (answer.type === 'reply') done(answer);
      else this.#retry(() => this.#ask(request, done));
    });
  }

  #retry(action: () => void): void {
    this.#engine.after(this.#engine.random.around(this.#engine.profile.retryMs * 2), () => {
      if (!this.#ended) action();
    });
  }

  #position(item: EntryVersion): number {
    return keyPosition(this.#engine.hash, fromKey(item.key), this.#engine.k);
  }
}
