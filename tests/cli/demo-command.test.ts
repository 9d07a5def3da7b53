// chord demo as a process: when it ends by itself.
import { once } from 'node:events';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { buildProject, Processes } from '../support/processes.ts';

const processes = new Processes();

beforeAll(() => buildProject(), 120_000);

afterEach(() => processes.endAll());

it('a demo ends once nobody reads what it tells', async () => {
  const child = processes.start(['demo', '--nodes', '1', '--json']);
  const ended = once(child, 'exit');
  await once(child.stdout!, 'data');
  child.stdout?.destroy();
  expect(await ended).toEqual([0, null]);
});
