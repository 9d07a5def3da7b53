// `node scripts/experiment.mjs E1 [--quick] [--seed 1] [--members N] [--seeds N] [--lookups N]`: runs one
// experiment of the simulator and prints its table, the notes and the time it took; progress goes to standard
// error. Exits with 1 when a bar is missed. Build first (`npm run build`); large ones need a large heap:
// `node --max-old-space-size=20000 --expose-gc scripts/experiment.mjs E8`.
import { parseArgs } from 'node:util';

const { EXPERIMENTS } = await import(
  new URL('../dist/src/sim/experiments/experiments.js', import.meta.url).href
);

const number = { type: 'string' };
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' }, seed: number, members: number, seeds: number, lookups: number },
});

/** Columns as wide as their widest cell, numbers to the right. */
function table(columns, rows) {
  const texts = [columns, ...rows].map((row) => row.map(String));
  const widths = columns.map((_, i) => Math.max(...texts.map((row) => (row[i] ?? '').length)));
  const line = (row) => `| ${row.map((text, i) => text.padStart(widths[i])).join(' | ')} |`;
  const rule = `|${widths.map((width) => `${'-'.repeat(width + 1)}:`).join('|')}|`;
  const [head, ...body] = texts.map(line);
  return [head, rule, ...body].join('\n');
}

const name = positionals[0] ?? '';
const experiment = EXPERIMENTS.get(name);
if (experiment === undefined) {
  console.error(`there is no experiment '${name}'; there are ${[...EXPERIMENTS.keys()].join(', ')}`);
  process.exit(2);
}
const optional = Object.fromEntries(
  ['members', 'seeds', 'lookups'].filter((one) => values[one]).map((one) => [one, Number(values[one])]),
);
const before = performance.now();
const seconds = () => (performance.now() - before) / 1_000;
const result = experiment({
  seed: Number(values.seed ?? 1),
  quick: values.quick === true,
  progress: (message) => console.error(`${seconds().toFixed(0).padStart(5)} s  ${message}`),
  seconds,
  memoryBytes: () => {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  },
  ...optional,
});
console.log(`${result.title}\n\n${table(result.columns, result.rows)}\n`);
for (const note of result.notes) console.log(`- ${note}`);
console.log(
  `\n${result.passed ? 'passed' : 'MISSED'} in ${seconds().toFixed(1)} s, seed ${values.seed ?? 1}`,
);
process.exitCode = result.passed ? 0 : 1;
