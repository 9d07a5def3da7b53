// The trace hashes of a few seeds, as they were once recorded on another machine: a run depends on its seed
// and on nothing of the host. After a change of the protocol or of the simulator they are others:
// RECORD=1 npx vitest run tests/sim/recorded-hashes.test.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runSwarm } from '../../src/sim/swarm.ts';

const FILE = fileURLToPath(new URL('recorded-hashes.json', import.meta.url));
const SEEDS = [1, 2, 3];
const MINUTES = 1;
const MAX_MS = 120_000;

test('a seed has the trace hash that was recorded', { timeout: MAX_MS }, () => {
  const hashes = Object.fromEntries(
    SEEDS.map((seed) => [seed, runSwarm(seed, MINUTES, { judged: 'ring' }).hash]),
  );
  if (process.env['RECORD'] !== undefined) writeFileSync(FILE, `${JSON.stringify(hashes, undefined, 2)}\n`);
  const recorded: unknown = JSON.parse(readFileSync(FILE, 'utf8'));
  expect(hashes, 'changed on purpose? RECORD=1 npx vitest run tests/sim/recorded-hashes.test.ts').toEqual(
    recorded,
  );
});
