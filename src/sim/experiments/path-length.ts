// E1, path length (ToN 2003, Fig. 10): how many requests a lookup takes in an ideal ring of shipped machines,
// cold and warm, and that none takes more than k.
import type { Profile } from '../../core/profile.ts';
import type { CoreLimits } from '../../core/limits.ts';
import type { Cell, ExperimentOptions, ExperimentResult } from './experiment.ts';
import { chosen, round, Samples, spread } from './experiment.ts';
import type { ExperimentNode } from './experiment-world.ts';
import { ExperimentWorld } from './experiment-world.ts';
import type { Growth } from './growth.ts';
import { grow, GROWING } from './growth.ts';
import { Lookups } from './lookups.ts';

const COLUMNS = [
  'ring',
  'k',
  'N',
  'r',
  'lookups',
  'mean',
  'p1, p99',
  'max',
  'without owner',
  'published',
  'wrong',
];
const LOOKUPS_PER_MEMBER = 100;
/** Positions of the rings of the figure: wide enough that places are free, as in the paper. */
const WIDE_K = 32;
const WARM_ASKERS = 4;
/** Lookups per member of the ring that a warm asker has made before. */
const WARMING = 12;
const WARM_BARS: Readonly<Record<number, number>> = { 1_024: 1.1, 16_384: 1.5 };

interface Case {
  readonly name: string;
  readonly k: number;
  readonly n: number;
  readonly limits: Partial<CoreLimits>;
  readonly warm: boolean;
  readonly published: string;
  readonly lookups: number;
}

export function pathLength(options: ExperimentOptions): ExperimentResult {
  const rows: Cell[][] = [];
  const missed: string[] = [];
  let total = 0;
  for (const { one, name, seed } of chosen(cases(options), nameOf, options)) {
    options.progress(`${name}, k = ${one.k}`);
    const { row, max, mean, wrong, lookups, growth } = run(one, seed);
    // A run over all sizes takes long: what it has found is told as it goes.
    options.progress(`${name}: mean ${round(mean)}, at most ${max}, of ${lookups} lookups`);
    rows.push(row);
    total += lookups;
    const bar = one.warm ? WARM_BARS[one.n] : undefined;
    if (growth.failed > 0) missed.push(`${name}: a join failed: ${growth.reason}`);
    if (!growth.ideal) missed.push(`${name}: the ring did not become ideal`);
    if (wrong > 0) missed.push(`${name}: ${wrong} lookups were wrong or failed`);
    if (max > one.k) missed.push(`${name}: a lookup took ${max} requests, more than k = ${one.k}`);
    if (bar !== undefined && mean > bar) missed.push(`${name}: mean ${round(mean)} > ${bar}`);
  }
  return {
    title: 'E1 Path length (ToN 2003, Fig. 10)',
    columns: COLUMNS,
    rows,
    passed: missed.length === 0,
    notes: [...missed, `${total} lookups; none may take more than k requests, the owner's included`],
  };
}

function nameOf({ name, n }: Case): string {
  return `${name}, N = ${n}`;
}

function cases({ quick, members, lookups }: ExperimentOptions): Case[] {
  const cold: Partial<CoreLimits> = { learnedArcs: 0 };
  const short: Partial<CoreLimits> = { learnedArcs: 0, successors: 2 };
  const largest = members === undefined ? (quick ? 7 : 14) : Math.floor(Math.log2(members));
  const all: Case[] = [];
  const figure = (exponent: number, limits: Partial<CoreLimits>, name: string): void => {
    const n = 2 ** exponent;
    const published = `${round(exponent / 2 + 0.86)} (${round(exponent / 2 - 0.14)})`;
    all.push({
      name,
      k: WIDE_K,
      n,
      limits,
      warm: false,
      published,
      lookups: lookups ?? n * LOOKUPS_PER_MEMBER,
    });
  };
  for (let exponent = 3; exponent <= largest; exponent++) figure(exponent, cold, 'as shipped, cold');
  for (const exponent of quick ? [largest] : [6, 8, 10, 12]) {
    if (exponent <= largest) figure(exponent, short, 'list of 2, cold');
  }
  const bounded = quick ? [3, 4, 5, 6] : [2, 3, 4, 5, 6, 7, 8, 9, 10];
  for (const k of bounded) {
    for (const [name, n] of [
      ['full', 2 ** k],
      ['sparse', Math.ceil(2 ** k / 3)],
    ] as const) {
      if (k > 8 && name === 'full') continue;
      const count = quick ? n * 40 : Math.max(20_000, n * 40);
      all.push({ name, k, n, limits: short, warm: false, published: `<= ${k}`, lookups: count });
    }
  }
  for (const n of quick ? [64] : [1_024, 16_384]) {
    if (n > 2 ** largest) continue;
    const published = `<= ${WARM_BARS[n] ?? 1.1}`;
    all.push({ name: 'as shipped, warm', k: WIDE_K, n, limits: {}, warm: true, published, lookups: 20_000 });
  }
  return all;
}

interface Run {
  readonly row: Cell[];
  readonly max: number;
  readonly mean: number;
  readonly wrong: number;
  readonly lookups: number;
  readonly growth: Growth;
}

function run(one: Case, seed: number): Run {
  const profile: Profile = { ...GROWING };
  const world = new ExperimentWorld({ seed, k: one.k, profile, limits: one.limits, delayMs: 1 });
  const growth = grow(world, one.n);
  const all = new Samples();
  const without = new Samples();
  let wrong = 0;
  let counted = false;
  const lookups = new Lookups(world, {
    ended: (_trace, result) => {
      if (!counted) return;
      if (result === undefined || result.cost.retries > 0) wrong += 1;
      const { requests } = result?.cost ?? { requests: 0 };
      all.add(requests);
      without.add(Math.max(0, requests - 1));
    },
  });
  const askers: ExperimentNode[] = one.warm ? world.members().slice(0, WARM_ASKERS) : world.members();
  if (one.warm) lookups.run(askers, WARMING * one.n * WARM_ASKERS);
  counted = true;
  lookups.run(askers, one.lookups);
  const r = one.limits.successors ?? 16;
  const { k, n, name, published } = one;
  const figures = [all.count, round(all.mean), spread(all), all.max, round(without.mean), published, wrong];
  return {
    row: [name, k, n, r, ...figures],
    max: all.max,
    mean: all.mean,
    wrong,
    lookups: all.count,
    growth,
  };
}
