// Messages of a few short scenes, each of which is lost once, comes late once, and comes twice once: random
// losses hardly ever hit the one that matters. `ONE_MESSAGE_STEP=1` tries all of them; else every so many.
import { describe, expect, test } from 'vitest';
import { play, SCENES } from '../support/one-message.ts';

const STEP = Number(process.env['ONE_MESSAGE_STEP'] ?? 29);
const SEED = Number(process.env['ONE_MESSAGE_SEED'] ?? 1);

describe.each(['heal', 'refuse'] as const)('with %s', (onQuorumLost) => {
  test.each(Object.keys(SCENES))('%s', { timeout: 3_600_000 }, (name) => {
    const { messages, problem } = play(name, SEED, { onQuorumLost });
    expect(problem).toBeUndefined();
    expect(messages).toBeGreaterThan(50);
    const problems: string[] = [];
    for (let index = 0; index < messages; index += STEP) {
      for (const kind of ['lost', 'late', 'again'] as const) {
        const ending = play(name, SEED, { onQuorumLost, fault: { index, kind } });
        if (ending.problem !== undefined)
          problems.push(`${index} ${ending.chosen} ${kind}: ${ending.problem}`);
      }
    }
    expect(problems).toEqual([]);
  });
});
