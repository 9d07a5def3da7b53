// `npm run partitions -- [first seed] [count]`: how many stabilisation periods a ring needs to be ideal
// again after a partition has healed, over many seeds. Prints the distribution; exit code 1 if any ring
// stayed broken.
import { HEALING_PERIODS_MAX, runPartition } from '../dist/src/sim/partition.js';

const [first = 1, count = 10_000] = process.argv.slice(2).map(Number);
const periods = [];
let broken = 0;
for (let seed = first; seed < first + count; seed++) {
  const result = runPartition(seed);
  if (result.periods === undefined) {
    broken += 1;
    console.log(`seed ${seed}: ${result.problem}`);
  } else {
    periods.push(result.periods);
  }
}
periods.sort((a, b) => a - b);
const at = (part) => periods[Math.min(periods.length - 1, Math.floor(periods.length * part))];
console.log(
  `${count} seeds: median ${at(0.5)}, 99 % ${at(0.99)}, most ${at(1)} periods (bound ${HEALING_PERIODS_MAX})`,
);
console.log(`${periods.length} healed, ${broken} did not`);
process.exitCode = broken === 0 ? 0 : 1;
