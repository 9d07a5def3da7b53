// Claims: which member was promised to be the owner of which arc, and at which epoch: the fence that keeps
// a former owner, paused or cut off, from being believed. It owns the promises of this member; who claims
// and when is in segment.ts.
import type { Arc } from './position.ts';
import { overlaps, subtract } from './position.ts';

export interface Claim {
  readonly arc: Arc;
  readonly owner: string;
  readonly epoch: number;
}

/** Arcs that may be remembered; beyond it the promise of the lowest epoch goes first. */
const CLAIMS_MAX = 1_024;

export class Claims {
  readonly #size: number;
  /** Disjoint. */
  #claims: Claim[] = [];

  /** `size` is the number of positions of the ring. */
  constructor(size: number) {
    this.#size = size;
  }

  /** The highest epoch promised for any part of the arc; 0 = none. */
  highest(arc: Arc): number {
    let highest = 0;
    for (const claim of this.#claims) if (overlaps(claim.arc, arc)) highest = Math.max(highest, claim.epoch);
    return highest;
  }

  /**
   * Promises the arc, unless a part of it is promised at a higher epoch, or at this one to another member.
   */
  grant(arc: Arc, owner: string, epoch: number): boolean {
    let known = false;
    for (const claim of this.#claims) {
      if (!overlaps(claim.arc, arc)) continue;
      if (claim.epoch > epoch || (claim.epoch === epoch && claim.owner !== owner)) return false;
      known = claim.epoch === epoch && claim.arc.from === arc.from && claim.arc.to === arc.to;
    }
    if (known) return true;
    this.#claims = this.#claims.flatMap((claim) =>
      subtract(claim.arc, arc, this.#size).map((rest) => ({ ...claim, arc: rest })),
    );
    this.#claims.push({ arc, owner, epoch });
    if (this.#claims.length > CLAIMS_MAX) {
      this.#claims.sort((a, b) => b.epoch - a.epoch);
      this.#claims.length = CLAIMS_MAX;
    }
    return true;
  }
}
