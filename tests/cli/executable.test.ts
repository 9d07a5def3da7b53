// The file that npm links as the command `chord`, run as the system runs it: before a build and after one.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildProject } from '../support/processes.ts';

const BIN = fileURLToPath(new URL('../../bin', import.meta.url));
let folder = '';

beforeAll(() => buildProject(), 120_000);

afterEach(() => {
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
  folder = '';
});

describe('bin/chord.mjs', () => {
  it('runs the command line', () => {
    const { status, stdout } = spawnSync(join(BIN, 'chord.mjs'), ['--help'], { encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout).toContain('Usage: chord');
  });

  it.each([
    ['the help', 'stdout', ['--help']],
    ['the help of a command', 'stdout', ['node', '--help']],
    ['a complaint', 'stderr', ['nothing']],
  ] as const)('lets a reader of %s go', async (_, stream, words) => {
    const chord = spawn(join(BIN, 'chord.mjs'), words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const name of ['stdout', 'stderr'] as const)
      if (name === stream) chord[name].destroy();
      else chord[name].on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [status] = (await once(chord, 'close')) as [number | null];
    expect([status, said]).toEqual([stream === 'stdout' ? 0 : 2, '']);
  });

  it('says before the build that it is not built yet', () => {
    folder = mkdtempSync(join(tmpdir(), 'chord-bin-'));
    cpSync(BIN, join(folder, 'bin'), { recursive: true });
    const { status, stdout, stderr } = spawnSync(join(folder, 'bin/chord.mjs'), ['--help'], {
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/not built yet.*npm run build/);
  });
});
