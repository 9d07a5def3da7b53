// The package from CommonJS: Node's `require` takes ES modules, as long as none of them awaits at its top.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { buildProject } from '../support/processes.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Of the package by its own name, as a user's program would. */
const PROGRAM = `
const { ChordSocket } = require('chord-socket');
const { createCluster } = require('chord-socket/testing');
const { World } = require('chord-socket/sim');
(async () => {
  const cluster = await createCluster(1, { transport: 'memory' });
  await cluster.nodes[0].set('color', 'blue');
  const [node] = cluster.nodes;
  console.log(String(await node.get('color')), node instanceof ChordSocket, typeof World);
  await cluster.close();
})();
`;

beforeAll(() => buildProject(), 120_000);

it('can be required', () => {
  const options = { cwd: ROOT, encoding: 'utf8' } as const;
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--input-type=commonjs', '--eval', PROGRAM],
    options,
  );
  expect([status, stdout]).toEqual([0, 'blue true function\n']);
});
