// History: entries that were replaced a short while ago. It owns the memory by which a write that is repeated
// is recognised although another write to the key came between, and by which a watch is told of changes that
// were missed. Bounded: the oldest goes first, and how far it reaches back is known.
import type { Entry, Key, Version } from './entry.ts';
import { versionTime } from './entry.ts';
import type { Arc } from './position.ts';
import { holds } from './position.ts';
import type { Saver } from './saver.ts';
import type { Stored, StoreObserver, Summary } from './store.ts';
import { hashOf, HIGH_SEED, LOW_SEED } from './store.ts';

interface Past {
  readonly position: number;
  readonly entry: Entry;
}

export class History {
  readonly #max: number;
  readonly #bytesMax: number;
  #bytes = 0;
  readonly #past = new Map<Version, Past>();
  readonly #byOperation = new Map<string, readonly Entry[]>();
  #forgottenMs = 0;
  /** Told of every entry that is stored, and which version it replaces; whoever is interested sets it. */
  onStored: (stored: Stored, former: Version) => void = () => {};
  /** The same, of replaced entries that others have told of. */
  onLearned: (stored: Stored) => void = () => {};
  /** Told of every key of which nothing is held any more. */
  onRemoved: (key: Key) => void = () => {};

  /** `max` entries are remembered, of so many bytes of keys and values together. */
  constructor(max: number, bytesMax: number = Infinity) {
    this.#max = max;
    this.#bytesMax = bytesMax;
  }

  /** Epoch milliseconds: changes that were made before may have been forgotten. */
  get forgottenMs(): number {
    return this.#forgottenMs;
  }

  /** An entry that another member remembers. */
  learn(position: number, entry: Entry): void {
    if (this.add(position, entry)) this.onLearned({ position, entry });
  }

  /** An entry that another one replaced here, or elsewhere. Returns whether it was new. */
  add(position: number, entry: Entry): boolean {
    if (this.#past.has(entry.version)) return false;
    this.#past.set(entry.version, { position, entry });
    if (entry.operation !== '') {
      this.#byOperation.set(entry.operation, [...this.byOperation(entry.operation), entry]);
    }
    this.#bytes += bytesOf(entry);
    for (const [version, { entry: oldest }] of this.#past) {
      if (this.#past.size <= this.#max && this.#bytes <= this.#bytesMax) break;
      this.#bytes -= bytesOf(oldest);
      this.#past.delete(version);
      this.#dropOperation(oldest);
      this.#forgottenMs = Math.max(this.#forgottenMs, versionTime(version));
    }
    return true;
  }

  byVersion(version: Version): Entry | undefined {
    return this.#past.get(version)?.entry;
  }

  /** What a write has made: more than one entry where an owner failed, and the next one carried it out. */
  byOperation(operation: string): readonly Entry[] {
    // A look into an empty table still costs the hash of a long name.
    return (this.#byOperation.size === 0 ? undefined : this.#byOperation.get(operation)) ?? [];
  }

  /** The replaced entries of a key. */
  ofKey(key: Key): Entry[] {
    return [...this.#past.values()].filter(({ entry }) => entry.key === key).map(({ entry }) => entry);
  }

  /** What two members compare before one tells the other what it remembers. */
  summary(arc: Arc): Summary {
    let [count, low, high] = [0, 0, 0];
    for (const { position, entry } of this.#past.values()) {
      if (!holds(arc, position)) continue;
      count += 1;
      low = (low + hashOf(entry.version, LOW_SEED)) >>> 0;
      high = (high + hashOf(entry.version, HIGH_SEED)) >>> 0;
    }
    return { count, low, high };
  }

  /** What is remembered of an arc, oldest first. */
  within(arc: Arc): Entry[] {
    const found: Entry[] = [];
    for (const { position, entry } of this.#past.values()) if (holds(arc, position)) found.push(entry);
    return found;
  }

  #dropOperation({ operation, version }: Entry): void {
    const rest = this.byOperation(operation).filter((entry) => entry.version !== version);
    if (rest.length > 0) this.#byOperation.set(operation, rest);
    else this.#byOperation.delete(operation);
  }
}

/**
 * What a store tells: replaced entries are remembered, and every change is written down where that is asked
 * for.
 */
export function recording(history: History, saver: Saver): StoreObserver {
  return {
    stored: ({ position, entry }, replaced) => {
      if (replaced !== undefined) history.add(position, replaced);
      if (saver.durable) saver.save({ type: 'entry', position, entry });
      history.onStored({ position, entry }, replaced?.version ?? '');
    },
    removed: ({ position, entry }) => {
      saver.save({ type: 'forgotten', position, key: entry.key });
      history.onRemoved(entry.key);
    },
  };
}

function bytesOf({ key, value }: Entry): number {
  return key.length + (value?.length ?? 0);
}
