// `chord bench`: puts and gets on fresh rings beside a raw echo of the same frames, as a table or as JSON.
// What is measured, and how, is in bench-run.ts.
import type { Command } from 'commander';
import type { Consistency } from '../index.ts';
import { type Report, type Row, runSetting } from './bench-run.ts';
import { VALUE_BYTES } from './bench-work.ts';
import { type Encryption, flag, parsePositive } from './flags.ts';
import { paint, writeJson, writeLine } from './output.ts';
import { withBar } from './progress.ts';
import { exitWithin, StopSignal } from './stop-signal.ts';
import { type Column, drawTable } from './text-table.ts';

interface BenchFlags {
  readonly nodes?: readonly number[];
  readonly ops?: number;
  readonly rounds?: number;
  readonly encryption?: Encryption;
  readonly consistency?: Consistency;
  readonly processes?: boolean;
  readonly durable?: boolean;
  readonly quick?: boolean;
  readonly json?: boolean;
}

interface Size {
  readonly nodes: readonly number[];
  readonly ops: number;
  readonly rounds: number;
  readonly weighed: number;
}

const FULL: Size = { nodes: [16, 64], ops: 10_000, rounds: 5, weighed: 20_000 };
/** Ends in seconds; its figures say little but that everything works. */
const QUICK: Size = { nodes: [4], ops: 500, rounds: 2, weighed: 2_000 };

/** What is left of a ring when it was stopped, and does not end by itself, gets as long as that of a node. */
const END_MS = 4_500;

const ENCRYPTIONS: readonly Encryption[] = ['Plaintext', 'SSL'];
const LEVELS: readonly Consistency[] = ['one', 'quorum', 'all'];

export function addBench(program: Command): void {
  program
    .command('bench')
    .description('measure puts and gets on rings of this machine, beside a raw echo')
    .addOption(
      flag('--nodes <counts>', 'members of the rings, as 16,64 (default: 16,64)').argParser(parseCounts),
    )
    .addOption(
      flag('--ops <count>', 'operations a measurement at concurrency 64 (default: 10000)').argParser(
        parsePositive,
      ),
    )
    .addOption(flag('--rounds <count>', 'rounds, of which medians are taken').argParser(parsePositive))
    .addOption(flag('--encryption <kind>', 'only this one (default: both)').choices([...ENCRYPTIONS]))
    .addOption(flag('--consistency <level>', 'only this one (default: all three)').choices([...LEVELS]))
    .addOption(flag('--processes', 'one process a member instead of one for all'))
    .addOption(flag('--durable', 'members that write down what they hold before they acknowledge it'))
    .addOption(flag('--quick', 'a small version, which ends in seconds'))
    .addOption(flag('--json', 'one JSON line a ring'))
    .addHelpText(
      'after',
      '\nValues are 100 random bytes under random keys; one node puts them and another gets them, and a\n' +
        'wrong value fails the run. The column "of echo" compares with what a bare server that sends\n' +
        'everything back reaches in the same round, spread over as many connections as the ring has\n' +
        'members: one exchange for a get, three for a put.',
    )
    .action(runBench);
}

async function runBench(flags: BenchFlags): Promise<void> {
  const size = flags.quick === true ? QUICK : FULL;
  const { nodes = size.nodes, ops = size.ops, rounds = size.rounds } = flags;
  const encryptions = flags.encryption === undefined ? ENCRYPTIONS : [flags.encryption];
  const levels = flags.consistency === undefined ? LEVELS : [flags.consistency];
  const { processes = false, durable = false } = flags;
  const stop = new StopSignal();
  const stopped = stop.stopped();
  void stopped.then(() => exitWithin(END_MS, stop.exitCode));
  for (const count of nodes) {
    for (const encryption of encryptions) {
      const title = `${count} members, ${encryption}`;
      const terms = { nodes: count, encryption, durable };
      const setting = { ...terms, processes, levels, ops, rounds, weighed: size.weighed };
      const report = await withBar(
        `measuring ${title}`,
        rounds + 1,
        (bar) =>
          runSetting(setting, stopped, (round) => {
            bar.advance(1, `${title}: ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}`);
          }),
        (measured) => `${measured === undefined ? 'stopped measuring' : 'measured'} ${title}`,
      );
      if (report === undefined) {
        process.exitCode = stop.exitCode;
        return;
      }
      await (flags.json === true ? writeJson(report) : writeReport(report));
    }
  }
}

async function writeReport(report: Report): Promise<void> {
  for (const line of describe(report)) await writeLine(line);
}

const COLUMNS: readonly Column[] = [
  { title: 'work', align: 'left' },
  { title: 'level', align: 'left' },
  { title: 'at once', align: 'right' },
  { title: 'a second', align: 'right' },
  { title: 'least', align: 'right' },
  { title: 'most', align: 'right' },
  { title: 'p50 ms', align: 'right' },
  { title: 'p99 ms', align: 'right' },
  { title: 'of echo', align: 'right' },
];

/** The report as lines for people. */
export function describe(report: Report): string[] {
  const { nodes, encryption, processes, store, startMs, rows, requests, exchanges, copyBytes } = report;
  const place = processes ? 'in processes of their own' : 'in one process';
  const weight =
    copyBytes === undefined
      ? ''
      : `; a copy of ${VALUE_BYTES} B takes ${Math.round(copyBytes)} B of live memory`;
  return [
    paint(
      'bold',
      `${nodes} members ${place}, ${encryption}, ${store}; whole after ${Math.round(startMs)} ms`,
    ),
    ...drawTable(COLUMNS, rows.map(toCells), (text) => paint('dim', text)),
    `a warm get takes ${requests.toFixed(2)} requests, at quorum ${exchanges.toFixed(2)} exchanges in all` +
      weight,
    '',
  ];
}

function toCells(row: Row): string[] {
  const { work, level, concurrency, rate, low, high, p50Ms, p99Ms, ofEcho } = row;
  return [
    work,
    level ?? '',
    String(concurrency),
    ...[rate, low, high].map((number) => String(Math.round(number))),
    p50Ms.toFixed(2),
    p99Ms.toFixed(2),
    ofEcho === undefined ? '' : `${(ofEcho * 100).toFixed(0)} %`,
  ];
}

/** Positive integers with commas between them. */
function parseCounts(text: string): number[] {
  return text.split(',').map(parsePositive);
}
