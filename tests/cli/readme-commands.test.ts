// README's table of commands, against the commands that there are.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SHELL_COMMANDS } from '../../src/cli/shell-commands.ts';
import { buildProject, Processes } from '../support/processes.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const [, section = ''] = /^## Command line$(.*?)^## /ms.exec(readme) ?? [];
const processes = new Processes();

beforeAll(() => buildProject(), 120_000);

afterAll(() => processes.endAll());

it('names every command', async () => {
  const { stdout } = await processes.run(['--help']);
  const [, list = ''] = /^Commands:$(.*?)^$/ms.exec(stdout) ?? [];
  const names = [...list.matchAll(/^ {2}(\w+) /gm)].map(([, name = '']) => name);
  expect(names).toContain('shell');
  const missing = names.filter((name) => !new RegExp(`\`(chord )?${name}\\b`).test(section));
  expect(missing).toEqual(['help']);
});

it('promises of the shell only what it has', () => {
  const [row = ''] = /^\| `chord shell` .*$/m.exec(section) ?? [];
  expect(row).not.toContain('all of these');
  const promised = [...row.matchAll(/`(\w+)`/g)].map(([, name]) => name);
  expect(SHELL_COMMANDS.map(({ name }) => name)).toEqual(expect.arrayContaining(promised));
});
