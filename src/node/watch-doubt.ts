// WatchDoubt: what a watch knows while something is missing from some of its parts, because copies were
// lost, rings have met, or much was forgotten. That concerns several arcs, whose owners say so one after the
// other; it owns what is to be told of them behind the one gap that says all of it, and whom that gap waits
// for. When it is told, and what of, is watch.ts's affair.
import type { Version } from '../core/entry.ts';
import type { WatchEvent } from './watch.ts';
import type { WatchPart } from './watch-part.ts';

export class WatchDoubt {
  /** What is told behind the gap, in this order. */
  readonly events: WatchEvent[] = [];
  /** Parts of which nobody has told anything since it began. */
  readonly #unheard: Set<WatchPart>;
  /** Parts whose events come behind the gap. */
  readonly #behind = new Set<WatchPart>();
  readonly #over = new AbortController();
  #version: Version | undefined;

  constructor(parts: Iterable<WatchPart>) {
    this.#unheard = new Set(parts);
  }

  /** Aborted once it is over. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Whether every part has been heard since, or has ended. */
  get isHeard(): boolean {
    return this.#unheard.size === 0;
  }

  isBehind(part: WatchPart): boolean {
    return this.#behind.has(part);
  }

  /** Behind it something may be missing; '' where no version says it. */
  get version(): Version {
    return this.#version ?? '';
  }

  /** Something is missing from the part: what is told of it from now on comes behind the gap. */
  broke(part: WatchPart, version: Version): void {
    this.#behind.add(part);
    if (this.#version === undefined || version < this.#version) this.#version = version;
  }

  /** One that goes on with a share of another. */
  begun(part: WatchPart, of: WatchPart): void {
    this.#unheard.add(part);
    if (this.#behind.has(of)) this.#behind.add(part);
  }

  heard(part: WatchPart): void {
    this.#unheard.delete(part);
  }

  /** Its share has become one with that of another. */
  joined(part: WatchPart, by: WatchPart): void {
    this.#unheard.delete(part);
    if (this.#behind.has(part)) this.#behind.add(by);
  }

  end(): void {
    this.#over.abort();
  }
}
