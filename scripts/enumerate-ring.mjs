// Experiment E5: every state of small rings, as a table. Run after `npm run build`. Without arguments, what
// takes a few minutes; `--full`, also what takes up to an hour and 8 GB (give Node the memory: `node
// --max-old-space-size=8000 scripts/enumerate-ring.mjs --full`); `--members 5 --list 2 [--rules messages]
// [--failures growing] [--states-max 1000000]` runs one row and prints the whole trace of what it finds.

import { parseArgs } from 'node:util';
import { enumerateRing } from '../dist/src/sim/enumerate-ring.js';

const ROWS = [
  { members: 4, listMax: 2, convergeEvery: 1 },
  { members: 5, listMax: 2, convergeEvery: 1 },
  { members: 4, listMax: 3, convergeEvery: 1 },
  { members: 5, listMax: 3, convergeEvery: 1 },
  { members: 5, listMax: 4, convergeEvery: 1 },
  { members: 5, listMax: 2, rules: 'slow-join', convergeEvery: 10 },
  { members: 5, listMax: 3, rules: 'slow-join', convergeEvery: 30 },
  { members: 3, listMax: 2, rules: 'messages' },
  { members: 3, listMax: 3, rules: 'messages' },
  { members: 4, listMax: 4, failures: 'any', properties: ['NoDuplicates'], convergeEvery: 1 },
  ...['AtLeastOneRing', 'AtMostOneRing', 'OrderedRing', 'ConnectedAppendages'].map((property) => ({
    members: 4,
    listMax: 2,
    rules: '2001',
    failures: 'any',
    properties: [property],
  })),
  { members: 4, listMax: 2, rules: '2001', failures: 'proof', properties: ['ConnectedAppendages'] },
  { members: 5, listMax: 2, rules: '2001', failures: 'proof', properties: ['OrderedRing'] },
];

const FULL_ROWS = [
  { members: 6, listMax: 2, convergeEvery: 500 },
  { members: 6, listMax: 3, failures: 'proof', convergeEvery: 1_000 },
  { members: 4, listMax: 2, rules: 'messages', failures: 'proof' },
];

const COLUMNS = [
  'rules',
  'places',
  'r',
  'failures',
  'states',
  'steps',
  'complete',
  'violations',
  'not ideal',
  's',
  'MB',
];
const WIDTHS = [10, 7, 3, 9, 12, 13, 9, 22, 18, 7, 6];

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    members: { type: 'string' },
    list: { type: 'string' },
    rules: { type: 'string' },
    failures: { type: 'string' },
    'states-max': { type: 'string' },
    progress: { type: 'boolean', default: false },
  },
});

function rows() {
  if (values.members === undefined) return values.full ? [...ROWS, ...FULL_ROWS] : ROWS;
  const { rules = 'atomic', failures = 'settled' } = values;
  const row = { members: Number(values.members), listMax: Number(values.list ?? 2), rules, failures };
  return [rules === 'messages' ? row : { ...row, convergeEvery: 100 }];
}

function print(cells) {
  console.log(cells.map((cell, i) => String(cell).padEnd(WIDTHS[i])).join(' '));
}

print(COLUMNS);
for (const row of rows()) {
  const start = performance.now();
  const statesMax = Number(values['states-max'] ?? 200_000_000);
  const progress = (found, expanded) => {
    if (values.progress && expanded % 2 ** 20 === 0) console.error(`${found} found, ${expanded} expanded`);
  };
  const result = enumerateRing({ ...row, statesMax, progress });
  const { states, transitions, complete, violations, convergence } = result;
  print([
    row.rules ?? 'atomic',
    row.members,
    row.listMax,
    row.failures ?? 'settled',
    states,
    transitions,
    complete ? 'yes' : 'no',
    violations.map(({ property }) => property).join(' ') || 'none',
    convergence === undefined ? '-' : `${convergence.stuck} of ${convergence.runs}`,
    ((performance.now() - start) / 1_000).toFixed(1),
    Math.round(process.memoryUsage().rss / 1e6),
  ]);
  if (values.members === undefined) continue;
  for (const { property, trace } of violations) console.log([`${property}:`, ...trace].join('\n  '));
  for (const example of convergence?.examples ?? []) console.log(`not ideal: ${example}`);
}
