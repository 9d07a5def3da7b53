// `chord sim`: runs the shipped machine in simulated worlds that try to break it, one a seed, and says how
// each ended. For a failure: the property that did not hold, the events before it, and the command that
// repeats it.
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { SwarmResult, TraceWindow } from '../sim/index.ts';
import { EXPERIMENTS } from '../sim/index.ts';
import { runExperiment } from './experiment-run.ts';
import { CommandFailure } from './failure.ts';
import { flag, parseCount, parsePositive } from './flags.ts';
import { paint, paintError, stderrLine, writeJson, writeLine } from './output.ts';
import { type ProgressBar, withBar } from './progress.ts';
import { runTasks } from './sim-jobs.ts';

interface SimFlags {
  readonly seed?: number;
  readonly seeds?: number;
  readonly minutes?: number;
  readonly jobs?: number;
  readonly experiment?: string;
  readonly quick?: boolean;
  readonly members?: number;
  readonly lookups?: number;
  readonly rows?: string;
  readonly judge?: 'ring' | 'all';
  readonly trace?: TraceWindow;
  readonly json?: boolean;
}

/** What a world of a seed cannot be told, and what an experiment cannot. */
const EXPERIMENT_FLAGS = ['quick', 'members', 'lookups', 'rows'] as const;
const WORLD_FLAGS = ['minutes', 'jobs', 'judge', 'trace'] as const;

/** Events shown before a violation. */
const LINES_SHOWN = 40;

export function addSim(program: Command): void {
  program
    .command('sim')
    .description('try the protocol in simulated worlds that break things, one a seed')
    .addOption(flag('--seed <number>', 'the first seed (default: 1)').argParser(parseCount))
    .addOption(flag('--seeds <count>', 'how many seeds (default: 1)').argParser(parsePositive))
    .addOption(
      flag('--minutes <count>', 'simulated minutes of faults a seed (default: 5)').argParser(parsePositive),
    )
    .addOption(
      flag('--jobs <count>', 'worlds at the same time, each in its thread (default: 1)').argParser(
        parsePositive,
      ),
    )
    .addOption(
      flag('--experiment <name>', `a published measurement instead: ${[...EXPERIMENTS.keys()].join(', ')}`),
    )
    .addOption(flag('--quick', 'a small version of the experiment, which ends in seconds'))
    .addOption(flag('--members <count>', 'members of the experiment’s ring').argParser(parsePositive))
    .addOption(flag('--lookups <count>', 'lookups of the experiment').argParser(parsePositive))
    .addOption(flag('--rows <text>', 'of E1 or E7 those rows alone that it names, as in "cold, N = 16384"'))
    .addOption(
      flag('--judge <what>', 'the ring alone, or what clients saw as well (default: all)').choices([
        'ring',
        'all',
      ]),
    )
    .addOption(
      flag('--trace <from..to>', 'every event between two simulated times, in milliseconds').argParser(
        parseWindow,
      ),
    )
    .addOption(flag('--json', 'one JSON line a seed, or for the experiment'))
    .action(async ({ experiment, ...flags }: SimFlags) => {
      refuseStrayFlags(flags, experiment);
      return experiment === undefined ? runSim(flags) : runExperiment({ ...flags, experiment });
    });
}

function refuseStrayFlags(flags: SimFlags, experiment: string | undefined): void {
  const strays = experiment === undefined ? EXPERIMENT_FLAGS : WORLD_FLAGS;
  const given = strays.find((name) => flags[name] !== undefined);
  if (given === undefined) return;
  const [message, advice] =
    experiment === undefined
      ? [
          'is for an experiment, and none was given',
          'Give one, as in --experiment E1, or leave the flag out.',
        ]
      : [`is not for experiments, and ${experiment} is one`, 'Leave one of the two out.'];
  throw new CommandFailure('ERR_USAGE', `--${given} ${message}`, { exitCode: 2, advice });
}

async function runSim(flags: SimFlags): Promise<void> {
  const { seed: first = 1, seeds = 1, minutes = 5, jobs = 1, judge = 'all', trace, json } = flags;
  const settings = { judged: judge, ...(trace === undefined ? {} : { window: trace }) };
  const tasks = Array.from({ length: seeds }, (_, i) => ({ seed: first + i, minutes, settings }));
  const work = async (bar: ProgressBar): Promise<number[]> => {
    const failed: number[] = [];
    for await (const result of runTasks(tasks, jobs)) {
      if (!result.ok) failed.push(result.seed);
      bar.advance(1, `seed ${result.seed}`);
      await (json === true ? writeJson(summary(result)) : writeLine(describeWorld(result, judge)));
      if (trace !== undefined) for (const line of result.lines) stderrLine(line);
      if (!result.ok) explain(result, minutes, trace === undefined);
    }
    return failed;
  };
  const end = ({ length }: number[]): string => `${seeds - length} of ${seeds} worlds went well`;
  const failed = await withBar(`simulating ${seeds} worlds`, seeds, work, end);
  if (failed.length === 0) return;
  throw new CommandFailure('ERR_SIMULATION', `${failed.length} of ${seeds} seeds violated a property`, {
    exitCode: 1,
    advice: `Repeat the first with: chord sim --seed ${failed[0]} --minutes ${minutes}`,
  });
}

function parseWindow(text: string): TraceWindow {
  const [, from, to] = /^(\d+)\.\.(\d+)$/.exec(text) ?? [];
  if (from === undefined || to === undefined) {
    throw new InvalidArgumentError('Expected two times in milliseconds, as in 1000..2000.');
  }
  return { from: Number(from), to: Number(to) };
}

function summary({ seed, ok, hash, events, calmPeriods, clients, violation }: SwarmResult): object {
  return { seed, ok, hash, events, calmPeriods, clients, violation };
}

/** What became of a world, as a line for people. */
export function describeWorld(
  { seed, ok, hash, events, calmPeriods, clients, violation }: Omit<SwarmResult, 'options' | 'lines'>,
  judge: 'ring' | 'all',
): string {
  const verdict = ok ? paint('green', 'ok    ') : paint('red', 'FAILED');
  const { operations, forced } = clients;
  const did = `${events} events  ${operations} operations  ${forced} epochs forced`;
  // Well does not mean that much was tried: too few outcomes may be known to prove anything.
  const proof = judge === 'all' && clients.verdict === 'unknown' ? ', linearizability unknown' : '';
  const end = violation?.property ?? `ideal after ${calmPeriods} periods of calm${proof}`;
  return `seed ${seed}  ${verdict}  ${hash}  ${did}  ${end}`;
}

function explain({ seed, violation, lines, options }: SwarmResult, minutes: number, traced: boolean): void {
  if (violation === undefined) return;
  const { k, nodes, nodesMax, leeches, replicas, gentle } = options;
  const { at, property, detail } = violation;
  stderrLine(`${paintError('red', property)} at ${at.toFixed(3)} ms: ${detail}`);
  const kind = gentle ? 'one fault at a time' : 'faults at any time';
  const size = `${nodes} to ${nodesMax} nodes, ${leeches} clients, ${replicas} copies, ${kind}`;
  stderrLine(`the world: k = ${k}, ${size}`);
  // What clients saw says more than the messages before the end of the run.
  if (violation.lines !== undefined)
    for (const line of violation.lines.slice(-LINES_SHOWN)) stderrLine(`  ${line}`);
  else if (traced) {
    stderrLine('its last events:');
    for (const line of lines.slice(-LINES_SHOWN)) stderrLine(`  ${line}`);
  }
  stderrLine(`repeat it with: chord sim --seed ${seed} --minutes ${minutes} [--trace FROM..TO]`);
}
