// Scenarios: plays every tests/scenarios/*.txt in the simulator and compares what happens with what was
// recorded. RECORD=1 npx vitest run tests/scenarios.test.ts records anew; the difference is then reviewed.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Scenario, WRONG } from './support/scenario.ts';
import type { ScenarioFile } from './support/scenario-file.ts';
import { parseScenario, renderScenario } from './support/scenario-file.ts';

const FOLDER = new URL('scenarios/', import.meta.url);
const RECORD = process.env['RECORD'] === '1';

describe('the scenario', () => {
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.txt'))) {
    test(`${name} happens as it was recorded`, () => {
      const file = new URL(name, FOLDER);
      const recorded = readFileSync(file, 'utf8');
      const played = play(name, parseScenario(recorded));
      const text = renderScenario(played);
      const wrong = played.blocks.flatMap(({ output }) => output.filter((line) => line.startsWith(WRONG)));
      expect(wrong, 'what must never be is not recorded').toEqual([]);
      if (RECORD) writeFileSync(file, text);
      else expect(text).toBe(recorded);
    });
  }
});

/** The file with the output of this run. */
function play(name: string, { blocks, after }: ScenarioFile): ScenarioFile {
  const scenario = new Scenario();
  const played = blocks.map((block) => {
    try {
      const output = block.commands.flatMap((command) => scenario.run(command));
      return { ...block, output: output.length === 0 ? ['ok'] : output };
    } catch (cause) {
      throw new Error(`tests/scenarios/${name}:${block.line}: ${String(cause)}`, { cause });
    }
  });
  return { blocks: played, after };
}
