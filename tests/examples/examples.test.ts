// The programs of examples/ as their users run them: several processes against one ring.
import type { ChildProcess } from 'node:child_process';
import { on } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChordSocket } from '../../src/index.ts';
import { type Cluster, createCluster } from '../../src/testing/index.ts';
import { buildProject, collect, type Finished, Processes } from '../support/processes.ts';

/** A process takes a second to start on a busy machine. */
const PATIENCE = { timeout: 15_000 };

const processes = new Processes();
let cluster: Cluster;
let ring: ChordSocket;

beforeAll(async () => {
  buildProject('tsconfig.tests.json');
  cluster = await createCluster(3, { k: 8 });
  ring = cluster.nodes[0]!;
}, 180_000);

afterAll(async () => {
  await processes.endAll();
  await cluster.close();
});

function start(name: string, ...args: string[]): ChildProcess {
  const address = ring.outAddr.join(':');
  return processes.startProgram(`dist/examples/${name}.js`, ['--connect', address, '--k', '8', ...args]);
}

async function run(name: string, ...args: string[]): Promise<Finished> {
  return collect(start(name, ...args));
}

/** What the child writes until the pattern appears. */
async function textUntil(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = '';
  for await (const [chunk] of on(child.stdout!, 'data', { close: ['end'] })) {
    text += String(chunk);
    if (pattern.test(text)) break;
  }
  return text;
}

describe('shared-config', () => {
  it('keeps what each process has set, and shows changes to those that follow', async () => {
    const [one, two] = await Promise.all([
      run('shared-config', 'color=blue', 'retries=3'),
      run('shared-config', 'host=a.example', 'tags=["x"]', 'unset='),
    ]);
    expect([one.code, one.stderr, two.code, two.stderr]).toEqual([0, '', 0, '']);
    const expected = { color: 'blue', retries: 3, host: 'a.example', tags: ['x'], unset: null };
    expect(JSON.parse(String(await ring.get('config')))).toEqual(expected);
    const follower = start('shared-config');
    expect(await textUntil(follower, /blue/)).toContain('retries: 3');
    await ring.applyDelta('config', { color: 'green' });
    expect(await textUntil(follower, /green/)).toContain('green');
    follower.kill();
  });
});

describe('with-lock', () => {
  const count = 'process.stdout.write("in "); setTimeout(() => process.stdout.write("out "), 100)';

  it('runs one command at a time, each with a later version', async () => {
    const script = `${count}; process.stderr.write(process.env.CHORD_LOCK_VERSION + " ")`;
    const three = Array.from({ length: 3 }, () => `${lockCommand(script)} &`).join(' ');
    const { stdout, stderr } = await processes.shell(`${three} wait`);
    expect(stdout.trim()).toBe('in out in out in out');
    const versions = stderr.trim().split(' ');
    expect(versions).toHaveLength(3);
    expect(versions.toSorted()).toEqual(versions);
    expect(await ring.has('lock/test')).toBe(false);
  });

  it('keeps the lock for longer than it lives by itself', async () => {
    const slow = 'setTimeout(() => console.log("done"), 4000)';
    const child = start('with-lock', '--ttl', '3000', 'slow', '--', process.execPath, '-e', slow);
    const ended = collect(child);
    await expect.poll(() => ring.has('lock/slow'), PATIENCE).toBe(true);
    const { version } = (await ring.getEntry('lock/slow'))!;
    const renewed = async (): Promise<boolean> => (await ring.getEntry('lock/slow'))?.version !== version;
    await expect.poll(renewed, PATIENCE).toBe(true);
    expect(await ended).toMatchObject({ code: 0, stdout: 'done\n' });
    expect(await ring.has('lock/slow')).toBe(false);
  });

  it('ends the command when the lock is lost', async () => {
    const forever = 'setInterval(() => {}, 1000)';
    const child = start('with-lock', '--ttl', '3000', 'stolen', '--', process.execPath, '-e', forever);
    const ended = collect(child);
    await expect.poll(() => ring.has('lock/stolen'), PATIENCE).toBe(true);
    await ring.set('lock/stolen', 'somebody else');
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain('ERR_CONFLICT');
    expect(String(await ring.get('lock/stolen'))).toBe('somebody else');
  });

  it('hands the exit code of the command on', async () => {
    const { code } = await run('with-lock', 'code', '--', process.execPath, '-e', 'process.exit(7)');
    expect(code).toBe(7);
  });

  function lockCommand(script: string): string {
    const node = `'${process.execPath}'`;
    const flags = `--connect ${ring.outAddr.join(':')} --k 8`;
    return `${node} dist/examples/with-lock.js ${flags} test -- ${node} -e '${script}'`;
  }
});

describe('an example', () => {
  it.each(['shared-config', 'with-lock', 'job-counter', 'chat'])('%s prints its usage', async (name) => {
    const { code, stdout, stderr } = await run(name, '--help');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^usage: ${name} .*\n$`));
  });

  it.each([
    ['shared-config', 'a=1'],
    ['with-lock', 'free', '--', 'true'],
    ['job-counter', '--jobs', '1'],
    ['chat'],
  ])('%s says in one line that nobody is there', async (name, ...args) => {
    // A port that nobody may listen on without being the superuser, and that is no service's.
    const flags = ['--connect', '127.0.0.1:1', ...args];
    const { code, stdout, stderr } = await collect(processes.startProgram(`dist/examples/${name}.js`, flags));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^ERR_UNREACHABLE: .*\n$/);
  });

  it.each([
    ['shared-config', ['color=red', 'bad'], 'a setting is NAME=VALUE, got "bad"'],
    ['shared-config', ['=red'], 'a setting is NAME=VALUE, got "=red"'],
    ['job-counter', ['--jobs', 'x', '--queue', 'wrong'], '--jobs must be a positive integer, got "x"'],
    ['with-lock', ['--ttl', 'x', 'wrong', '--', 'true'], '--ttl must be a number of milliseconds, got "x"'],
    ['with-lock', ['wrong'], 'a name and a command are needed'],
  ])('%s refuses %j and changes nothing', async (name, args, complaint) => {
    const before = await ring.copy();
    const { code, stdout, stderr } = await run(name, ...args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`error: ${complaint}\nusage: ${name} `);
    expect(await ring.copy()).toEqual(before);
  });

  it.each(['shared-config', 'with-lock', 'job-counter'])('%s names a flag that it has not', async (name) => {
    const { code, stderr } = await run(name, '--nonsense');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: .*'--nonsense'/)]);
    expect(stderr).not.toContain('    at ');
  });
});

describe('job-counter', () => {
  it('gives each job to one worker', async () => {
    const workers = await Promise.all(
      [1, 2, 3].map(() => run('job-counter', '--queue', 'q', '--jobs', '60')),
    );
    expect(workers.map(({ code, stderr }) => [code, stderr])).toEqual(workers.map(() => [0, '']));
    // A worker that comes late may find none left.
    const jobs = workers.flatMap(({ stdout }) => /: (.+)$/m.exec(stdout)?.[1]?.split(' ') ?? []);
    const numbers = jobs.map(Number).toSorted((a, b) => a - b);
    // Every worker ended well, so every increment was acknowledged, and counts once: no job is left out.
    expect(numbers).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(Number(await ring.get('q/done'))).toBe(60);
    expect(Number(await ring.get('q/next'))).toBe(60 + workers.length);
    const [job = 0] = numbers;
    expect(String(await ring.get(`q/result/${job}`))).toBe(String(job ** 2));
  });
});
