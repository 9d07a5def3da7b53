// Trials: what a hunt tries with each seed, by name. It owns the list, and judges
// the swarm's worlds; scenes and rules judge themselves.
import { runSteady } from '../../src/sim/steady.ts';
import { runSwarm } from '../../src/sim/swarm.ts';
import { drawSwarmOptions } from '../../src/sim/swarm-options.ts';
import { configurationsTrial } from './configurations-trial.ts';
import { rulesTrial } from './rules-trial.ts';
import { ahead, away, ends, jump } from './scenes/deletions.ts';
import { alone, degraded, forgotten, powerCut, promise, unread } from './scenes/memories.ts';
import { asleep, cutOff, deposed, leftOver } from './scenes/owners.ts';
import { heirs, late, merge, newcomer, pages } from './scenes/handing-over.ts';
import { busy, cold, dead, homeless, warm } from './scenes/lookups.ts';
import { leaver, meeting } from './scenes/motion.ts';
import { counts, leaves, watches } from './scenes/repeats.ts';
import type { Finding } from './scenes/stage.ts';

type Trial = (seed: number, minutes: number) => Finding | undefined;

export type TrialName =
  | 'swarm'
  | 'gentle'
  | 'steady'
  | 'rules'
  | 'configurations'
  | 'cut-off'
  | 'asleep'
  | 'deposed'
  | 'left-over'
  | 'forgotten'
  | 'power-cut'
  | 'alone'
  | 'degraded'
  | 'promise'
  | 'unread'
  | 'away'
  | 'jump'
  | 'ends'
  | 'ahead'
  | 'counts'
  | 'watches'
  | 'leaves'
  | 'leaver'
  | 'meeting'
  | 'cold'
  | 'warm'
  | 'dead'
  | 'busy'
  | 'homeless'
  | 'heirs'
  | 'newcomer'
  | 'late'
  | 'pages'
  | 'merge';

export const TRIALS: Readonly<Record<TrialName, Trial>> = {
  /** Worlds that break things: the ring is judged. */
  swarm: swarmTrial,
  /** Of these worlds the gentle ones: entries and what clients saw are judged as well. */
  gentle: gentleTrial,
  /** Worlds where little happens and more is asked. */
  steady: runSteady,
  /** The rules of the ring, without messages. */
  rules: rulesTrial,
  /** Every state of small decisions on the members of an arc. */
  configurations: configurationsTrial,
  // Scenes: straight at one promise.
  'cut-off': cutOff,
  asleep,
  deposed,
  'left-over': leftOver,
  forgotten,
  'power-cut': powerCut,
  alone,
  degraded,
  promise,
  unread,
  away,
  jump,
  ends,
  ahead,
  counts,
  watches,
  leaves,
  leaver,
  meeting,
  cold,
  homeless,
  warm,
  dead,
  busy,
  heirs,
  newcomer,
  late,
  pages,
  merge,
};

/** Ten times what the busiest of the first thousand seeds needs in a minute, with its calm. */
const EVENTS_MAX_A_MINUTE = 500_000;

function swarmTrial(seed: number, minutes: number): Finding | undefined {
  const { violation, events } = runSwarm(seed, minutes, { judged: 'ring' });
  if (violation !== undefined) return violation;
  if (events <= EVENTS_MAX_A_MINUTE * (minutes + 1)) return undefined;
  return { property: 'EventBudget', detail: `${events} events` };
}

function gentleTrial(seed: number, minutes: number): Finding | undefined {
  return drawSwarmOptions(seed).gentle ? runSwarm(seed, minutes).violation : undefined;
}
