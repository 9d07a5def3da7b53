// `chord sim` as a process: one line a seed, the same hash for the same seed, exit codes.
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describeWorld } from '../../src/cli/sim-command.ts';
import { buildProject, Processes } from '../support/processes.ts';

let processes = new Processes();

beforeAll(() => buildProject(), 120_000);

afterEach(async () => {
  await processes.endAll();
  processes = new Processes();
});

describe('chord sim', () => {
  it('prints a JSON line a seed, and the same one for the same seed, in one thread or two', async () => {
    const args = ['sim', '--seed', '3', '--seeds', '2', '--minutes', '1', '--judge', 'ring', '--json'];
    const [first, again] = [await processes.run(args), await processes.run(args)];
    expect(first.code).toBe(0);
    const lines = first.stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({
        seed: 3,
        ok: true,
        hash: expect.stringMatching(/^[0-9a-f]{16}$/) as unknown,
      }),
      expect.objectContaining({ seed: 4, ok: true }),
    ]);
    expect(again.stdout).toBe(first.stdout);
    const side = await processes.run([...args, '--jobs', '2']);
    expect([side.code, side.stdout]).toEqual([0, first.stdout]);
  });

  it('says in words what became of a world', async () => {
    const { code, stdout } = await processes.run(['sim', '--seed', '5', '--minutes', '1', '--judge', 'ring']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^seed 5 {2}ok .* ideal after \d+ periods of calm\n$/);
  });

  it.each([
    ['unknown', 'all', 'ideal after 3 periods of calm, linearizability unknown'],
    ['linearizable', 'all', 'ideal after 3 periods of calm'],
    ['unknown', 'ring', 'ideal after 3 periods of calm'],
  ] as const)('says of a verdict %s, where %s is judged: %s', (verdict, judge, end) => {
    // Which seed ends so changes with the protocol.
    const counts = { operations: 80, walks: 0, shareKnown: 0.4, forced: 0, judged: 58 };
    const world = { seed: 7, ok: true, hash: 'abc', events: 10, calmPeriods: 3, copiesPeriods: 1 };
    const line = describeWorld({ ...world, clients: { ...counts, verdict }, violation: undefined }, judge);
    expect(stripVTControlCharacters(line)).toBe(
      `seed 7  ok      abc  10 events  80 operations  0 epochs forced  ${end}`,
    );
  });

  it('shows every event between two times', async () => {
    const args = ['sim', '--seed', '5', '--minutes', '1', '--judge', 'ring', '--trace', '1000..1500'];
    const { code, stderr } = await processes.run(args);
    expect(code).toBe(0);
    const times = stderr
      .split('\n')
      .filter((line) => line.includes(' > '))
      .map(Number.parseFloat);
    expect(times.length).toBeGreaterThan(10);
    expect(times.every((time) => time >= 1_000 && time <= 1_500)).toBe(true);
  });

  it('prints the table of an experiment and says that it passed', async () => {
    const { code, stdout } = await processes.run(['sim', '--experiment', 'E5', '--quick']);
    expect(stdout).toMatch(/\| +atomic \| +4 \| +2 \| +settled \| +\d+ \|/);
    expect(stdout).toMatch(/\| +2001 .* OrderedRing \|/);
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^passed in [\d.]+ s, seed 1$/);
    expect(code).toBe(0);
  });

  it('prints an experiment as one JSON line', async () => {
    const { code, stdout } = await processes.run([
      'sim',
      '--experiment',
      'E6',
      '--quick',
      '--seeds',
      '2',
      '--json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      experiment: 'E6',
      passed: true,
      rows: [expect.arrayContaining([2, 1, 0])],
      columns: expect.arrayContaining(['linearizable', 'epochs forced']) as unknown,
    });
  });

  it('names the experiments there are where another is asked for', async () => {
    const { code, stderr } = await processes.run(['sim', '--experiment', 'E99']);
    expect(code).toBe(2);
    expect(stderr).toContain("there is no experiment 'E99'; there are E1, E2");
  });

  it.each([['--quick'], ['--members', '5'], ['--lookups', '5'], ['--rows', 'warm']])(
    'refuses %s without an experiment',
    async (...flags) => {
      const { code, stdout, stderr } = await processes.run(['sim', '--minutes', '1', ...flags]);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(`error: ${flags[0]} is for an experiment, and none was given`);
    },
  );

  it.each([
    ['--minutes', '1'],
    ['--jobs', '2'],
    ['--judge', 'ring'],
    ['--trace', '1..2'],
  ])('refuses %s beside an experiment', async (...flags) => {
    const { code, stdout, stderr } = await processes.run(['sim', '--experiment', 'E6', '--quick', ...flags]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(`error: ${flags[0]} is not for experiments, and E6 is one`);
  });

  it('runs single rows of an experiment, each as it is among all', async () => {
    const table = async (...flags: string[]): Promise<string[]> => {
      const { stdout } = await processes.run(['sim', '--experiment', 'E1', '--quick', '--json', ...flags]);
      const { rows } = JSON.parse(stdout) as { rows: unknown[][] };
      return rows.map((row) => row.join(' '));
    };
    const [all, one] = [
      await table('--members', '16'),
      await table('--members', '16', '--rows', 'cold, N = 16'),
    ];
    expect(one).toHaveLength(2);
    expect(all.filter((row) => one.includes(row))).toEqual(one);
    expect(all.length).toBeGreaterThan(4);
  });

  it.each([
    ['E1', 'tepid', "no row of E1 has 'tepid' in its name", 'as shipped, warm, N = 16384'],
    ['E5', 'warm', '--rows is for E1 and E7, not for E5', ''],
  ])('refuses rows that %s does not have', async (name, rows, sentence, advice) => {
    const flags = ['sim', '--experiment', name, '--quick', '--rows', rows];
    const { code, stdout, stderr } = await processes.run(flags);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(sentence);
    expect(stderr).toContain(advice);
  });

  it('refuses a seed that is no number', async () => {
    const { code, stderr } = await processes.run(['sim', '--seed', 'many']);
    expect(code).toBe(2);
    expect(stderr).toContain('Expected an integer of 0 or more');
  });
});
