// The demo's traffic: random reads and writes through random members, and what they cost. It shows nothing
// itself.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChordSocket } from '../index.ts';
import { codeOf } from './failure.ts';
import { SAMPLE_DATA } from './demo-ring.ts';

// Two workers with a pause each: enough to see, while the ring leaves the machine to others.
const WORKERS = 2;
const PAUSE_MS = 15;
const USERS = 40;
const READS = 0.7;
// Medians over more than a few seconds would hide what happens now.
const SAMPLES_MAX = 400;

export interface TrafficReport {
  readonly operations: number;
  readonly opsPerSecond: number;
  readonly errors: number;
  /**
   * Milliseconds at the median and the 99th percentile of the latest reads and writes; NaN before the first.
   */
  readonly reads: Latency;
  readonly writes: Latency;
  readonly lastError: string | undefined;
  readonly lastLookup: Lookup | undefined;
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** The way of one key, as `explain` tells it. */
export interface Lookup {
  readonly key: string;
  readonly from: number;
  /** Positions of the members asked, the owner last. */
  readonly hops: readonly number[];
  readonly requests: number;
  readonly ms: number;
}

/** Reads and writes until it is stopped. */
export class DemoTraffic {
  readonly #members: readonly ChordSocket[];
  readonly #reads: number[] = [];
  readonly #writes: number[] = [];
  #operations = 0;
  #errors = 0;
  #lastError: string | undefined;
  #lastLookup: Lookup | undefined;
  #reportedAt = performance.now();
  #reportedOperations = 0;

  constructor(members: readonly ChordSocket[]) {
    this.#members = members;
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: WORKERS }, () => this.#work(signal)));
  }

  /** Looks one key up for its hops; a failure counts as one of the traffic's. */
  async explainOne(): Promise<void> {
    const member = pick(this.#members);
    const key = randomKey();
    await this.#attempt(async () => {
      const { hops, requests, ms } = await member.explain(key);
      const positions = hops.map(({ peer }) => peer.position);
      this.#lastLookup = { key, from: member.position, hops: positions, requests, ms };
    });
  }

  /** The figures since the last report. */
  report(): TrafficReport {
    const now = performance.now();
    const seconds = (now - this.#reportedAt) / 1000;
    const opsPerSecond = seconds > 0 ? (this.#operations - this.#reportedOperations) / seconds : 0;
    this.#reportedAt = now;
    this.#reportedOperations = this.#operations;
    return {
      operations: this.#operations,
      opsPerSecond,
      errors: this.#errors,
      reads: latency(this.#reads),
      writes: latency(this.#writes),
      lastError: this.#lastError,
      lastLookup: this.#lastLookup,
    };
  }

  async #work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#operate();
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #operate(): Promise<void> {
    const member = pick(this.#members);
    const isRead = Math.random() < READS;
    const start = performance.now();
    await this.#attempt(async () => {
      if (isRead) await member.get(randomKey());
      else await member.set(userKey(), `seen at ${new Date().toISOString()}`);
      const samples = isRead ? this.#reads : this.#writes;
      if (samples.push(performance.now() - start) > SAMPLES_MAX) samples.shift();
    });
    this.#operations += 1;
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // The end of the demo closes members under operations that still run.
      if (codeOf(error) === 'ERR_CLOSED') return;
      this.#errors += 1;
      this.#lastError = error instanceof Error ? error.message : String(error);
    }
  }
}

function randomKey(): string {
  return Math.random() < 0.5 ? userKey() : pick(Object.keys(SAMPLE_DATA));
}

function userKey(): string {
  return `user:${Math.floor(Math.random() * USERS)}`;
}

function pick<T>(items: readonly T[]): T {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}

function latency(samples: readonly number[]): Latency {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
