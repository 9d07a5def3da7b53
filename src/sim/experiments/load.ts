// E4, load (ToN 2003, Figs. 8 and 9): how evenly the shipped choice of a position spreads keys over members.
// Keys are counted where the ring of joined machines says that they belong.
import { fromKey } from '../../core/bytes.ts';
import { keyPosition } from '../../core/position.ts';
import { simulationHash } from '../hash.ts';
import type { Cell, ExperimentOptions, ExperimentResult } from './experiment.ts';
import { round, Samples } from './experiment.ts';
import { ExperimentWorld } from './experiment-world.ts';
import { grow, GROWING, Truth } from './growth.ts';

const K = 40;
const KEYS_PER_MEMBER = 50;
const COPIES = 3;
const COLUMNS = [
  'seed',
  'N',
  'joining at once',
  'keys',
  'p1',
  'median',
  'p99',
  'max',
  'max with copies',
  'arc p1',
  'arc max',
];
const BARS = { p1: 0.3, p99: 2.2, max: 3 };
/** Of the ring's size: members that join within the same tenth of a second. */
const CALM = 0.01;
const CROWDED = 0.05;

export function load(options: ExperimentOptions): ExperimentResult {
  const n = options.members ?? (options.quick ? 200 : 10_000);
  const seeds = options.seeds ?? (options.quick ? 1 : 3);
  const rows: Cell[][] = [['published', 10_000, 'random places', 500_000, 0, '', 4.6, 9.1, '', '', '']];
  rows.push(['published', 10_000, '20 virtual nodes', 1_000_000, 0.5, '', 1.6, '', '', '', '']);
  const missed: string[] = [];
  for (let i = 0; i < seeds; i++) {
    const seed = options.seed + i;
    options.progress(`seed ${seed}`);
    const row = run(n, seed, CALM, options);
    rows.push(row.cells);
    if (row.p1 < BARS.p1) missed.push(`seed ${seed}: p1 ${round(row.p1)} < ${BARS.p1}`);
    if (row.p99 > BARS.p99) missed.push(`seed ${seed}: p99 ${round(row.p99)} > ${BARS.p99}`);
    if (row.max > BARS.max) missed.push(`seed ${seed}: max ${round(row.max)} > ${BARS.max}`);
  }
  options.progress('a crowd that joins at once');
  rows.push(run(n, options.seed, CROWDED, options).cells);
  const notes = [...missed, 'all loads are in parts of the mean; the last row is not held to the bars'];
  return {
    title: 'E4 Load (ToN 2003, Figs. 8 and 9)',
    columns: COLUMNS,
    rows,
    passed: missed.length === 0,
    notes,
  };
}

interface Load {
  readonly cells: Cell[];
  readonly p1: number;
  readonly p99: number;
  readonly max: number;
}

function run(n: number, seed: number, batchPart: number, options: ExperimentOptions): Load {
  const world = new ExperimentWorld({ seed, k: K, profile: { ...GROWING }, delayMs: 1 });
  const told = (members: number): void => {
    if (members % 500 === 0) options.progress(`${members} members`);
  };
  grow(world, n, { batchPart, told, ideal: false });
  const truth = new Truth(world.members());
  const members = truth.nodes.length;
  const keys = members * KEYS_PER_MEMBER;
  const owned = new Map<number, number>(truth.nodes.map((node) => [node.index, 0]));
  for (let i = 0; i < keys; i++) {
    const key = `key ${seed} ${i}`;
    const owner = truth.owner(keyPosition(simulationHash, fromKey(key), K));
    if (owner !== undefined) owned.set(owner.index, (owned.get(owner.index) ?? 0) + 1);
  }
  const counts = truth.nodes.map((node) => owned.get(node.index) ?? 0);
  const loads = new Samples();
  const copies = new Samples();
  const arcs = new Samples();
  for (const [i, count] of counts.entries()) {
    loads.add(count / KEYS_PER_MEMBER);
    let held = 0;
    for (let j = 0; j < COPIES; j++) held += counts[(i + members - j) % members] ?? 0;
    copies.add(held / KEYS_PER_MEMBER / COPIES);
  }
  for (const arc of truth.arcs(K)) arcs.add((arc * members) / 2 ** K);
  const [p1, p99, max] = [loads.at(0.01), loads.at(0.99), loads.max];
  const shape = [round(p1), round(loads.at(0.5)), round(p99), round(max), round(copies.max)];
  const crowd = `${round(batchPart * 100, 1)} %`;
  return {
    cells: [seed, members, crowd, keys, ...shape, round(arcs.at(0.01)), round(arcs.max)],
    p1,
    p99,
    max,
  };
}
