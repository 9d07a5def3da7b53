// `npm run iterate -- [entries]`: goes over all keys of a ring of six sockets with `for await` while members
// join and leave. Prints a line; exit code 1 if any key that lived throughout did not come exactly once.
// Needs a build of the tests.
import { iterateUnderChurn } from '../dist/tests/support/iteration.js';

const [entries = 100_000] = process.argv.slice(2).map(Number);
const { joins, leaves, missing, twice, seconds } = await iterateUnderChurn(entries);
console.log(
  `${entries} entries in ${seconds.toFixed(1)} s, ${joins} joins, ${leaves} leaves, ` +
    `${missing} missing, ${twice} twice`,
);
process.exitCode = missing + twice === 0 ? 0 : 1;
