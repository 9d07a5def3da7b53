// The text of a scenario: comments, and blocks of commands with their recorded output. It owns the format
// (tests/scenarios/README.md); what commands do is in scenario.ts.

interface ScenarioBlock {
  /** Comments and blank lines before the commands, as they stand. */
  readonly before: readonly string[];
  readonly commands: readonly string[];
  readonly output: readonly string[];
  /** Of the first command, from 1. */
  readonly line: number;
}

export interface ScenarioFile {
  readonly blocks: readonly ScenarioBlock[];
  readonly after: readonly string[];
}

const RULE = '----';

/** Commands end at the rule, or, where nothing was recorded yet, at a blank line; the output ends at one. */
export function parseScenario(text: string): ScenarioFile {
  const lines = text.split('\n');
  const blocks: ScenarioBlock[] = [];
  let at = 0;
  const take = (wanted: (line: string) => boolean): string[] => {
    const first = at;
    while (at < lines.length && wanted(lines[at] ?? '')) at += 1;
    return lines.slice(first, at);
  };
  while (at < lines.length) {
    const before = take((line) => line === '' || line.startsWith('#'));
    const line = at + 1;
    const commands = take((command) => command !== '' && command !== RULE);
    if (commands.length === 0) return { blocks, after: before };
    const recorded = lines[at] === RULE;
    if (recorded) at += 1;
    const output = recorded ? take((shown) => shown !== '') : [];
    blocks.push({ before, commands, output, line });
  }
  return { blocks, after: [] };
}

export function renderScenario({ blocks, after }: ScenarioFile): string {
  const lines = blocks.flatMap(({ before, commands, output }) => [...before, ...commands, RULE, ...output]);
  const end = after.length === 0 ? [''] : after;
  return [...lines, ...end].join('\n');
}
