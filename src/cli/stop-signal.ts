// Stopping a command that runs until it is told to: SIGINT, SIGTERM and SIGHUP ask once, a second one forces.

// npm and npx pass a Ctrl-C on that the terminal has already sent to the whole group, so that one key press
// arrives twice within a few milliseconds; a person's second press takes longer than this.
const REPEAT_MS = 500;

// Short against the seconds that a stop may take; reading the parent's id costs microseconds.
const PARENT_CHECK_MS = 500;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const NUMBERS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

type Signal = (typeof SIGNALS)[number];

/** Waits for the request to stop. */
export class StopSignal {
  readonly #controller = new AbortController();
  #askedAt = 0;
  // The loss of the parent stands for this one.
  #first: Signal = 'SIGTERM';

  constructor() {
    for (const signal of SIGNALS) process.on(signal, () => this.#handleSignal(signal));
    if (process.env['npm_lifecycle_event'] !== undefined) this.#watchParent();
  }

  /** Aborted at the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What a command exits with that had not done its work when the first signal came. */
  get exitCode(): number {
    return exitCodeOf(this.#first);
  }

  /** Resolves at the first signal. */
  async stopped(): Promise<void> {
    if (this.signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /**
   * npm and npx run commands through a shell and pass a SIGTERM to that shell only: it ends, and the command
   * would go on for ever under another parent. So the loss of the parent counts as the signal.
   */
  #watchParent(): void {
    const parent = process.ppid;
    const timer = setInterval(() => {
      if (process.ppid !== parent) this.#controller.abort();
    }, PARENT_CHECK_MS);
    timer.unref();
  }

  #handleSignal(signal: Signal): void {
    const now = performance.now();
    if (!this.signal.aborted) {
      this.#askedAt = now;
      this.#first = signal;
      this.#controller.abort();
    } else if (now - this.#askedAt > REPEAT_MS) {
      process.exit(exitCodeOf(signal));
    }
  }
}

/** The shell's convention for an end by a signal. */
function exitCodeOf(signal: Signal): number {
  return 128 + NUMBERS[signal];
}

/** Ends the process with this exit code after a time, should anything keep it alive that long. */
export function exitWithin(ms: number, exitCode: number): void {
  setTimeout(() => process.exit(exitCode), ms).unref();
}
