// `npm run mutants -- [--seeds N] [--minutes N] [--only name,name]`: plants every bug of tests/mutants in the
// machine, one at a time, and tells whether the trial in which it is hunted finds it, and within how many
// seeds. The code as it is goes first and must be clean on the same seeds. Needs a build of the tests.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MUTANTS } from '../dist/tests/mutants/mutants.js';
import { plant } from '../dist/tests/mutants/planting.js';

const root = fileURLToPath(new URL('..', import.meta.url));
/** A seed takes a tenth of a second; one that takes this long goes round in circles. */
const SEED_MAX_MS = 30_000;

/** Runs one hunt to its end; resolves to its last line, with the seconds it took. */
async function hunt(mutant, kind, { seeds, minutes }) {
  const folder = mkdtempSync(join(tmpdir(), 'chord-mutant-'));
  const start = performance.now();
  try {
    const file = plant(root, folder, mutant);
    const child = spawn(process.execPath, [file, kind, seeds, minutes], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    setPriority(child.pid, 10);
    const last = await lastLine(child);
    return { ...last, seconds: (performance.now() - start) / 1_000 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function lastLine(child) {
  let last = { type: 'seed', seed: 0 };
  let watchdog;
  for await (const line of createInterface({ input: child.stdout })) {
    last = JSON.parse(line);
    clearTimeout(watchdog);
    watchdog = setTimeout(() => child.kill('SIGKILL'), SEED_MAX_MS);
  }
  clearTimeout(watchdog);
  if (last.type !== 'seed') return last;
  return { type: 'end', seed: last.seed, property: 'RunEnds', detail: 'the process did not come to an end' };
}

function show({ name, caughtBy }, { type, seed, property, seconds }) {
  const verdict = type === 'clean' ? 'NOT' : 'caught';
  const where = type === 'clean' ? '' : `seed ${seed}`;
  const found = [verdict.padEnd(7), where.padEnd(9), (property ?? '').padEnd(22)];
  const columns = [name.padEnd(34), caughtBy.padEnd(15), ...found];
  console.log(`${columns.join(' ')} ${seconds.toFixed(1)} s`);
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '60' },
    minutes: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});
const wanted =
  values.only === '' ? MUTANTS : MUTANTS.filter(({ name }) => values.only.split(',').includes(name));
for (const kind of new Set(wanted.map(({ caughtBy }) => caughtBy))) {
  const result = await hunt(undefined, kind, values);
  if (result.type !== 'clean') {
    console.log(`the code as it is, seed ${result.seed} (${kind}): ${result.property}: ${result.detail}`);
    process.exit(1);
  }
  console.log(`no mutant: clean on ${values.seeds} seeds (${kind}), ${result.seconds.toFixed(1)} s`);
}
let caught = 0;
for (const mutant of wanted) {
  const result = await hunt(mutant, mutant.caughtBy, values);
  show(mutant, result);
  if (result.type !== 'clean') caught += 1;
}
console.log(`${caught} caught, ${wanted.length - caught} not`);
process.exitCode = caught === wanted.length ? 0 : 1;
