// Every state of decisions on the copies of an arc, in larger bounds than the tests have. Run after
// `npm run build`: `node --max-old-space-size=8000 scripts/enumerate-configurations.mjs [row ...]`; without
// arguments, all rows, which takes tens of minutes. `--options '{"restarts":1}'` runs one case of its own.

import { parseArgs } from 'node:util';
import { enumerateConfigurations } from '../dist/src/sim/enumerate-configurations.js';

const owner = { member: 0, next: [0, 2, 3], attempts: ['owner'] };
const rival = { member: 1, next: [1, 2, 3], attempts: ['prepare'] };
const joiner = { member: 3, next: [3, 0, 1], attempts: ['prepare'] };
const far = { member: 1, next: [1, 3, 4], attempts: ['prepare'] };
const twice = { ...rival, attempts: ['prepare', 'prepare'] };

const ROWS = {
  'owner-and-rival': { writes: 1, losses: true },
  'two-rivals': { proposers: [rival, joiner], losses: true },
  'owner-and-rival-lost-memory': { restarts: 1 },
  'owner-and-rival-crash': { crashes: 1 },
  'owner-and-rival-released': { releases: true },
  'rival-twice-lost-memory': { proposers: [twice], restarts: 1 },
  'rival-twice-and-owner': { proposers: [owner, twice] },
  'cut-owner-and-rival': { positions: 2, writes: 2 },
  'five-members': { members: 5, proposers: [owner, far], crashes: 1, restarts: 1 },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { options: { type: 'string' }, 'states-max': { type: 'string' } },
});
const statesMax = Number(values['states-max'] ?? 20_000_000);
const names = positionals.length > 0 ? positionals : Object.keys(ROWS);
const rows =
  values.options === undefined
    ? names.map((name) => [name, ROWS[name]])
    : [['given', JSON.parse(values.options)]];

for (const [name, options] of rows) {
  const started = performance.now();
  const { states, transitions, complete, decided, property, trace } = enumerateConfigurations({
    statesMax,
    ...options,
  });
  const seconds = ((performance.now() - started) / 1_000).toFixed(0);
  const outcome = property === undefined ? 'every property holds' : `${property} is lost`;
  console.log(
    `${name}: ${states} states, ${transitions} steps, ${decided} configurations decided, ` +
      `${complete ? 'complete' : 'incomplete'}, ${seconds} s: ${outcome}`,
  );
  for (const line of trace) console.log(`  ${line}`);
}
