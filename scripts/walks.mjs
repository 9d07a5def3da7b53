// `npm run walks -- [entries] [first seed] [count]`: walks over all entries of a ring while members join and
// leave. Prints a line a seed; exit code 1 if any key that lived throughout did not come exactly once.
import { runWalk } from '../dist/src/sim/walk-under-churn.js';

const [entries = 100_000, first = 1, count = 3] = process.argv.slice(2).map(Number);
let wrong = 0;
for (let seed = first; seed < first + count; seed++) {
  const { pages, joins, leaves, missing, twice } = runWalk({ seed, entries, pageEntries: 512, pageMs: 100 });
  const kept = missing.length === 0 && twice.length === 0;
  if (!kept) wrong += 1;
  console.log(
    `seed ${seed}: ${entries} entries in ${pages} pages, ${joins} joins, ${leaves} leaves, ` +
      `${missing.length} missing, ${twice.length} twice`,
  );
}
console.log(`${count - wrong} of ${count} walks gave each key exactly once`);
process.exitCode = wrong === 0 ? 0 : 1;
