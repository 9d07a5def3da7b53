// Network: what happens to each message between two nodes of the world: how long it takes, whether it is
// lost, repeated or overtaken, and who can talk to whom. It owns the faults of the network; what they mean
// to a node is the world's business.
import type { Random } from '../core/random.ts';

/** All may be changed while the world runs. */
export interface NetworkFaults {
  /** Mean delay of a message in milliseconds, exponentially distributed. */
  delayMs: number;
  /** The part of messages that is lost, 0..1. Connections notice nothing. */
  loss: number;
  /** The part of messages that arrives twice, 0..1. */
  duplication: number;
  /** Whether a message may overtake another one of the same pair. */
  reordering: boolean;
  /** The part of messages that is held up, 0..1, and for how long at most. */
  spikes: number;
  spikeMs: number;
}

export const CALM_NETWORK: Readonly<NetworkFaults> = {
  delayMs: 0.5,
  loss: 0,
  duplication: 0,
  reordering: false,
  spikes: 0,
  spikeMs: 0,
};

export class Network {
  readonly faults: NetworkFaults;
  readonly #random: Random;
  /** Ordered pairs that no message passes, see `pairOf`. */
  readonly #cut = new Set<number>();
  /** When the last message of an ordered pair arrives: a connection keeps the order. */
  readonly #arrivals = new Map<number, number>();

  constructor(random: Random, faults: Partial<NetworkFaults> = {}) {
    this.#random = random;
    this.faults = { ...CALM_NETWORK, ...faults };
  }

  /** When copies of a message that is sent now arrive: none where it is lost, two where it is repeated. */
  arrivals(from: number, to: number, now: number): number[] {
    const { loss, duplication } = this.faults;
    if (loss > 0 && this.#random.float() < loss) return [];
    const times = [this.#arrival(from, to, now)];
    if (duplication > 0 && this.#random.float() < duplication) times.push(now + this.delay());
    return times;
  }

  /** A delay of its own, for what is not a message of a pair: dialling, a broken connection. */
  delay(): number {
    const { delayMs, spikes, spikeMs } = this.faults;
    const held = spikes > 0 && this.#random.float() < spikes ? this.#random.float() * spikeMs : 0;
    return held - delayMs * Math.log(1 - this.#random.float());
  }

  isCut(from: number, to: number): boolean {
    return this.#cut.size > 0 && this.#cut.has(pairOf(from, to));
  }

  /** No message passes from one to the other any more; the other direction is not touched. */
  cut(from: number, to: number): void {
    this.#cut.add(pairOf(from, to));
  }

  heal(): void {
    this.#cut.clear();
  }

  #arrival(from: number, to: number, now: number): number {
    const at = now + this.delay();
    if (this.faults.reordering) return at;
    const pair = pairOf(from, to);
    const ordered = Math.max(at, this.#arrivals.get(pair) ?? 0);
    this.#arrivals.set(pair, ordered);
    return ordered;
  }
}

/** A number for the ordered pair: worlds have fewer nodes than this. */
function pairOf(from: number, to: number): number {
  return from * NODES_MAX + to;
}

const NODES_MAX = 2 ** 20;
