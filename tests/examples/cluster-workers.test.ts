// examples/cluster-workers.ts as its users run it: a web server of several processes, one of which is killed.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { buildProject, collect, Processes } from '../support/processes.ts';

/** A worker that replaces another one takes seconds to start on a busy machine. */
const PATIENCE = { timeout: 60_000, interval: 200 };

let processes = new Processes();

beforeAll(() => buildProject('tsconfig.tests.json'), 180_000);

// Workers end by themselves when their primary process is gone.
afterEach(async () => {
  await processes.endAll();
  processes = new Processes();
});

function start(...args: string[]): ChildProcess {
  return processes.startProgram('dist/examples/cluster-workers.js', args);
}

interface Answer {
  readonly visits: number;
  readonly worker: number;
}

/** With a limit, ms: node:cluster never answers a connection that it handed to a worker just killed. */
async function visit(url: string): Promise<Answer> {
  const response = await fetch(url, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Answer;
}

it('counts each visit once, whichever worker answers, and goes on when one is killed', async () => {
  const child = start('--port', '0', '--workers', '3');
  const ended = collect(child);
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  const [, url = ''] = /^3 workers at (http:\S+)$/.exec(line) ?? [];
  const answers = await Promise.all(Array.from({ length: 30 }, () => visit(url)));
  const visits = answers.map((answer) => answer.visits).toSorted((a, b) => a - b);
  expect(visits).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  const before = new Set(answers.map(({ worker }) => worker));
  process.kill(answers[0]!.worker, 'SIGKILL');
  // A visit that meets the moment may fail, and count all the same.
  const isReplaced = async (): Promise<boolean> => !before.has((await visit(url)).worker);
  await expect.poll(() => isReplaced().catch(() => false), PATIENCE).toBe(true);
  expect((await visit(url)).visits).toBeGreaterThan(31);
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: 0, stderr: '' });
});

it('ends where the port is taken', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const { code, stdout, stderr } = await collect(start('--port', String(port), '--workers', '1'));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('EADDRINUSE');
    expect(stderr).not.toContain('    at ');
  } finally {
    server.close();
  }
});

it('prints its usage, and refuses what is no number', async () => {
  const help = await collect(start('--help'));
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout).toMatch(/^usage: cluster-workers .*\n$/);
  const { code, stderr } = await collect(start('--workers', 'many'));
  expect(code).toBe(1);
  expect(stderr).toContain('error: --port must be from 0 to 65535 and --workers at least 1\nusage: ');
});
