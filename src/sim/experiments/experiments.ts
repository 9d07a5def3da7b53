// Experiments: the published results that are repeated with the shipped machine, by name. What each
// measures and what its columns mean is in docs/TESTING.md.
import { churn } from './churn.ts';
import type { ExperimentOptions, ExperimentResult } from './experiment.ts';
import { halfDead } from './half-dead.ts';
import { holdersDie } from './holders-die.ts';
import { load } from './load.ts';
import { pathLength } from './path-length.ts';
import { ringStates } from './ring-states.ts';
import { size } from './size.ts';
import { swarmWorlds } from './swarm-worlds.ts';
import { upkeep } from './upkeep.ts';

export type Experiment = (options: ExperimentOptions) => ExperimentResult;

export const EXPERIMENTS: ReadonlyMap<string, Experiment> = new Map([
  ['E1', pathLength],
  ['E2', halfDead],
  ['E3', churn],
  ['E4', load],
  ['E5', ringStates],
  ['E6', swarmWorlds],
  ['E7', upkeep],
  ['E8', size],
  ['E9', holdersDie],
]);
