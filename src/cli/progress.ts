// Progress of long work, for people: on standard error, only on a terminal, and only once the work has turned
// out to be long. Nothing here is data.
import type { ProgressResult, SpinnerResult } from '@clack/prompts';

// Work that is over sooner than this needs no spinner; flashing one would only distract.
const PATIENCE_MS = 400;

// The shell's convention for an end by SIGINT.
const INTERRUPTED = 130;

/** Runs the work behind a spinner that appears if it takes a while. */
export async function withSpinner<T>(message: string, work: () => Promise<T>): Promise<T> {
  if (!isInteractive()) return work();
  // Held in an object, because it is assigned in a callback that the compiler does not follow.
  const shown: { spinner?: SpinnerResult; over: boolean } = { over: false };
  const show = async (): Promise<void> => {
    const { spinner } = await import('@clack/prompts');
    if (shown.over) return;
    shown.spinner = spinner({ output: process.stderr, indicator: 'timer' });
    shown.spinner.start(message);
    process.on('exit', reportInterrupt);
  };
  const timer = setTimeout(() => {
    void show();
  }, PATIENCE_MS);
  try {
    return await work();
  } finally {
    shown.over = true;
    clearTimeout(timer);
    shown.spinner?.clear();
    process.off('exit', reportInterrupt);
  }
}

/**
 * Runs the work with a bar of `total` steps, which ends with it whatever happens: one left running would keep
 * the process and the keyboard. `describe` is what the bar says in the end, where the work was done.
 */
export async function withBar<T>(
  message: string,
  total: number,
  work: (bar: ProgressBar) => Promise<T>,
  describe: (result: T) => string,
): Promise<T> {
  const bar = await ProgressBar.start(message, total);
  try {
    const result = await work(bar);
    bar.stop(describe(result));
    return result;
  } catch (error) {
    bar.fail(message);
    throw error;
  }
}

/** Shows how many of `total` steps are done. */
export class ProgressBar {
  readonly #bar: ProgressResult | undefined;

  private constructor(bar: ProgressResult | undefined) {
    this.#bar = bar;
  }

  static async start(message: string, total: number): Promise<ProgressBar> {
    if (!isInteractive()) return new ProgressBar(undefined);
    const { progress } = await import('@clack/prompts');
    const bar = progress({ max: total, output: process.stderr });
    bar.start(message);
    process.on('exit', reportInterrupt);
    return new ProgressBar(bar);
  }

  /** Whether there is a terminal that shows it. */
  get isShown(): boolean {
    return this.#bar !== undefined;
  }

  advance(steps: number, message: string): void {
    this.#bar?.advance(steps, message);
  }

  stop(message: string): void {
    this.#bar?.stop(message);
    process.off('exit', reportInterrupt);
  }

  /** Ends it as something that was not done. */
  fail(message: string): void {
    this.#bar?.error(message);
    process.off('exit', reportInterrupt);
  }
}

/** Ctrl-C at a spinner ends the process as if all were done; the exit code has to say that it was not. */
function reportInterrupt(): void {
  process.exitCode = INTERRUPTED;
}

/** The spinner takes the keyboard over while it runs, so that standard input must be one too. */
function isInteractive(): boolean {
  return process.stderr.isTTY && process.stdin.isTTY;
}
