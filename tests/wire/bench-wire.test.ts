// The bench of the codec runs: its messages are those of today.
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

it('bench:wire tells the rate of every message', () => {
  const script = new URL('../../scripts/bench-wire.mjs', import.meta.url);
  const lines = execFileSync(process.execPath, [script.pathname, '5'], { encoding: 'utf8' })
    .trim()
    .split('\n');
  expect(lines).toHaveLength(6);
  for (const line of lines) expect(line).toMatch(/^[a-z0-9, ]+ \d+ bytes {2}\d+k round trips\/s/);
});
