// `npm run watches -- [--seeds N] [--first S] [--modes calm,crashes,losses,cuts,slow] [--changes N]`: watches
// of a simulated ring whose members come, leave and die, one line a seed, and a table at the end. Each seed
// takes the next mode. Ctrl-C ends it after the seed under way. Exit code 1 if a change was missed without a
// gap, told twice, out of order or never made, or if there was a gap where nobody was lost.
import { parseArgs } from 'node:util';
import { MODES, runWatches } from '../dist/tests/support/watch-world.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '8' },
    first: { type: 'string', default: '1' },
    modes: { type: 'string', default: MODES.join() },
    changes: { type: 'string', default: '100' },
  },
});

function show(seed, mode, { ownerChanges, writes, events, gaps, degraded, problems }) {
  const verdict = problems.length === 0 ? 'ok' : 'FAILED';
  console.log(
    `seed ${seed} ${mode}: ${ownerChanges} owner changes, ${writes} writes, ${events} events, ` +
      `${gaps} gaps, ${degraded} forced epochs, ${verdict}`,
  );
  for (const problem of problems) console.log(`  ${problem}`);
  if (problems.length === 0) return;
  const again = `--first ${seed} --seeds 1 --modes ${mode} --changes ${values.changes}`;
  console.log(`  again: npm run watches -- ${again}`);
}

function share(count, { ownerChanges }) {
  return `${((100 * count) / Math.max(1, ownerChanges)).toFixed(2)} %`;
}

/** What each kind of world came to; gaps are those of one watch, in percent of the owner changes. */
function showTable(totals) {
  const head = [
    'mode',
    'seeds',
    'failed',
    'owner changes',
    'disasters',
    'events',
    'key: gaps',
    'prefix: gaps',
  ];
  const rows = [...totals].map(([mode, total]) => [
    mode,
    total.seeds,
    total.failed,
    total.ownerChanges,
    share(total.disasters, total),
    total.events,
    share(total.gapsOfKey, total),
    share(total.gapsOfPrefix, total),
  ]);
  for (const row of [head, head.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`);
}

const modes = values.modes.split(',');
const [first, seeds, ownerChanges] = [values.first, values.seeds, values.changes].map(Number);
const COUNTED = ['ownerChanges', 'disasters', 'events', 'gapsOfKey', 'gapsOfPrefix'];
const totals = new Map();
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
for (let seed = first; seed < first + seeds && !stop.signal.aborted; seed++) {
  const mode = modes[seed % modes.length];
  const result = await runWatches({ seed, mode, ownerChanges });
  show(seed, mode, result);
  const total = totals.get(mode) ?? {
    seeds: 0,
    failed: 0,
    ...Object.fromEntries(COUNTED.map((name) => [name, 0])),
  };
  totals.set(mode, total);
  total.seeds += 1;
  total.failed += result.problems.length === 0 ? 0 : 1;
  for (const name of COUNTED) total[name] += result[name];
}
showTable(totals);
process.exitCode = [...totals.values()].some(({ failed }) => failed > 0) ? 1 : 0;
