// WatchPart: an arc of the ring that a watch asks one owner about, and how far it has been told. It owns the
// joining of arcs that one owner has come to serve; what is told, and when it is asked for, is watch.ts's
// affair.
import type { ChangesReply, ChangesRequest, Mark } from '../core/change-query.ts';
import type { Arc } from '../core/position.ts';
import { isInside } from '../core/position.ts';

/** Joined parts carry marks of their own until the next answer: few enough for one question. */
const MARKS_KEPT_MAX = 16;

export class WatchPart {
  #arc: Arc;
  #marks: readonly Mark[];
  #log = 0;
  #place = 0;
  readonly #stop = new AbortController();

  /** Without marks, nothing that was changed before is told. */
  constructor(arc: Arc, marks: readonly Mark[]) {
    this.#arc = arc;
    this.#marks = marks;
  }

  get arc(): Arc {
    return this.#arc;
  }

  get marks(): readonly Mark[] {
    return this.#marks;
  }

  /** Whether no owner has said yet behind which version it begins. */
  get fresh(): boolean {
    return this.#marks.length === 0;
  }

  get ended(): boolean {
    return this.#stop.signal.aborted;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get question(): Pick<ChangesRequest, 'arc' | 'marks' | 'log' | 'place'> {
    return { arc: this.#arc, marks: this.#marks, log: this.#log, place: this.#place };
  }

  told(arc: Arc, marks: readonly Mark[], { log, place }: ChangesReply): void {
    this.#arc = arc;
    this.#marks = marks;
    this.#log = log;
    this.#place = place;
  }

  /**
   * Takes over the parts behind this one that the same owner serves, so that there are never many more parts
   * than owners; they end. Returns them.
   */
  takeOver(parts: Iterable<WatchPart>, served: Arc, size: number): WatchPart[] {
    const open = [...parts].filter(
      (part) => part !== this && !part.fresh && isInside(part.arc, served, size),
    );
    const taken: WatchPart[] = [];
    for (;;) {
      const next = open.find(({ arc }) => arc.from === this.#arc.to);
      if (next === undefined || this.#marks.length + next.marks.length > MARKS_KEPT_MAX) return taken;
      open.splice(open.indexOf(next), 1);
      next.end();
      taken.push(next);
      this.#arc = { from: this.#arc.from, to: next.arc.to };
      this.#marks = [...this.#marks, ...next.marks];
      // What was said of the place holds for the former arc only.
      this.#log = 0;
      this.#place = 0;
    }
  }

  end(): void {
    this.#stop.abort();
  }
}
