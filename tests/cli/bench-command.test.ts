// `chord bench` as a process: a table, JSON, rings in one process and over processes. Its figures are not
// judged here.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ChordSocket, Protocol } from '../../src/index.ts';
import { buildProject, Processes } from '../support/processes.ts';

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
