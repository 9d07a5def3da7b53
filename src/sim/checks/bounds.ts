// Bounds: a ring at rest keeps nothing that grows with what happened to it, and sends no more than its
// upkeep.
import type { World } from '../world.ts';

/** Timers of a member at rest: upkeep, and one for each neighbour, finger and address that it looks after. */
const TIMERS_MAX = 300;
/** Messages that a node receives a second in the local profile: twice what the busiest of 500 seeds does. */
const MESSAGES_MAX = 120;

export function boundsProblem(world: World): string | undefined {
  for (const node of world.running()) {
    const { timers } = node.machine;
    if (timers > TIMERS_MAX) return `${node.name} has set ${timers} timers, more than ${TIMERS_MAX}`;
  }
  return undefined;
}

export function messageRateProblem(world: World, messages: number, seconds: number): string | undefined {
  const rate = messages / seconds / Math.max(1, world.running().length);
  if (rate <= MESSAGES_MAX) return undefined;
  return `${rate.toFixed(0)} messages a node a second, more than ${MESSAGES_MAX}`;
}
