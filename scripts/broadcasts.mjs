// `npm run broadcasts -- [--seeds N] [--first S] [--of losses,churn]`: streams of messages through simulated
// networks: 1,000 sends while 10 % of the members die, or 200 while members and clients come, leave and die.
// One line a seed; exit code 1 where a survivor did not get every message of the survivors, once and in
// order.
import { parseArgs } from 'node:util';
import { runChurn, runLosses } from '../dist/tests/support/message-streams.js';

const STREAMS = { losses: runLosses, churn: runChurn };
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    first: { type: 'string', default: '1' },
    of: { type: 'string', default: 'losses' },
  },
});
const [first, seeds] = [Number(values.first), Number(values.seeds)];
let failed = 0;
for (const name of values.of.split(',')) {
  for (let seed = first; seed < first + seeds; seed++) {
    const { sent, heard, problems } = STREAMS[name](seed);
    console.log(
      `seed ${seed} ${name}: ${sent} sent, ${heard} heard, ${problems.length === 0 ? 'ok' : 'FAILED'}`,
    );
    if (problems.length === 0) continue;
    failed += 1;
    for (const problem of problems.slice(0, 5)) console.log(`  ${problem}`);
    console.log(`  again: npm run broadcasts -- --first ${seed} --seeds 1 --of ${name}`);
  }
  console.log(`${name}: ${seeds} seeds, ${failed} failed`);
}
process.exitCode = failed === 0 ? 0 : 1;
