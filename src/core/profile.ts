// Profile: every timing of the protocol, in one documented table per kind of network. Times are
// milliseconds of the monotonic clock. Presets differ in the round trip they expect: below a millisecond
// (local), a few (lan), up to half a second (wan).

export type ProfileName = 'local' | 'lan' | 'wan';

export interface Profile {
  /** Default time-out of an operation; every wait of an operation ends by then. */
  readonly timeoutMs: number;
  /** Pause between two stabilisations of a member whose neighbourhood is calm. */
  readonly stabiliseMs: number;
  /**
   * Least pause between two stabilisations that a change calls for: it bounds reaction storms (Bamboo,
   * USENIX 2004).
   */
  readonly stabiliseEagerMs: number;
  /**
   * Pause between two finger refreshes while fingers are found wrong; doubles up to fingerIdleMs while they
   * are right.
   */
  readonly fingerMs: number;
  readonly fingerIdleMs: number;
  /** Bounds of the time-out of one request, which follows the measured round trip (RFC 6298) in between. */
  readonly requestMinMs: number;
  readonly requestMaxMs: number;
  /**
   * A peer that stays silent this long, to us and to the neighbour asked to check, is dropped from the
   * ring.
   */
  readonly evictAfterMs: number;
  /**
   * How long an arc that is known only from disks waits for its majority, which may be about to start too,
   * until it goes on without.
   */
  readonly restoredMs: number;
  /** First and longest pause between probes of a remembered address. */
  readonly probeMinMs: number;
  readonly probeMaxMs: number;
  /** Pause before an operation is repeated that met a member which was not ready. */
  readonly retryMs: number;
  /** Pause between two sweeps for copies that belong elsewhere. */
  readonly sweepMs: number;
  /** How long a tombstone is kept. */
  readonly tombstoneMs: number;
}

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  // One machine: round trips below 1 ms, but processes share cores, so silence of 250 ms proves nothing yet.
  local: {
    timeoutMs: 5_000,
    stabiliseMs: 150,
    stabiliseEagerMs: 10,
    fingerMs: 40,
    fingerIdleMs: 2_000,
    requestMinMs: 250,
    requestMaxMs: 1_000,
    evictAfterMs: 1_000,
    restoredMs: 10_000,
    probeMinMs: 250,
    probeMaxMs: 2_000,
    retryMs: 20,
    sweepMs: 1_000,
    tombstoneMs: 3_600_000,
  },
  // One data centre: a second of silence is a long time, and an idle member should cost next to nothing.
  lan: {
    timeoutMs: 10_000,
    stabiliseMs: 1_000,
    stabiliseEagerMs: 50,
    fingerMs: 100,
    fingerIdleMs: 15_000,
    requestMinMs: 400,
    requestMaxMs: 2_000,
    evictAfterMs: 3_000,
    restoredMs: 60_000,
    probeMinMs: 1_000,
    probeMaxMs: 15_000,
    retryMs: 50,
    sweepMs: 5_000,
    tombstoneMs: 86_400_000,
  },
  // The internet: round trips up to half a second, silence of seconds is common, bytes are dear.
  wan: {
    timeoutMs: 30_000,
    stabiliseMs: 15_000,
    stabiliseEagerMs: 500,
    fingerMs: 1_000,
    fingerIdleMs: 120_000,
    requestMinMs: 1_500,
    requestMaxMs: 6_000,
    evictAfterMs: 10_000,
    restoredMs: 200_000,
    probeMinMs: 5_000,
    probeMaxMs: 120_000,
    retryMs: 250,
    sweepMs: 30_000,
    tombstoneMs: 7 * 86_400_000,
  },
};
