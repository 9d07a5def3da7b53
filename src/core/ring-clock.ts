// RingClock: which wall time this node goes by. Its own, as long as that is near the median of what other
// members say; else theirs, because versions and expiry are made of it. It owns the asking (a ping is
// answered with the time) and the judgement; the engine only adds the offset.
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Timer } from './timers.ts';

/** Asked at a time: more than half of them would have to be wrong alike. */
const ASKED_MAX = 5;
/** Between two askings when nothing seems to have happened: clocks that drift do so slowly. */
const PERIODS = 100;

/** Less is drift. */
const JUMP_MS = 10;
/** By then no write is repeated that was sent before. */
const JUMPS_MS = 3_600_000;

export class RingClock {
  readonly #engine: Engine;
  readonly #members: () => readonly Contact[];
  readonly #skewMaxMs: number;
  /** Epoch minus monotonic milliseconds, by the host's clock. */
  #own: number | undefined;
  /** Whether the ring's time is used, because ours is off. */
  #corrected = false;
  /** Ours has jumped, and it is not known yet whether it is right now: the former time goes on. */
  #undecided = false;
  #asking = false;
  #hasBegun = false;
  #timer: Timer | undefined;

  constructor(engine: Engine, members: () => readonly Contact[], skewMaxMs: number) {
    this.#engine = engine;
    this.#members = members;
    this.#skewMaxMs = skewMaxMs;
  }

  /**
   * What others are told when they ask: what we go by; while that is not known, what our clock says, or
   * members that jumped together would hold each other back.
   */
  get wallMs(): number {
    const { now, wallOffset } = this.#engine;
    return Math.max(0, Math.round(now + (this.#undecided ? (this.#own ?? 0) : wallOffset)));
  }

  /** The host's clock says so from now on. */
  handleClock(offsetMs: number): void {
    const jumped = this.#own !== undefined && !this.#isNear(offsetMs, this.#engine.wallOffset);
    this.#own = offsetMs;
    if (!jumped || !this.#engine.member) return this.#use(offsetMs, false);
    // It may be this machine that slept: then all others say the same as our clock does.
    this.#undecided = true;
    this.#ask();
  }

  /** We are a member: others are asked from time to time. */
  begin(): void {
    this.#engine.cancelTimer(this.#timer);
    const { random, profile } = this.#engine;
    this.#timer = this.#engine.after(random.around(profile.stabiliseMs * PERIODS), () => {
      if (!this.#engine.member) return;
      this.begin();
      this.#ask();
    });
  }

  #ask(): void {
    if (this.#asking) return;
    this.#asking = true;
    const rest = [...this.#members()];
    const offsets: number[] = [];
    let open = 0;
    while (rest.length > 0 && open < ASKED_MAX) {
      const [member] = rest.splice(this.#engine.random.below(rest.length), 1);
      if (member === undefined) break;
      open += 1;
      this.#engine.call(member, { type: 'ping' }, (answer) => {
        open -= 1;
        if (answer.type === 'reply' && answer.body.type === 'pong') {
          offsets.push(answer.body.wallMs - this.#engine.now);
        }
        if (open === 0) this.#judge(offsets);
      });
    }
    if (open === 0) this.#judge(offsets);
  }

  /** Our own clock is one of those that the median is taken of: of two, nobody can say which is wrong. */
  #judge(theirs: readonly number[]): void {
    this.#asking = false;
    const own = this.#own ?? 0;
    // Nobody is there to say otherwise: what was found out before stays, until our clock comes back.
    if (theirs.length === 0) return this.#undecided ? this.#use(own, false) : undefined;
    const sorted = [own, ...theirs].toSorted((a, b) => a - b);
    const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1);
    const median = middle.toSorted((a, b) => Math.abs(a - own) - Math.abs(b - own))[0] ?? own;
    if (this.#isNear(own, median)) return this.#use(own, false);
    if (!this.#corrected) this.#report(own - median, theirs.length);
    this.#use(median, true);
  }

  #use(offsetMs: number, corrected: boolean): void {
    this.#noteJump(offsetMs - this.#engine.wallOffset);
    this.#engine.wallOffset = offsetMs;
    this.#corrected = corrected;
    this.#undecided = false;
  }

  /** What was made before it seems older than it is. */
  #noteJump(ms: number): void {
    // Before the first there was no time to jump from.
    if (ms < JUMP_MS || !this.#hasBegun) return void (this.#hasBegun = true);
    const { now, jumpedAt, jumpedMs } = this.#engine;
    this.#engine.jumpedMs = now - jumpedAt < JUMPS_MS ? jumpedMs + ms : ms;
    this.#engine.jumpedAt = now;
  }

  #isNear(a: number, b: number): boolean {
    return Math.abs(a - b) <= this.#skewMaxMs;
  }

  #report(skewMs: number, members: number): void {
    const message =
      `the clock of this node is ${seconds(skewMs)} s ${skewMs > 0 ? 'ahead of' : 'behind'} the median of ` +
      `${members} members, at most ${seconds(this.#skewMaxMs)} s are allowed: it goes by theirs`;
    const details = { skewMs };
    this.#engine.event({ type: 'error', failure: { code: 'ERR_CLOCK_SKEW', message, details } });
  }
}

function seconds(ms: number): string {
  return (Math.abs(ms) / 1_000).toFixed(1);
}
