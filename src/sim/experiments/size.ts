// E8, size: as many shipped machines in one process as fit, joined by themselves, and what one costs.
import type { Cell, ExperimentOptions, ExperimentResult } from './experiment.ts';
import { round, Samples, spread } from './experiment.ts';
import { ExperimentWorld } from './experiment-world.ts';
import { grow, GROWING, Truth } from './growth.ts';
import { pathOf } from './half-dead.ts';
import { Lookups } from './lookups.ts';

const K = 40;
/** Large batches: each waits for its last joiner, while the whole ring goes on. */
const BATCH_PART = 0.2;
const COLUMNS = [
  'N',
  'ideal',
  'joins failed',
  'messages',
  'bytes a node',
  'seconds',
  'lookups',
  'requests',
  'p1, p99',
  'max',
  'to the predecessor',
  'published',
  'wrong',
];

/**
 * Each member looks once through what it is left with of the arcs of others. Again after every stabilisation,
 * as in rings that live longer, that would be most of the messages of a ring that grows for half a minute.
 */
const NO_SECOND_LOOK_MS = 3_600_000;

export function size(options: ExperimentOptions): ExperimentResult {
  const n = options.members ?? (options.quick ? 300 : 100_000);
  const seconds = options.seconds ?? ((): number => 0);
  const memory = options.memoryBytes ?? ((): number => 0);
  const [startedAt, before] = [seconds(), memory()];
  const world = new ExperimentWorld({
    seed: options.seed,
    k: K,
    profile: { ...GROWING, stabiliseMs: NO_SECOND_LOOK_MS },
    limits: { learnedArcs: 0, peers: 64 },
    delayMs: 1,
  });
  let reported = 0;
  const told = (members: number): void => {
    if (members < reported * 1.2) return;
    reported = members;
    const each = round((memory() - before) / members / 1_000, 1);
    options.progress(`${members} members, ${round(seconds() - startedAt, 0)} s, ${each} kB each`);
  };
  const { ideal, failed } = grow(world, n, { told, batchPart: BATCH_PART });
  const bytes = Math.round((memory() - before) / n);
  const truth = new Truth(world.members());
  const [requests, path] = [new Samples(), new Samples()];
  let wrong = 0;
  const lookups = new Lookups(world, {
    ended: (trace, result) => {
      if (result === undefined || world.nodeOf(result.owner.id) !== truth.owner(trace.position)) wrong += 1;
      requests.add(result?.cost.requests ?? 0);
      path.add(pathOf(truth, trace));
    },
  });
  options.progress('looking up');
  lookups.run(truth.nodes, options.lookups ?? n);
  const expected = Math.log2(n) / 2;
  const missed: string[] = [];
  if (!ideal || failed > 0) missed.push(`ideal: ${ideal}, joins failed: ${failed}`);
  if (wrong > 0) missed.push(`${wrong} lookups were wrong or failed`);
  if (requests.max > K) missed.push(`a lookup took ${requests.max} requests, more than k = ${K}`);
  if (path.mean > expected + 0.2)
    missed.push(`${round(path.mean)} hops to the predecessor > ${round(expected + 0.2)}`);
  const figures: Cell[] = [
    requests.count,
    round(requests.mean),
    spread(requests),
    requests.max,
    round(path.mean),
  ];
  const cost = [world.delivered, bytes, round(seconds() - startedAt, 0)];
  return {
    title: 'E8 Size',
    columns: COLUMNS,
    rows: [[n, ideal ? 'yes' : 'no', failed, ...cost, ...figures, `${round(expected)} +- 0.2`, wrong]],
    passed: missed.length === 0,
    notes: [
      ...missed,
      'contacts are shared between machines here; in processes of their own each holds its copies',
    ],
  };
}
