// Trace: what happened in a run, as a digest by which two runs can be compared, and as the last lines for a
// reader. It owns nothing of the world; the world tells it every event in order.

/** Virtual milliseconds of which every event is kept for a reader. */
export interface TraceWindow {
  readonly from: number;
  readonly to: number;
}

/** Lines kept for a report, where no window is asked for. */
const LINES_MAX = 400;

export class Trace {
  #low = 0x811c9dc5;
  #high = 0x9e3779b9;
  #events = 0;
  readonly #lines: string[] = [];
  /** Keeps all of this, and nothing else. */
  window: TraceWindow | undefined;

  get events(): number {
    return this.#events;
  }

  /** 16 hex digits that depend on every event so far and on their order. */
  get hash(): string {
    return hex(this.#high) + hex(this.#low);
  }

  /** The last events, oldest first. */
  get lines(): readonly string[] {
    return this.window === undefined ? this.#lines.slice(-LINES_MAX) : [...this.#lines];
  }

  /** `now` in milliseconds; it is noted to the microsecond. */
  note(now: number, text: string): void {
    this.#events += 1;
    const line = `${now.toFixed(3)} ${text}`;
    // In local variables, because a field would be written anew for each character.
    let low = this.#low;
    let high = this.#high;
    for (let i = 0; i < line.length; i++) {
      const character = line.charCodeAt(i);
      low = Math.imul(low ^ character, 0x01000193);
      high = Math.imul(high ^ character, 0x85ebca6b) ^ (low >>> 13);
    }
    this.#low = low;
    this.#high = high;
    if (this.window !== undefined) {
      if (now >= this.window.from && now <= this.window.to) this.#lines.push(line);
      return;
    }
    this.#lines.push(line);
    if (this.#lines.length >= 2 * LINES_MAX) this.#lines.splice(0, LINES_MAX);
  }
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
