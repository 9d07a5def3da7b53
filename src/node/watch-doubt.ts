// WatchDoubt: what a watch knows while the history of some of its parts has broken, because a majority of
// the copies is gone or rings have met. Such a loss concerns several arcs, which come back one after the
// other; it owns what is to be told of them behind the one gap that says all of it, and whom that gap waits
// for. When it is told, and what of, is watch.ts's affair.
import type { ChangesReply } from '../core/change-query.ts';
import type { WatchEvent } from './watch.ts';
import type { WatchPart } from './watch-part.ts';

/** Whether what was told before may not hold: no version says behind which one something is missing. */
export function isBreak({ missing, behind }: ChangesReply): boolean {
  return missing && behind === '';
}

export class WatchDoubt {
  /** What is told behind the gap, in this order. */
  readonly events: WatchEvent[] = [];
  /** Parts of which nobody has told anything since it began. */
  readonly #unheard: Set<WatchPart>;
  /** Parts whose events come behind the gap. */
  readonly #behind = new Set<WatchPart>();
  readonly #over = new AbortController();

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

  /** What is told of the part from now on comes behind the gap. */
  puts(part: WatchPart): void {
    this.#behind.add(part);
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
