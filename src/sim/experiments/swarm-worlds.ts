// Experiment E6: swarm worlds in numbers, one a seed: how many went well, and how soon their rings were ideal
// again. It owns the summary; what such a world does and checks is in ../swarm.ts.
import { runSwarm } from '../swarm.ts';
import type { ExperimentOptions, ExperimentResult } from './experiment.ts';
import { Samples, spread } from './experiment.ts';

const SEEDS = 200;
const MINUTES = 5;
const QUICK_SEEDS = 5;
const QUICK_MINUTES = 1;

export function swarmWorlds(options: ExperimentOptions): ExperimentResult {
  const seeds = options.seeds ?? (options.quick ? QUICK_SEEDS : SEEDS);
  const minutes = options.quick ? QUICK_MINUTES : MINUTES;
  const periods = new Samples();
  const missed: string[] = [];
  let events = 0;
  for (let seed = options.seed; seed < options.seed + seeds; seed++) {
    options.progress(`seed ${seed}`);
    const { ok, violation, calmPeriods, events: count } = runSwarm(seed, minutes);
    events += count;
    if (ok) periods.add(calmPeriods);
    else missed.push(`chord sim --seed ${seed} --minutes ${minutes}: ${violation?.property ?? 'failed'}`);
  }
  return {
    title: 'E6 Nothing lost: swarm worlds with the ring checks',
    columns: ['seeds', 'minutes a seed', 'events', 'violated', 'calm periods p1, p99', 'max'],
    rows: [[seeds, minutes, events, missed.length, spread(periods), periods.max]],
    passed: missed.length === 0,
    notes: missed,
  };
}
