// Alarm: the one timer of a node. It owns arming, lateness and whether the process is kept alive for it. A
// timer that fires late means that this process did not run for a while: answers may have arrived meanwhile
// and wait in the kernel. They are let in first, so that they are not taken for silence.

/** A timer of an idle event loop is a few milliseconds late at most; more than this is a stall. */
const STALL_MS = 50;
/** setTimeout takes 31 bits; a longer wait just wakes in between. */
const WAIT_MAX_MS = 2 ** 31 - 1;

export class Alarm {
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** Monotonic milliseconds; Infinity = not armed. */
  #firesAt = Infinity;
  #keepsAlive = false;
  #settling = false;
  #stopped = false;

  /** `ring` is called when the time has come, once an arming. */
  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /**
   * Rings at `deadline` (monotonic milliseconds) or earlier: an alarm that is already set for an earlier
   * moment stays, because deadlines move later all the time, and a wake-up for nothing costs less than a
   * timer each time.
   */
  set(deadline: number): void {
    if (this.#stopped || this.#settling || deadline >= this.#firesAt) return;
    clearTimeout(this.#timer);
    const wait = Math.min(WAIT_MAX_MS, Math.max(0, Math.ceil(deadline - performance.now())));
    this.#firesAt = deadline;
    this.#timer = setTimeout(() => this.#fire(), wait);
    if (!this.#keepsAlive) this.#timer.unref();
  }

  /** Whether a waiting alarm keeps the process alive. */
  keepAlive(yes: boolean): void {
    if (yes === this.#keepsAlive) return;
    this.#keepsAlive = yes;
    if (yes) this.#timer?.ref();
    else this.#timer?.unref();
  }

  /** Never rings again. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #fire(): void {
    const late = performance.now() - this.#firesAt;
    this.#firesAt = Infinity;
    if (late <= STALL_MS) {
      this.#ring();
      return;
    }
    // The poll phase of the event loop runs before each of the two: the first lets in what has arrived, the
    // second what decrypting and framing have put off.
    this.#settling = true;
    setImmediate(() =>
      setImmediate(() => {
        this.#settling = false;
        if (!this.#stopped) this.#ring();
      }),
    );
  }
}
