// Replica: how a member answers for the copies it holds: claims of arcs, entries to store, and questions
// about what it has. It owns the answers only; who asks and when is in segment.ts (owners) and sweep.ts
// (holders of what is not theirs).
import type { Claims } from './claims.ts';
import { fromKey } from './bytes.ts';
import type { Engine } from './engine.ts';
import type { Entry, EntryVersion, Key } from './entry.ts';
import type { Reply, Request } from './message.ts';
import type { Operations } from './operations.ts';
import type { Owner } from './owner.ts';
import { holds, keyPosition } from './position.ts';
import type { MemoryStore } from './store.ts';

type Body<T extends Request['type']> = Extract<Request, { type: T }>;

export class Replica {
  readonly #engine: Engine;
  readonly #store: MemoryStore;
  readonly #claims: Claims;
  readonly #owner: Owner;
  readonly #operations: Operations;

  constructor(engine: Engine, store: MemoryStore, claims: Claims, owner: Owner, operations: Operations) {
    this.#engine = engine;
    this.#store = store;
    this.#claims = claims;
    this.#owner = owner;
    this.#operations = operations;
  }

  /** Promises the arc to the claimer and tells how much it may find here. */
  claim(from: string, { arc, epoch }: Body<'claim'>): Reply {
    const granted = this.#promise(from, arc, epoch);
    const count = granted ? this.#store.count(arc) : 0;
    return { type: 'claimed', granted, epoch: granted ? epoch : this.#claims.highest(arc), count };
  }

  replicate(from: string, { arc, epoch, entries }: Body<'replicate'>): Reply {
    if (!this.#promise(from, arc, epoch)) return { type: 'replicated', stored: false };
    const { storeBytes } = this.#engine.limits;
    const brings = entries.reduce((sum, entry) => sum + (entry.value?.length ?? 0), 0);
    if (brings > 0 && this.#store.bytes + brings > storeBytes) {
      const message = `the store is full: ${this.#store.bytes} of ${storeBytes} bytes (limits.storeBytes)`;
      return { type: 'failed', code: 'ERR_LIMIT', message };
    }
    for (const entry of entries) {
      const position = this.#position(entry.key);
      if (!holds(arc, position)) continue;
      this.#operations.clock.observe(entry.version);
      this.#store.put(position, entry);
    }
    return { type: 'replicated', stored: true };
  }

  digest({ arc, after }: Body<'digest'>): Reply {
    const items: EntryVersion[] = [];
    for (const { entry } of this.#store.walk(arc, after)) {
      if (items.length === this.#engine.limits.pageEntries) return { type: 'digest-is', items, more: true };
      items.push({ key: entry.key, version: entry.version });
    }
    return { type: 'digest-is', items, more: false };
  }

  /** As many of the entries as fit a page, at least one that is here. */
  fetch({ keys }: Body<'fetch'>): Reply {
    const entries: Entry[] = [];
    let bytes = 0;
    for (const key of keys) {
      if (bytes >= this.#engine.limits.pageBytes) break;
      const entry = this.#store.get(key);
      if (entry === undefined) continue;
      bytes += key.length + (entry.value?.length ?? 0);
      entries.push(entry);
    }
    return { type: 'fetched', entries };
  }

  /** What a holder of entries that are not its own should send us, and what it may forget. */
  offer(from: string, { items }: Body<'offer'>): Reply {
    const wanted: Key[] = [];
    const release: Key[] = [];
    const keeps = this.#owner.copies().some((copy) => copy.id === from);
    for (const { key, version } of items) {
      const segment = this.#owner.segmentAt(this.#position(key));
      if (segment === undefined) continue;
      if ((this.#store.get(key)?.version ?? '') < version) wanted.push(key);
      else if (segment.complete && !keeps) release.push(key);
    }
    return { type: 'offered', wanted, release };
  }

  /** Takes entries over that were offered; answered once they are as safe as an acknowledged write. */
  adopt({ entries }: Body<'adopt'>, respond: (reply: Reply) => void): void {
    const items = entries.map((entry) => ({ position: this.#position(entry.key), entry }));
    const segments = new Set(items.map(({ position }) => this.#owner.segmentAt(position)));
    let open = segments.size;
    let ok = true;
    const finished = (adopted: boolean): void => {
      ok &&= adopted;
      open -= 1;
      if (open > 0) return;
      respond(
        ok ? { type: 'adopted' } : { type: 'failed', code: 'BUSY', message: 'the arc is being taken over' },
      );
    };
    if (open === 0) return respond({ type: 'adopted' });
    for (const segment of segments) {
      if (segment === undefined) {
        finished(false);
        continue;
      }
      const mine = items.filter(({ position }) => this.#owner.segmentAt(position) === segment);
      this.#operations.adopt(segment, mine, finished);
    }
  }

  #promise(from: string, arc: Body<'claim'>['arc'], epoch: number): boolean {
    if (!this.#claims.grant(arc, from, epoch)) return false;
    this.#owner.cut(arc);
    return true;
  }

  #position(key: Key): number {
    return keyPosition(this.#engine.hash, fromKey(key), this.#engine.k);
  }
}
