// chord shell: how lines become words, what Tab offers, watches in the background, and the shell itself with
// its lines from a pipe. The prompt on a terminal is readline's.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ShellSession } from '../../src/cli/shell-session.ts';
import { showBytes, type ShownEvent } from '../../src/cli/shell-output.ts';
import { canWatch, ShellWatches } from '../../src/cli/shell-watches.ts';
import { parseLine, quoteWord } from '../../src/cli/shell-words.ts';
import { type Cluster, createCluster } from '../../src/testing/index.ts';
import { buildProject, collect, type Finished, Processes } from '../support/processes.ts';

const processes = new Processes();
let cluster: Cluster;
let session: ShellSession;

beforeAll(async () => {
  buildProject();
  cluster = await createCluster(2, { k: 8 });
  session = new ShellSession(await cluster.client(), {}, () => {});
}, 120_000);

afterAll(async () => {
  await processes.endAll();
  await cluster.close();
});

async function shell(...lines: string[]): Promise<Finished> {
  return shellWith([], ...lines);
}

async function shellWith(flags: readonly string[], ...lines: string[]): Promise<Finished> {
  const address = cluster.nodes[0]!.outAddr.join(':');
  const args = ['shell', '--connect', address, '--profile', 'local', ...flags];
  return processes.run(args, { input: lines.map((line) => `${line}\n`).join('') });
}

describe('an argument', () => {
  it('that cannot be used is told with its name', async () => {
    const numbers = ['set a hello world', 'incr a x', 'incr a 99999999999999999999', 'set a v 0'];
    const { code, stderr } = await shell(
      ...numbers,
      'merge u [1]',
      'merge u null',
      'merge u 7',
      'set a v 5000000000000000',
    );
    expect(code).toBe(2);
    expect(stderr.trimEnd().split('\n')).toEqual([
      'error: TTL-MS must be an integer, got "world": quote a value that has blanks',
      'error: BY must be an integer, got "x"',
      'error: BY must be within ±(2**53 - 1), got 99999999999999999999',
      'error: TTL-MS must be 1 or more, got 0: leave it out for a value that stays',
      `error: JSON must be an object, such as '{"name": "Ada"}', got an array`,
      `error: JSON must be an object, such as '{"name": "Ada"}', got null`,
      `error: JSON must be an object, such as '{"name": "Ada"}', got a number`,
      expect.stringMatching(/^error: ttlMs must be above 0 and at most/),
    ]);
  });
});

describe('a line', () => {
  it.each<[string, string[]]>([
    ['', []],
    ['  get  key ', ['get', 'key']],
    [`set 'a b' "c d"`, ['set', 'a b', 'c d']],
    [`set k '{"a": "\\\\"}'`, ['set', 'k', '{"a": "\\\\"}']],
    [`set k "say \\"hi\\" \\\\ \\n"`, ['set', 'k', 'say "hi" \\ \\n']],
    [`set k ''`, ['set', 'k', '']],
    [`a'b c'd`, ['ab cd']],
  ])('%j is %j', (line, words) => {
    expect(parseLine(line)).toMatchObject({ words, isOpen: false });
  });

  it('knows of an open quote, and how its last word was typed', () => {
    expect(parseLine('get "two wo')).toEqual({ words: ['get', 'two wo'], last: '"two wo', isOpen: true });
    expect(parseLine('get ')).toEqual({ words: ['get'], last: '', isOpen: false });
  });

  it.each(['plain', 'two words', `it's`, 'a"b\\c', ''])('reads %j back as it was quoted', (word) => {
    expect(parseLine(`get ${quoteWord(word)}`).words).toEqual(['get', word]);
  });
});

describe('values', () => {
  it('are shown as text, without anything that a terminal would obey', () => {
    expect(showBytes(Buffer.from('grün\n\tja'))).toBe('grün\n\tja');
    expect(showBytes(Buffer.from('\u001b[2Jgone\u009b'))).toBe('\\x1b[2Jgone\\x9b');
    expect(showBytes(Buffer.of(0xff, 0x00))).toBe('<2 bytes> ff00');
  });
});

describe('completion', () => {
  beforeAll(async () => {
    await cluster.nodes[0]!.update({ apple: '1', 'apple pie': '2', banana: '3', 'line\nfeed': '4' });
    await cluster.nodes[0]!.set(Buffer.of(0xff), '5');
  });

  it('is of commands first', async () => {
    expect(await session.complete('ex')).toEqual([['exit ', 'explain '], 'ex']);
    expect(await session.complete('help me')).toEqual([['merge '], 'me']);
    expect((await session.complete(''))[0]).toContain('get ');
    expect((await session.complete(''))[0]).toContain('watch ');
  });

  it('is of the keys of the ring behind a command that takes one, quoted where needed', async () => {
    expect(await session.complete('get app')).toEqual([['apple '], 'app']);
    expect(await session.complete('get "app')).toEqual([['"apple pie" '], '"app']);
    expect(await session.complete('del ')).toEqual([['apple ', '"apple pie" ', 'banana '], '']);
  });

  it('is of nothing elsewhere', async () => {
    expect(await session.complete('set apple va')).toEqual([[], 'va']);
    expect(await session.complete('check ')).toEqual([[], '']);
    expect(await session.complete('nonsense a')).toEqual([[], 'a']);
  });
});

describe('lines from a pipe', () => {
  it('are carried out in order', async () => {
    const lines = ["set who 'Ada L.'", 'get who', 'incr n 41', 'incr n', `merge o '{"a":1}'`, 'size wh'];
    const { code, stdout, stderr } = await shell(...lines, 'pop who', 'keys o', 'exit', 'get who');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').slice(1)).toEqual(['Ada L.', '41', '42', '{"a":1}', '1', 'Ada L.', 'o', '']);
    expect(stdout).toMatch(/^version \w+\n/);
  });

  it('end by exit also where the pipe stays open', async () => {
    const address = cluster.nodes[0]!.outAddr.join(':');
    const child = processes.start(['shell', '--connect', address, '--profile', 'local']);
    child.stdin?.write('size nothing-of-this\nexit\n');
    expect(await collect(child)).toMatchObject({ code: 0, stdout: '0\n' });
  });

  it('show entry, way, members and state of the ring', async () => {
    const { code, stdout } = await shell('set k v 60000', 'entry k', 'explain k', 'ring', 'check', 'help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^v\nversion \s*\w+\nexpires \s*\d{4}-.*\ncopies \s*2 of 2 agreed\ncost /m);
    expect(stdout).toMatch(/^"k" is at position \d+$/m);
    expect(stdout).toContain('2 members');
    expect(stdout).toContain('✓ the ring is whole');
    expect(stdout).toMatch(/^incr KEY \[BY\] +add to a number/m);
  });

  it('go on behind one that fails, and the first failure is the exit code', async () => {
    const lines = ['get nothing', 'set word ten', 'incr word', 'gte x', 'get', "get 'x", 'get word'];
    const { code, stdout, stderr } = await shell(...lines);
    expect(code).toBe(3);
    expect(stdout).toMatch(/\nten\n$/);
    expect(stderr.split('\n')).toEqual([
      'ERR_KEY_NOT_FOUND: the ring has no entry for "nothing"',
      'ERR_NOT_A_NUMBER: "word": the stored value is "ten", expected a decimal integer',
      'error: there is no command gte; help lists them.',
      'error: expected: get KEY',
      'error: a quote is not closed',
      '',
    ]);
  });

  it('that are wrong usage, or a number that is none, are told', async () => {
    const { code, stderr } = await shell('incr n one', `merge o '[`, 'set k v soon', 'help nothing');
    expect(code).toBe(2);
    expect(stderr.trimEnd().split('\n')).toHaveLength(4);
  });
});

describe('with --json', () => {
  it('every result is a line of JSON, as of the command of the same name', async () => {
    const lines = ['set j one', 'get j', 'entry j', 'incr jn 2', `merge jo '{"a": 1}'`, 'keys j', 'size j'];
    const more = ['watch j', 'watch', 'pop j', 'del jn', 'del jn', 'explain j', 'ring', 'check'];
    const { code, stdout, stderr } = await shellWith(['--json'], ...lines, ...more);
    expect([code, stderr]).toEqual([3, 'ERR_KEY_NOT_FOUND: the ring has no entry for "jn"\n']);
    const printed = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    const version = expect.any(String) as unknown;
    const told = { type: 'delete', key: 'j', version };
    const results = printed.filter((line) => (line as { type?: string }).type === undefined);
    expect(results.slice(0, 5)).toEqual([
      { key: 'j', version },
      expect.objectContaining({ key: 'j', value: 'one', version, agreed: 2 }),
      expect.objectContaining({ key: 'j', value: 'one', version, agreed: 2 }),
      2,
      { a: 1 },
    ]);
    const keys = results.slice(5, 8).map((line) => (line as { key: string }).key);
    expect(keys.toSorted()).toEqual(['j', 'jn', 'jo']);
    expect(results.slice(8)).toEqual([
      3,
      'j',
      { key: 'j', value: 'one' },
      { key: 'jn', deleted: true },
      { key: 'jn', deleted: false },
      expect.objectContaining({ key: 'j', owner: expect.anything() as unknown }),
      [expect.objectContaining({ addr: expect.anything() as unknown }), expect.anything()],
      expect.objectContaining({ whole: true, members: 2 }),
    ]);
    expect(printed).toContainEqual(told);
  });
});

describe('watches', () => {
  async function* events(signal: AbortSignal): AsyncGenerator<ShownEvent> {
    yield { type: 'set', key: Buffer.from('k'), value: Buffer.from('v'), version: '1' };
    yield { type: 'delete', key: Buffer.from('k'), version: '2' };
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  }

  it('tell of events until they are ended', async () => {
    const asked: unknown[] = [];
    const ended: boolean[] = [];
    const told = await new Promise<string[]>((resolve) => {
      const lines: string[] = [];
      const socket = {
        watch(what: unknown, { signal }: { signal: AbortSignal }) {
          asked.push(what);
          signal.addEventListener('abort', () => ended.push(true));
          return Object.assign(events(signal), { ready: Promise.resolve() });
        },
      };
      expect(canWatch(socket)).toBe(true);
      const watches = new ShellWatches(socket, (line) => {
        lines.push(line);
        if (lines.length < 2) return;
        expect(watches.names).toEqual(['k*']);
        expect([watches.end('k*'), watches.end('k*')]).toEqual([true, false]);
        resolve(lines);
      });
      void watches.begin('k*', new AbortController());
    });
    expect(told).toEqual(['set k v', 'delete k']);
    expect(asked).toEqual([{ prefix: 'k' }]);
    expect(ended).toEqual([true]);
  });

  it.each([
    ['the end of the input', []],
    ['exit', ['exit']],
  ])('tell of what the shell has changed before it ends by %s', async (_name, last) => {
    const begin = ['watch w*', 'watch w1', 'set w2 hello', 'incr wn 41', 'incr wn', `merge wo '{"a":1}'`];
    const { code, stdout, stderr } = await shell(
      ...begin,
      'set w1 x',
      'del w1',
      'get nothing',
      'pop wo',
      ...last,
    );
    expect([code, stderr]).toEqual([3, 'ERR_KEY_NOT_FOUND: the ring has no entry for "nothing"\n']);
    const told = stdout.split('\n').filter((line) => /^(set|delete|gap)/.test(line));
    expect(told.toSorted()).toEqual([
      'delete w1',
      'delete w1',
      'delete wo',
      'set w1 x',
      'set w1 x',
      'set w2 hello',
      'set wn 41',
      'set wn 42',
      'set wo {"a":1}',
    ]);
    for (const key of ['w2', 'wn']) await cluster.nodes[0]!.delete(key);
  });

  it('wait for what is acknowledged, not for what was not, and not for ever', async () => {
    const signal = new AbortController().signal;
    const tellers: ((event: ShownEvent) => void)[] = [];
    async function* later(): AsyncGenerator<ShownEvent> {
      for (;;) yield await new Promise<ShownEvent>((resolve) => void tellers.push(resolve));
    }
    const socket = { watch: () => Object.assign(later(), { ready: Promise.resolve() }) };
    const lines: string[] = [];
    const watches = new ShellWatches(socket, (line) => void lines.push(line));
    await watches.begin('k*', { signal });
    await watches.changing('k1', () => Promise.resolve());
    await watches.changing('other', () => Promise.reject(new Error('not watched'))).catch(() => {});
    await watches.changing('k2', () => Promise.reject(new Error('refused'))).catch(() => {});
    const asked: string[] = [];
    const latest = (key: string): Promise<{ version: string }> => {
      asked.push(key);
      return Promise.resolve({ version: '2' });
    };
    const settled = watches.settle(latest, signal);
    const tell = async (version: string): Promise<void> => {
      await expect.poll(() => tellers.length).toBeGreaterThan(0);
      tellers.pop()?.({ type: 'set', key: Buffer.from('k1'), value: Buffer.from(version), version });
    };
    await tell('1');
    await tell('2');
    await settled;
    expect([lines, asked]).toEqual([['set k1 1', 'set k1 2'], ['k1']]);
    await watches.changing('k3', () => Promise.resolve());
    await watches.settle(() => Promise.resolve({ version: '3' }), AbortSignal.timeout(50));
    watches.endAll();
  });

  it('are given up with the command that begins them, and say why they cannot begin', async () => {
    const never = (signal: AbortSignal): Promise<void> =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('ended')));
      });
    const socket = {
      watch: (_what: unknown, { signal }: { signal: AbortSignal }) =>
        Object.assign(events(signal), { ready: never(signal) }),
    };
    const watches = new ShellWatches(socket, () => {});
    const controller = new AbortController();
    const begun = watches.begin('k', controller);
    expect(watches.names).toEqual(['k']);
    controller.abort();
    await expect(begun).rejects.toThrow('ended');
    expect(watches.names).toEqual([]);
  });

  it('are no command where the socket has none', () => {
    expect(canWatch({})).toBe(false);
  });
});
