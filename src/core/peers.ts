// Peers: how other nodes have behaved: their round trip, whether they are connected, and whether they are
// suspected. It owns the estimate of a request's time-out (RFC 6298) and the memory of silence; what
// follows from a suspicion is decided in failure-detector.ts. Bounded: the peer that was heard least
// recently is forgotten first.

interface PeerRecord {
  /** Smoothed round trip and its variation in milliseconds; smoothed is 0 before the first measurement. */
  smoothedMs: number;
  variationMs: number;
  connected: boolean;
  /** Whether it failed to answer since it was last heard. */
  suspected: boolean;
  /** Counts up with every use: the least was used longest ago. */
  usedAt: number;
  /** Since when it is suspected: monotonic milliseconds. */
  suspectedAt: number;
}

export class Peers {
  readonly #records = new Map<string, PeerRecord>();
  readonly #max: number;
  #uses = 0;
  readonly #minMs: number;
  readonly #maxMs: number;

  /** `max` peers are remembered; a request's time-out stays within [minMs, maxMs]. */
  constructor(max: number, minMs: number, maxMs: number) {
    this.#max = max;
    this.#minMs = minMs;
    this.#maxMs = maxMs;
  }

  connected(id: string): void {
    const record = this.#touch(id);
    record.connected = true;
    record.suspected = false;
  }

  disconnected(id: string): void {
    const record = this.#records.get(id);
    if (record !== undefined) record.connected = false;
  }

  isConnected(id: string): boolean {
    return this.#records.get(id)?.connected ?? false;
  }

  /** Those used longest ago first. */
  connectedIds(): string[] {
    const connected = [...this.#records].filter(([, record]) => record.connected);
    return connected.toSorted(([, a], [, b]) => a.usedAt - b.usedAt).map(([id]) => id);
  }

  /** A reply came after that many milliseconds. */
  answered(id: string, ms: number): void {
    const record = this.#touch(id);
    record.suspected = false;
    if (record.smoothedMs === 0) {
      record.smoothedMs = Math.max(ms, 0.01);
      record.variationMs = ms / 2;
      return;
    }
    record.variationMs += (Math.abs(record.smoothedMs - ms) - record.variationMs) / 4;
    record.smoothedMs += (ms - record.smoothedMs) / 8;
  }

  /** A message of any kind came: the peer lives. */
  heard(id: string): void {
    const record = this.#records.get(id);
    if (record === undefined) return;
    record.suspected = false;
  }

  /** A request to it was not answered in time, or could not be delivered. */
  silent(id: string, now: number): void {
    const record = this.#touch(id);
    // Not since it was heard last: after a pause of this process everybody has been silent for long.
    if (!record.suspected) record.suspectedAt = now;
    record.suspected = true;
  }

  /** Whether it has been suspected for that long. */
  isSilentFor(id: string, ms: number, now: number): boolean {
    const record = this.#records.get(id);
    return record !== undefined && record.suspected && now - record.suspectedAt >= ms;
  }

  /** Whether there is no connection to it, or what was asked over it was not answered. */
  isAway(id: string): boolean {
    return this.isSuspected(id) || !this.isConnected(id);
  }

  isSuspected(id: string): boolean {
    return this.#records.get(id)?.suspected ?? false;
  }

  /** How long an answer may take before the peer is suspected: mean + 4 variations, within the bounds. */
  timeoutMs(id: string): number {
    const record = this.#records.get(id);
    if (record === undefined || record.smoothedMs === 0) return this.#maxMs;
    return Math.min(this.#maxMs, Math.max(this.#minMs, record.smoothedMs + 4 * record.variationMs));
  }

  /**
   * When a second peer may be asked the same: twice the usual round trip, never before half of the least
   * time-out.
   */
  hedgeMs(id: string): number {
    const record = this.#records.get(id);
    if (record === undefined || record.smoothedMs === 0) return this.#maxMs / 2;
    return Math.max(this.#minMs / 2, record.smoothedMs + 2 * record.variationMs);
  }

  #touch(id: string): PeerRecord {
    let record = this.#records.get(id);
    if (record === undefined) {
      this.#evict();
      const clean = { connected: false, suspected: false, suspectedAt: 0 };
      record = { smoothedMs: 0, variationMs: 0, usedAt: 0, ...clean };
      this.#records.set(id, record);
    }
    this.#uses += 1;
    record.usedAt = this.#uses;
    return record;
  }

  /** A scan of all, but only for a peer that is new where the table is full. */
  #evict(): void {
    if (this.#records.size < this.#max) return;
    let oldest: string | undefined;
    let usedAt = Infinity;
    for (const [id, record] of this.#records) {
      if (!record.connected && record.usedAt < usedAt) [oldest, usedAt] = [id, record.usedAt];
    }
    if (oldest !== undefined) this.#records.delete(oldest);
  }
}
