// `npm run watches -- [--seeds N] [--first S] [--modes calm,crashes,losses,cuts,slow] [--changes N]`: watches
// of a simulated ring whose members come, leave and die, one line a seed. Each seed takes the next mode. Exit
// code 1 if a change was missed without a gap, told twice, out of order or never made, or if there was a gap
// where nobody was lost.
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

function showTotal(mode, { seeds, failed, changes, events, gaps, most }) {
  const share = ((100 * most) / Math.max(1, changes)).toFixed(2);
  console.log(
    `${mode}: ${seeds} seeds, ${failed} failed, ${changes} owner changes, ${events} events, ${gaps} gaps; ` +
      `the watch with most of them has one in ${share} % of owner changes`,
  );
}

const modes = values.modes.split(',');
const [first, seeds, ownerChanges] = [values.first, values.seeds, values.changes].map(Number);
const totals = new Map();
for (const mode of modes) totals.set(mode, { seeds: 0, failed: 0, changes: 0, events: 0, gaps: 0, most: 0 });
for (let seed = first; seed < first + seeds; seed++) {
  const mode = modes[seed % modes.length];
  const result = await runWatches({ seed, mode, ownerChanges });
  show(seed, mode, result);
  const total = totals.get(mode);
  total.seeds += 1;
  total.failed += result.problems.length === 0 ? 0 : 1;
  total.changes += result.ownerChanges;
  total.events += result.events;
  total.gaps += result.gaps;
  total.most += result.gapsMost;
}
for (const [mode, total] of totals) if (total.seeds > 0) showTotal(mode, total);
process.exitCode = [...totals.values()].some(({ failed }) => failed > 0) ? 1 : 0;
