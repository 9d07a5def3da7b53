// ProgressReport: how far a long transfer has come, in entries, bytes and percent. It owns the sentence and
// when it is said: on a terminal as a bar, elsewhere, where asked for, as a line for each tenth.
import { stderrLine } from './output.ts';
import { ProgressBar } from './progress.ts';

/** What a transfer has done so far. */
export interface Transferred {
  readonly entries: number;
  readonly bytes: number;
  /** The part of the whole, in [0, 1]; undefined where that is not known. */
  readonly part: number | undefined;
}

const TENTHS = 10;
/** Where the whole is not known, a line comes for as many entries as this. */
const ENTRIES_A_LINE = 10_000;

export class ProgressReport {
  readonly #bar: ProgressBar;
  readonly #doing: string;
  readonly #asLines: boolean;
  #percent = 0;
  #lines = 0;

  private constructor(bar: ProgressBar, doing: string, asLines: boolean) {
    this.#bar = bar;
    this.#doing = doing;
    this.#asLines = asLines;
  }

  /** `doing` is a word as 'exporting'; `asLines` wants lines where there is no bar. */
  static async start(doing: string, asLines: boolean): Promise<ProgressReport> {
    const bar = await ProgressBar.start(doing, 100);
    return new ProgressReport(bar, doing, asLines && !bar.isShown);
  }

  update(transferred: Transferred): void {
    const { part, entries } = transferred;
    const percent = Math.floor(100 * (part ?? 0));
    this.#bar.advance(Math.max(0, percent - this.#percent), describeTransfer(transferred));
    this.#percent = Math.max(this.#percent, percent);
    const lines =
      part === undefined ? Math.floor(entries / ENTRIES_A_LINE) : Math.floor(this.#percent / TENTHS);
    if (this.#asLines && lines > this.#lines) {
      stderrLine(`${this.#doing}: ${describeTransfer(transferred)}`);
    }
    this.#lines = Math.max(this.#lines, lines);
  }

  /** Ends a bar with the word, as 'done'. */
  stop(message: string): void {
    this.#bar.stop(message);
  }
}

/** As `1,234 entries, 5.6 MiB, 78 %`. */
export function describeTransfer({ entries, bytes, part }: Transferred): string {
  const count = `${entries.toLocaleString('en-US')} ${entries === 1 ? 'entry' : 'entries'}`;
  const size = `${count}, ${describeBytes(bytes)}`;
  return part === undefined ? size : `${size}, ${Math.floor(100 * part)} %`;
}

/** As `512 B` or `5.6 MiB`. */
export function describeBytes(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 'B';
  for (const next of units) {
    if (value < 1_024) break;
    value /= 1_024;
    unit = next;
  }
  return unit === 'B' ? `${bytes} B` : `${value.toFixed(1)} ${unit}`;
}
