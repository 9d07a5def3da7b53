// LeftBehind: entries that this member made as an owner and that may not be in force. When the next epoch of
// their arc is decided without it, they are taken back: kept, one could replace what was made before it and
// came into force later, because its own epoch is the later one. It owns their list; who settles an entry is
// operations.ts's affair.
import type { Base, Configuration } from './configuration.ts';
import { leavesOut } from './configuration.ts';
import type { Engine } from './engine.ts';
import type { Entry, Key, Version } from './entry.ts';
import type { History } from './history.ts';
import type { Arc } from './position.ts';
import { holds } from './position.ts';
import type { MemoryStore } from './store.ts';

interface Left {
  readonly position: number;
  readonly version: Version;
  /** What was in force before it, or was left behind as well; '' = nothing. */
  readonly before: Version;
  readonly base: Base;
}

export class LeftBehind {
  readonly #engine: Engine;
  readonly #store: MemoryStore;
  readonly #history: History;
  /** The latest of each key. */
  readonly #left = new Map<Key, Left>();

  constructor(engine: Engine, store: MemoryStore, history: History) {
    this.#engine = engine;
    this.#store = store;
    this.#history = history;
  }

  /** An entry was made at that epoch. What it was made from may be of the kind itself. */
  made(position: number, { key, version, previous }: Entry, { lineage, epoch }: Base): void {
    const former = this.#left.get(key);
    const before = former?.version === previous ? former.before : previous;
    this.#left.set(key, { position, version, before, base: { lineage, epoch } });
  }

  /** The newest entry of the key is in force, or is to stay, or is gone. */
  forget(key: Key): void {
    this.#left.delete(key);
  }

  /** What was before is back; returns the keys. An owner that is one of the new set keeps what it made. */
  takeBack(arc: Arc, configuration: Configuration): Key[] {
    const back: Key[] = [];
    for (const [key, { position, version, before, base }] of this.#left) {
      if (!holds(arc, position) || !leavesOut(configuration, base, this.#engine.self.id)) continue;
      this.#left.delete(key);
      const entry = this.#history.byVersion(before);
      const isKnown = entry !== undefined || before === '';
      if (!isKnown || this.#store.versionOf(key) !== version) continue;
      this.#store.remove(key);
      if (entry !== undefined && this.#store.put(position, entry)) back.push(key);
    }
    return back;
  }
}
