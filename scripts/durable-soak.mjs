// `npm run durable-soak -- [--rounds 50]`: five processes with a directory each, killed one after another
// under load and then all at once, again and again; after each round everything that was acknowledged has
// to be there. Prints a line a round; exit code 1 where anything is missing. Needs a build of the tests.
import { parseArgs } from 'node:util';
import { DurableRing } from '../dist/tests/support/durable-ring.js';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '50' } } });
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError(`rounds must be 1 or more, got ${rounds}`);

const ring = new DurableRing();
let missing = 0;
try {
  await ring.start();
  for (let round = 1; round <= rounds; round++) {
    const start = performance.now();
    const { complaints, figures } = await ring.round();
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    const { acknowledged, deletes, unknown } = figures;
    const writes = `${acknowledged} acknowledged so far, ${deletes} of them deletes, ${unknown} unknown`;
    console.log(`round ${round}: ${complaints.length} missing, ${seconds} s; ${writes}`);
    for (const complaint of complaints) console.log(`  ${complaint}`);
    missing += complaints.length;
  }
  console.log(`${rounds} rounds, ${missing} entries missing`);
} finally {
  await ring.close();
}
process.exitCode = missing === 0 ? 0 : 1;
