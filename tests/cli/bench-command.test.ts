// `chord bench` as a process: a table, JSON, rings in one process and over processes, and what is left of
// these when it ends early. Its figures are not judged here.
import { type ChildProcess, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { LocalRing } from '../../src/cli/bench-ring.ts';
import { ChordSocket, Protocol } from '../../src/index.ts';
import { buildProject, collect, Processes } from '../support/processes.ts';

const PATIENCE = { timeout: 60_000, interval: 100 };

let processes = new Processes();

beforeAll(() => buildProject(), 120_000);

afterEach(async () => {
  await processes.endAll();
  processes = new Processes();
});

const SMALL = ['bench', '--quick', '--nodes', '3', '--ops', '100', '--rounds', '1'];

describe('chord bench', () => {
  it('prints a JSON line a ring, with every cell beside the echo', async () => {
    const { code, stdout } = await processes.run([...SMALL, '--json']);
    expect(code).toBe(0);
    const reports = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { rows: { work: string; rate: number }[] });
    expect(reports).toEqual([
      expect.objectContaining({ nodes: 3, encryption: 'Plaintext', store: 'memory' }),
      expect.objectContaining({ nodes: 3, encryption: 'SSL' }),
    ]);
    const [plain] = reports;
    // Three echoes, then puts and gets at three levels, each one at a time and 64 at once.
    expect(plain?.rows.map(({ work }) => work.slice(0, 4))).toEqual([
      ...Array.from({ length: 6 }, () => 'echo'),
      ...Array.from({ length: 6 }, () => 'put'),
      ...Array.from({ length: 6 }, () => 'get'),
    ]);
    expect(plain?.rows.every(({ rate }) => rate > 0)).toBe(true);
  });

  it.each([[[]], [['--processes']]])('measures durable members %j', async (more) => {
    const args = ['--durable', '--encryption', 'Plaintext', '--consistency', 'quorum', '--json', ...more];
    const { code, stdout } = await processes.run([...SMALL, ...args]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ nodes: 3, store: 'durable' });
  });

  it('prints a table of a ring over processes', async () => {
    const args = ['--processes', '--encryption', 'Plaintext', '--consistency', 'quorum'];
    const { code, stdout } = await processes.run([...SMALL, ...args]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^3 members in processes of their own, Plaintext, memory; whole after \d+ ms\n/);
    expect(stdout).toMatch(/\nget +quorum +64 +\d+ +\d+ +\d+ +[\d.]+ +[\d.]+ +\d+ %\n/);
    expect(stdout).toMatch(/\na warm get takes 1\.\d\d requests/);
  });
});

describe('the ring of a benchmark', () => {
  it('is no network that another ring is of', async () => {
    const rings = [1, 2].map(() => new LocalRing({ nodes: 1, encryption: 'Plaintext', durable: false }));
    try {
      const whole = await Promise.all(rings.map((ring) => ring.start()));
      const networks = whole.map(({ writer }) => writer.protocol.subnet);
      expect(new Set([...networks, 'chord']).size).toBe(3);
    } finally {
      await Promise.all(rings.map((ring) => ring.close()));
    }
  });

  it('has nothing to do with the one that the environment names', async () => {
    const member = new ChordSocket('127.0.0.1', 0, {
      profile: 'local',
      protocol: new Protocol('chord', 'Plaintext'),
    });
    try {
      await member.join();
      await member.set('key', 'value');
      const visitors: string[] = [];
      for (const event of ['connect', 'refused'] as const) member.on(event, () => visitors.push(event));
      const args = ['--processes', '--encryption', 'Plaintext', '--consistency', 'quorum', '--json'];
      const env = { CHORD_CONNECT: member.outAddr.join(':'), CHORD_SECRET_FILE: '/not-there', CHORD_K: '8' };
      const { code, stdout } = await processes.run([...SMALL, ...args], { env });
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ nodes: 3 });
      expect(visitors).toEqual([]);
      expect(String(await member.get('key'))).toBe('value');
      expect(await member.size()).toBe(1);
    } finally {
      await member.close({ force: true });
    }
  });
});

describe('chord bench --processes that ends early', () => {
  let folder = '';
  let bench: ChildProcess | undefined;
  let members: readonly number[] = [];

  afterEach(() => {
    // Also those of a benchmark that was not whole yet.
    const left = new Set([...members, ...childrenOf(bench)]);
    for (const pid of left) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
    [bench, members] = [undefined, []];
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    vi.unstubAllEnvs();
  });

  /** One with more work than any test waits for, once each of its members has begun to write. */
  async function startBench(): Promise<ChildProcess> {
    folder = mkdtempSync(join(tmpdir(), 'chord-bench-test-'));
    const args = ['--processes', '--durable', '--encryption', 'Plaintext', '--ops', '1000000'];
    bench = processes.start(['bench', '--quick', '--nodes', '3', ...args], { TMPDIR: folder });
    await expect.poll(directoriesOfMembers, PATIENCE).toHaveLength(3);
    members = childrenOf(bench);
    expect(members).toHaveLength(3);
    return bench;
  }

  function directoriesOfMembers(): string[] {
    return readdirSync(folder).flatMap((name) => readdirSync(join(folder, name)));
  }

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('leaves no member and no file behind on %s, and exits with %i', async (signal, expected) => {
    const started = await startBench();
    const ended = collect(started);
    started.kill(signal);
    expect(await ended).toMatchObject({ code: expected, stdout: '', stderr: '' });
    expect(members.filter(isRunning)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves no member behind when it is killed', async () => {
    // Below npm a member would stop by itself, because it looks whether its parent is there.
    vi.stubEnv('npm_lifecycle_event', undefined);
    const started = await startBench();
    started.kill('SIGKILL');
    await expect.poll(() => members.filter(isRunning), PATIENCE).toEqual([]);
  });
});

/** Of a process that runs; another one may have the id of one that has ended. */
function childrenOf(parent: ChildProcess | undefined): number[] {
  if (parent?.pid === undefined || parent.exitCode !== null || parent.signalCode !== null) return [];
  const { stdout } = spawnSync('pgrep', ['-P', String(parent.pid)], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean).map(Number);
}

/** Whether it runs: one that has ended is listed until somebody asks for its exit code. */
function isRunning(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return /^[^Z]/.test(stdout);
}
