// Experiment E6: swarm worlds in numbers, one a seed: how many went well, what their clients' histories
// prove, and how soon ring and copies were right again. It owns the summary; what such a world does and
// checks is in ../swarm.ts.
import type { SwarmResult } from '../swarm.ts';
import { runSwarm } from '../swarm.ts';
import type { Cell, ExperimentOptions, ExperimentResult } from './experiment.ts';
import { round, Samples, spread } from './experiment.ts';

const SEEDS = 200;
const MINUTES = 5;
const QUICK_SEEDS = 5;
const QUICK_MINUTES = 1;

export function swarmWorlds(options: ExperimentOptions): ExperimentResult {
  const seeds = options.seeds ?? (options.quick ? QUICK_SEEDS : SEEDS);
  const minutes = options.quick ? QUICK_MINUTES : MINUTES;
  const totals = new Totals();
  const missed: string[] = [];
  for (let seed = options.seed; seed < options.seed + seeds; seed++) {
    options.progress(`seed ${seed}`);
    const result = runSwarm(seed, minutes);
    totals.add(result);
    const { violation } = result;
    if (violation !== undefined)
      missed.push(`chord sim --seed ${seed} --minutes ${minutes}: ${violation.property}`);
  }
  return {
    title: 'E6 Nothing lost: swarm worlds with clients',
    columns: ['seeds', 'minutes a seed', ...COLUMNS, 'violated'],
    rows: [[seeds, minutes, ...totals.cells(), missed.length]],
    passed: missed.length === 0,
    notes: missed,
  };
}

const COLUMNS = [
  'events',
  'operations',
  'known %',
  'judged strictly %',
  'linearizable',
  'proves nothing',
  'epochs forced',
  'in runs',
  'calm periods p1, p99',
  'max',
  'copies p1, p99',
  'max',
];

class Totals {
  #events = 0;
  #operations = 0;
  #known = 0;
  #judged = 0;
  #linearizable = 0;
  #unknown = 0;
  #forced = 0;
  #runsForced = 0;
  readonly #calm = new Samples();
  readonly #copies = new Samples();

  add({ ok, events, clients, calmPeriods, copiesPeriods }: SwarmResult): void {
    const { operations, shareKnown, judged, verdict, forced } = clients;
    this.#events += events;
    this.#operations += operations;
    this.#known += operations * shareKnown;
    this.#judged += judged;
    this.#linearizable += verdict === 'linearizable' ? 1 : 0;
    this.#unknown += verdict === 'unknown' ? 1 : 0;
    this.#forced += forced;
    this.#runsForced += forced > 0 ? 1 : 0;
    if (!ok) return;
    this.#calm.add(calmPeriods);
    this.#copies.add(copiesPeriods);
  }

  cells(): Cell[] {
    const part = (count: number): number => round((100 * count) / Math.max(1, this.#operations), 1);
    return [
      this.#events,
      this.#operations,
      part(this.#known),
      part(this.#judged),
      this.#linearizable,
      this.#unknown,
      this.#forced,
      this.#runsForced,
      spread(this.#calm),
      this.#calm.max,
      spread(this.#copies),
      this.#copies.max,
    ];
  }
}
