// `chord sim`: runs the shipped machine in simulated worlds that try to break it, one a seed, and says how
// each ended. For a failure: the property that did not hold, the events before it, and the command that
// repeats it.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Command } from 'commander';
import type { SwarmResult } from '../sim/index.ts';
import { EXPERIMENTS, runSwarm } from '../sim/index.ts';
import { runExperiment } from './experiment-run.ts';
import { CommandFailure } from './failure.ts';
import { flag, parsePositive } from './flags.ts';
import { paint, paintError, stderrLine, writeJson, writeLine } from './output.ts';
import { ProgressBar } from './progress.ts';

interface SimFlags {
  readonly seed?: number;
  readonly seeds?: number;
  readonly minutes: number;
  readonly experiment?: string;
  readonly quick?: boolean;
  readonly members?: number;
  readonly lookups?: number;
  readonly json?: boolean;
}

/** Events shown before a violation. */
const LINES_SHOWN = 40;

export function addSim(program: Command): void {
  program
    .command('sim')
    .description('try the protocol in simulated worlds that break things, one a seed')
    .addOption(flag('--seed <number>', 'the first seed (default: 1)').argParser(parsePositive))
    .addOption(
      flag('--seeds <count>', 'how many seeds, one after another (default: 1)').argParser(parsePositive),
    )
    .addOption(
      flag('--minutes <count>', 'simulated minutes of faults a seed').argParser(parsePositive).default(5),
    )
    .addOption(
      flag('--experiment <name>', `a published measurement instead: ${[...EXPERIMENTS.keys()].join(', ')}`),
    )
    .addOption(flag('--quick', 'a small version of the experiment, which ends in seconds'))
    .addOption(flag('--members <count>', 'members of the experiment’s ring').argParser(parsePositive))
    .addOption(flag('--lookups <count>', 'lookups of the experiment').argParser(parsePositive))
    .addOption(flag('--json', 'one JSON line a seed, or for the experiment'))
    .action(({ experiment, ...flags }: SimFlags) =>
      experiment === undefined ? runSim(flags) : runExperiment({ ...flags, experiment }),
    );
}

async function runSim({ seed: first = 1, seeds = 1, minutes, json }: SimFlags): Promise<void> {
  const bar = await ProgressBar.start(`simulating ${seeds} worlds`, seeds);
  const failed: number[] = [];
  for (let seed = first; seed < first + seeds; seed++) {
    const result = runSwarm(seed, minutes);
    if (!result.ok) failed.push(seed);
    bar.advance(1, `seed ${seed}`);
    await (json === true ? writeJson(summary(result)) : writeLine(describe(result)));
    if (!result.ok) explain(result, minutes);
    // A signal is seen between two seeds.
    await nextTurn();
  }
  bar.stop(`${seeds - failed.length} of ${seeds} worlds went well`);
  if (failed.length === 0) return;
  throw new CommandFailure('ERR_SIMULATION', `${failed.length} of ${seeds} seeds violated a property`, {
    exitCode: 1,
    advice: `Repeat the first with: chord sim --seed ${failed[0]} --minutes ${minutes}`,
  });
}

function summary({ seed, ok, hash, events, calmPeriods, violation }: SwarmResult): object {
  return { seed, ok, hash, events, calmPeriods, violation };
}

function describe({ seed, ok, hash, events, calmPeriods, violation }: SwarmResult): string {
  const verdict = ok ? paint('green', 'ok    ') : paint('red', 'FAILED');
  const end = violation === undefined ? `ideal after ${calmPeriods} periods of calm` : violation.property;
  return `seed ${seed}  ${verdict}  ${hash}  ${events} events  ${end}`;
}

function explain({ seed, violation, lines, options }: SwarmResult, minutes: number): void {
  if (violation === undefined) return;
  const { k, nodes, nodesMax, replicas } = options;
  stderrLine(
    `${paintError('red', violation.property)} at ${violation.at.toFixed(3)} ms: ${violation.detail}`,
  );
  stderrLine(`the world: k = ${k}, ${nodes} to ${nodesMax} nodes, ${replicas} copies; its last events:`);
  for (const line of lines.slice(-LINES_SHOWN)) stderrLine(`  ${line}`);
  stderrLine(`repeat it with: chord sim --seed ${seed} --minutes ${minutes}`);
}
