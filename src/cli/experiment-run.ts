// `chord sim --experiment`: runs one of the published measurements in the simulator and prints its table,
// the bars it missed and the time it took; progress goes to standard error. What each experiment does is the
// simulator's affair.
import type { Cell, ExperimentResult } from '../sim/index.ts';
import { EXPERIMENTS } from '../sim/index.ts';
import { CommandFailure } from './failure.ts';
import { stderrLine, writeJson, writeLine } from './output.ts';

/** Experiments of which single rows can be run. */
const HAVE_ROWS: readonly string[] = ['E1', 'E7'];

export interface ExperimentFlags {
  readonly experiment: string;
  readonly quick?: boolean;
  readonly seed?: number;
  readonly seeds?: number;
  readonly members?: number;
  readonly lookups?: number;
  readonly rows?: string;
  readonly json?: boolean;
}

export async function runExperiment(flags: ExperimentFlags): Promise<void> {
  const { experiment: name, seed = 1, seeds, members, lookups, rows } = flags;
  const experiment = EXPERIMENTS.get(name);
  if (experiment === undefined) {
    const names = [...EXPERIMENTS.keys()].join(', ');
    throw new CommandFailure('ERR_USAGE', `there is no experiment '${name}'; there are ${names}`, {
      exitCode: 2,
    });
  }
  if (rows !== undefined && !HAVE_ROWS.includes(name)) {
    throw new CommandFailure('ERR_USAGE', `--rows is for ${HAVE_ROWS.join(' and ')}, not for ${name}`, {
      exitCode: 2,
    });
  }
  const before = performance.now();
  const seconds = (): number => (performance.now() - before) / 1_000;
  const result = experiment({
    seed,
    quick: flags.quick === true,
    progress: (message) => stderrLine(`${seconds().toFixed(0).padStart(5)} s  ${message}`),
    seconds,
    memoryBytes,
    ...(seeds === undefined ? {} : { seeds }),
    ...(members === undefined ? {} : { members }),
    ...(lookups === undefined ? {} : { lookups }),
    ...(rows === undefined ? {} : { rows }),
  });
  if (result.rows.length === 0) {
    throw new CommandFailure('ERR_USAGE', `no row of ${name} has '${rows}' in its name`, {
      exitCode: 2,
      advice: 'Rows are named as in "as shipped, warm, N = 16384" (E1) and "N = 1000, idle" (E7).',
    });
  }
  if (flags.json === true) await writeJson({ experiment: name, seed, seconds: seconds(), ...result });
  else await print(result, seconds(), seed);
  if (result.passed) return;
  throw new CommandFailure('ERR_SIMULATION', `${name} missed a bar`, { exitCode: 1 });
}

async function print(result: ExperimentResult, seconds: number, seed: number): Promise<void> {
  const { title, columns, rows, notes, passed } = result;
  await writeLine(`${title}\n`);
  for (const line of markdown(columns, rows)) await writeLine(line);
  await writeLine('');
  for (const note of notes) await writeLine(`- ${note}`);
  await writeLine(`${passed ? 'passed' : 'MISSED'} in ${seconds.toFixed(1)} s, seed ${seed}`);
}

/** The lines of a table as docs/TESTING.md holds it. */
function markdown(columns: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const texts = [columns, ...rows.map((row) => row.map(String))];
  const widths = columns.map((_, i) => Math.max(...texts.map((row) => (row[i] ?? '').length)));
  const [head = '', ...body] = texts.map(
    (row) => `| ${widths.map((width, i) => (row[i] ?? '').padStart(width)).join(' | ')} |`,
  );
  return [head, `|${widths.map((width) => `${'-'.repeat(width + 1)}:`).join('|')}|`, ...body];
}

/** Bytes of live memory; exact only where Node was started with --expose-gc. */
function memoryBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
