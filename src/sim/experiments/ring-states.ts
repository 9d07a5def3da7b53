// Experiment E5: every state of small rings, under the shipped rules, which must keep every property in all
// of them, and under those of the 2001 paper, which must be caught breaking them. It owns the choice of the
// rings; the enumeration is in ../enumerate-ring.ts.
import type { RingEnumeration, RingEnumerationOptions } from '../enumerate-ring.ts';
import { enumerateRing } from '../enumerate-ring.ts';
import type { Cell, ExperimentOptions, ExperimentResult } from './experiment.ts';

/** The sizes that end in seconds. */
const SMALL: readonly RingEnumerationOptions[] = [
  { members: 4, listMax: 2, convergeEvery: 1 },
  { members: 4, listMax: 3, convergeEvery: 1 },
  { members: 3, listMax: 2, rules: 'messages' },
];

/** The sizes that take minutes. */
const LARGE: readonly RingEnumerationOptions[] = [
  { members: 5, listMax: 2, convergeEvery: 1 },
  { members: 5, listMax: 3, convergeEvery: 1 },
  { members: 5, listMax: 2, rules: 'slow-join', convergeEvery: 10 },
  { members: 3, listMax: 3, rules: 'messages' },
];

/** Each property, with a ring in which the rules of 2001 break it. */
const PUBLISHED: readonly RingEnumerationOptions[] = [
  { members: 3, listMax: 2, rules: '2001', failures: 'any', properties: ['AtLeastOneRing'] },
  { members: 4, listMax: 2, rules: '2001', failures: 'any', properties: ['AtMostOneRing'] },
  { members: 4, listMax: 2, rules: '2001', failures: 'any', properties: ['OrderedRing'] },
  { members: 4, listMax: 2, rules: '2001', failures: 'any', properties: ['ConnectedAppendages'] },
];

export function ringStates(options: ExperimentOptions): ExperimentResult {
  const rows: Cell[][] = [];
  const missed: string[] = [];
  for (const ring of [...SMALL, ...(options.quick ? [] : LARGE), ...PUBLISHED]) {
    const name = `${ring.rules ?? 'atomic'} rules, ${ring.members} places, r = ${ring.listMax}`;
    const progress = (found: number): void => options.progress(`${name}: ${found} states`);
    progress(0);
    const result = enumerateRing({ ...ring, progress });
    rows.push(row(ring, result));
    const miss = judge(ring, result);
    if (miss !== undefined) missed.push(`${name}: ${miss}`);
  }
  return {
    title: 'E5 Every state of small rings (TSE 2017)',
    columns: ['rules', 'places', 'r', 'failures', 'states', 'steps', 'complete', 'violated', 'not ideal'],
    rows,
    passed: missed.length === 0,
    notes: missed,
  };
}

function row(ring: RingEnumerationOptions, result: RingEnumeration): Cell[] {
  const { states, transitions, complete, violations, convergence } = result;
  return [
    ring.rules ?? 'atomic',
    ring.members,
    ring.listMax,
    ring.failures ?? 'settled',
    states,
    transitions,
    complete ? 'yes' : 'no',
    violations.map(({ property }) => property).join(' ') || 'none',
    convergence === undefined ? '' : `${convergence.stuck} of ${convergence.runs}`,
  ];
}

/** What is wrong with a row; undefined = it is as it must be. */
function judge(ring: RingEnumerationOptions, result: RingEnumeration): string | undefined {
  const { complete, violations, convergence } = result;
  if (ring.rules === '2001') return violations.length > 0 ? undefined : 'no violation was found';
  if (!complete) return 'not every state was reached';
  const [violation] = violations;
  if (violation !== undefined) return `${violation.property} is violated: ${violation.trace.join('; ')}`;
  const stuck = convergence?.stuck ?? 0;
  return stuck === 0 ? undefined : `${stuck} fair runs did not end in an ideal ring`;
}
