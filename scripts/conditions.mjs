// `npm run conditions -- [--rounds 10] [--losses 5] [--seed 1]`: eight programs do conditional operations and
// increments at a fresh ring of five processes, whose members are killed and started again in turn; what they
// saw has to be linearizable, and every increment has to count once. Prints a line a round; exit code 1 where
// something does not hold or a round proves nothing. Needs a build of the tests.
import { parseArgs } from 'node:util';
import { conditionsUnderLosses } from '../dist/tests/support/conditions-under-losses.js';
import { ProcessRing } from '../dist/tests/support/process-ring.js';

const number = (text) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`expected 1 or more, got ${text}`);
  return value;
};
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    losses: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
  },
});
const [rounds, losses, first] = [values.rounds, values.losses, values.seed].map(number);
let wrong = 0;
let proved = 0;
for (let seed = first; seed < first + rounds; seed++) {
  const ring = new ProcessRing();
  try {
    const result = await conditionsUnderLosses(ring, seed, losses);
    const { operations, shareKnown, forced, findings, undecided, total } = result;
    const { acknowledged, unknown, value } = total;
    if (findings.length > 0) wrong += 1;
    else if (shareKnown >= 0.8 && undecided === 0 && forced === 0) proved += 1;
    console.log(
      `seed ${seed}: ${operations} operations, ${(shareKnown * 100).toFixed(1)} % known, ` +
        `${findings.length} findings, ${undecided} keys undecided, ${forced} epochs forced; ` +
        `counter ${value}, ${acknowledged} acknowledged and ${unknown} unknown`,
    );
    for (const { property, detail, lines = [] } of findings) {
      console.log(`  ${property}: ${detail}`);
      for (const line of lines) console.log(`    ${line}`);
    }
  } finally {
    await ring.close();
  }
}
console.log(
  `${rounds} rounds, ${proved} linearizable, ${wrong} violated, ${rounds - proved - wrong} prove nothing`,
);
process.exitCode = proved === rounds ? 0 : 1;
