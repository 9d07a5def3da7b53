// One ring measured beside the echo: rounds in which every cell of the table is visited once, so that what
// else the machine does falls on all alike. It owns the order of the work and the rows that come of it; how
// they are printed is bench-command.ts's.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ChordSocket, Consistency } from '../index.ts';
import { type Echo, startEcho } from './bench-echo.ts';
import { type BenchRing, LocalRing, ProcessRing, type RingTerms, type WholeRing } from './bench-ring.ts';
import {
  makePairs,
  measure,
  measureGets,
  measurePuts,
  median,
  type Pair,
  type Sample,
} from './bench-work.ts';
import type { Encryption } from './flags.ts';

export interface Setting extends RingTerms {
  readonly processes: boolean;
  readonly levels: readonly Consistency[];
  /** Operations of a cell at concurrency 64; a fifth of them at 1. */
  readonly ops: number;
  readonly rounds: number;
  /** Pairs that are stored to see what a copy takes in memory; 0 = not measured. */
  readonly weighed: number;
}

/** One line of the table: medians over the rounds, and the least and most of them. */
export interface Row {
  readonly work: string;
  readonly level: Consistency | undefined;
  readonly concurrency: number;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Share of what the echo did in the same round, with one exchange for a get and three for a put. */
  readonly ofEcho: number | undefined;
}

export interface Report {
  readonly nodes: number;
  readonly encryption: Encryption;
  readonly processes: boolean;
  readonly store: 'memory' | 'durable';
  readonly startMs: number;
  readonly rows: readonly Row[];
  /** Routing requests of a warm get, the owner's included; and with those that the owner sent to copies. */
  readonly requests: number;
  readonly exchanges: number;
  /** Bytes of live memory that one copy of an entry of 100 bytes takes. */
  readonly copyBytes: number | undefined;
}

interface Cell {
  readonly work: string;
  readonly level?: Consistency;
  readonly concurrency: number;
  readonly run: () => Promise<Sample>;
  readonly samples: Sample[];
}

const CONCURRENCIES = [1, 64];
const SEQUENTIAL_SHARE = 5;
const EXCHANGES_OF_A_PUT = 3;
const COPIES = 3;
const ASKED = 500;

/**
 * `progress` is told before each round. Resolves to undefined where `stopped` comes before the end; in either
 * case nothing of the ring is left.
 */
export async function runSetting(
  setting: Setting,
  stopped: Promise<void>,
  progress: (round: number) => void,
): Promise<Report | undefined> {
  const echo = await startEcho(setting.nodes, setting.encryption);
  try {
    const ring = setting.processes ? new ProcessRing(setting) : new LocalRing(setting);
    try {
      // What is under way when it is stopped fails with the end of the ring, and nobody is told.
      const report = await Promise.race([measureRing(ring, echo, setting, progress), stopped]);
      return report ?? undefined;
    } finally {
      await ring.close();
    }
  } finally {
    await echo.close();
  }
}

async function measureRing(
  ring: BenchRing,
  echo: Echo,
  setting: Setting,
  progress: (round: number) => void,
): Promise<Report> {
  const { nodes, encryption, processes, rounds } = setting;
  const whole = await ring.start();
  const { writer, reader, startMs } = whole;
  const cells = [...echoCells(echo, setting), ...ringCells(whole, setting)];
  // The first round warms up: compiled code, open connections, learned arcs.
  for (let round = 0; round <= rounds; round++) {
    progress(round);
    for (const cell of cells) {
      const sample = await cell.run();
      if (round > 0) cell.samples.push(sample);
    }
  }
  const cost = await askCost(writer, reader);
  const copyBytes = setting.weighed === 0 || processes ? undefined : await weigh(writer, setting.weighed);
  const rows = cells.map(toRow);
  const store = setting.durable ? 'durable' : 'memory';
  return { nodes, encryption, processes, store, startMs, rows, ...cost, copyBytes };
}

function echoCells(echo: Echo, { ops }: Setting): Cell[] {
  const works = [
    { work: 'echo, one connection', over: 'one', times: 1 },
    { work: 'echo, spread', over: 'spread', times: 1 },
    { work: 'echo, spread, 3 exchanges', over: 'spread', times: EXCHANGES_OF_A_PUT },
  ] as const;
  return works.flatMap(({ work, over, times }) =>
    CONCURRENCIES.map((concurrency) => ({
      work,
      concurrency,
      samples: [],
      run: () =>
        measure(share(ops, concurrency), concurrency, async () => {
          for (let i = 0; i < times; i++) await echo.exchange(over);
        }),
    })),
  );
}

function ringCells({ writer, reader }: WholeRing, { levels, ops }: Setting): Cell[] {
  let stored: readonly Pair[] = [];
  const puts = levels.flatMap((level) =>
    CONCURRENCIES.map((concurrency) => ({
      work: 'put',
      level,
      concurrency,
      samples: [],
      run: async () => {
        const pairs = makePairs(share(ops, concurrency));
        const sample = await measurePuts(writer, pairs, concurrency, level);
        // At `one` a put is answered before the copies have it, which is no matter: the owner is asked.
        stored = pairs;
        return sample;
      },
    })),
  );
  const gets = levels.flatMap((level) =>
    CONCURRENCIES.map((concurrency) => ({
      work: 'get',
      level,
      concurrency,
      samples: [],
      run: () => measureGets(reader, stored, share(ops, concurrency), concurrency, level),
    })),
  );
  return [...puts, ...gets];
}

function share(ops: number, concurrency: number): number {
  return concurrency === 1 ? Math.ceil(ops / SEQUENTIAL_SHARE) : ops;
}

function toRow(cell: Cell, _index: number, cells: readonly Cell[]): Row {
  const { work, level, concurrency, samples } = cell;
  const rates = samples.map(({ rate }) => rate);
  const name = work === 'get' ? 'echo, spread' : work === 'put' ? 'echo, spread, 3 exchanges' : undefined;
  const echo = cells.find((each) => each.work === name && each.concurrency === concurrency);
  return {
    work,
    level,
    concurrency,
    rate: median(rates),
    low: Math.min(...rates),
    high: Math.max(...rates),
    p50Ms: median(samples.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(samples.map(({ p99Ms }) => p99Ms)),
    ofEcho: echo && median(rates.map((rate, round) => rate / (echo.samples[round]?.rate ?? NaN))),
  };
}

/** What gets cost that are asked where the arcs are known. */
async function askCost(
  writer: ChordSocket,
  reader: ChordSocket,
): Promise<{ requests: number; exchanges: number }> {
  const pairs = makePairs(ASKED);
  await measurePuts(writer, pairs, 64, 'quorum');
  let [requests, exchanges] = [0, 0];
  for (const { key } of pairs) {
    const entry = await reader.getEntry(key);
    requests += entry?.requests ?? NaN;
    exchanges += (entry?.requests ?? NaN) + (entry?.replicaRequests ?? NaN);
  }
  return { requests: requests / ASKED, exchanges: exchanges / ASKED };
}

async function weigh(writer: ChordSocket, count: number): Promise<number> {
  const pairs = makePairs(count);
  // Not counted: what the benchmark itself holds of them.
  const before = liveBytes();
  await measurePuts(writer, pairs, 64, 'all');
  return (liveBytes() - before) / (count * COPIES);
}

/** Bytes that are still reachable, on the heap and outside. */
function liveBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // The second collection takes what finalizers of the first have let go.
  for (let i = 0; i < 2; i++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
