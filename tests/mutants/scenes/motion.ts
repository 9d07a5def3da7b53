// Scenes about rings in motion: two that meet, and a member that leaves. Both end ideal by some way or other
// even where much is wrong; so these ask how long it takes.
import { PROFILES } from '../../../src/core/profile.ts';
import { Random } from '../../../src/core/random.ts';
import { ringProblem } from '../../../src/sim/ring-check.ts';
import { World } from '../../../src/sim/world.ts';
import { at, joinedRing } from '../../support/rings.ts';
import type { Scene } from './stage.ts';

const { stabiliseMs } = PROFILES.local;
/** Twelve may know too little of the ring for a crowd to close up by lists alone. */
const MEET = { members: 32, list: 4 } as const;
const LEAVE = { members: 12, list: 2 } as const;
/** Both are told what they need at once, and are done in less than half a turn of stabilisation. */
const MEET_MS = 0.6 * stabiliseMs;
const LEAVE_MS = 0.3 * stabiliseMs;

/** Two rings get to know of each other by one connection, and are one before anybody's next turn. */
export const meeting: Scene = (seed) => {
  const { members, list } = MEET;
  const world = new World({ seed, k: 32, limits: { successors: list } });
  const [a, b] = [joinedRing(world, members), joinedRing(world, members)];
  world.run(3_000);
  world.connect(at(a, seed % members), at(b, (seed * 7) % members));
  const one = world.runUntil(() => ringProblem(world, list, false) === undefined, MEET_MS);
  return one ? undefined : { property: 'MergesAtOnce', detail: ringProblem(world, list, false) ?? '' };
};

/** A member leaves, and the ring has closed behind it before anybody could have found out. */
export const leaver: Scene = (seed) => {
  const { members, list } = LEAVE;
  const world = new World({ seed, k: 32, limits: { successors: list } });
  const nodes = joinedRing(world, members);
  world.run(3_000);
  world.command(at(nodes, new Random(seed).below(members)), { type: 'leave' });
  const closed = (): boolean =>
    world.members().length === members - 1 && ringProblem(world, list, false) === undefined;
  if (world.runUntil(closed, LEAVE_MS)) return undefined;
  return { property: 'ClosesAtOnce', detail: ringProblem(world, list, false) ?? 'nobody has left' };
};
