// Repeats: when a write that is sent again may have been carried out first, by the clock that makes versions.
// Pure functions of what the engine knows of its clock; what is done about it is operations.ts's affair.
import type { Engine } from './engine.ts';

/**
 * Versions that are older were not made by a write that was sent first so long ago. `since`: before, others
 * wrote in the arc too, whose clocks may be off as far as ours may be, the other way. Where an epoch was
 * forced, they may be off by more, and no version is old enough.
 */
export function mayBeDoneSince(engine: Engine, sinceMs: number, since: number): number {
  if (sinceMs === 0) return Infinity;
  const { now, forcedAt, profile, clockSkewMaxMs } = engine;
  const sentAt = now - sinceMs - profile.requestMaxMs;
  if (sentAt <= forcedAt) return -Infinity;
  return firstCameAt(engine, sinceMs) - (sentAt <= since ? 2 * clockSkewMaxMs : 0);
}

/** By the clock as it was, when a write may have come that was sent so long ago: it was on its way, too. */
export function firstCameAt({ now, wall, profile, jumpedAt, jumpedMs }: Engine, sinceMs: number): number {
  const agoMs = sinceMs + profile.requestMaxMs;
  return wall - agoMs - (now - agoMs <= jumpedAt ? jumpedMs : 0);
}
