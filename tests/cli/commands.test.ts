// The commands as a user runs them, against a small ring: what they write where, and how they exit.
import type { ChildProcess } from 'node:child_process';
import { on } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandRing } from '../support/command-ring.ts';
import { collect, type Finished } from '../support/processes.ts';

const ring = commandRing();
const { chord } = ring;

/** What the child writes to standard output until the pattern appears. */
async function textUntil(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = '';
  for await (const [chunk] of on(child.stdout!, 'data', { close: ['end'] })) {
    text += String(chunk);
    if (pattern.test(text)) break;
  }
  return text;
}

async function plain(args: readonly string[]): Promise<Finished> {
  return ring.processes.run(args);
}

describe('chord get, set and del', () => {
  it('writes the bytes of a value alone', async () => {
    await chord(['set', 'text', 'no newline']);
    expect(await chord(['get', 'text'])).toMatchObject({ code: 0, stdout: 'no newline', stderr: '' });
  });

  it('reads a value from standard input, byte for byte', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(await chord(['set', 'binary', '-'], bytes)).toMatchObject({ code: 0 });
    const { stdout } = await chord(['get', 'binary', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      key: 'binary',
      valueBase64: Buffer.from(bytes).toString('base64'),
    });
  });

  it('stores an empty value', async () => {
    expect(await chord(['set', 'empty', ''])).toMatchObject({ code: 0 });
    expect(await chord(['get', 'empty'])).toMatchObject({ code: 0, stdout: '' });
  });

  it('stores the largest value that a ring takes, and says where one is larger than that', async () => {
    const largest = new Uint8Array(2 ** 20);
    expect(await chord(['set', 'large', '-'], largest)).toMatchObject({ code: 0 });
    const { code, stderr } = await chord(['set', 'large', '-'], new Uint8Array(2 ** 20 + 1));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ERR_VALUE_TOO_LARGE: the value has 1048577 bytes, and the owner of the key/);
    expect(stderr).toContain('takes at most 1048576');
    expect(stderr).toContain('Split it');
  });

  it('reads no more from standard input than a value may have in any ring', async () => {
    const { code, stderr } = await chord(['set', 'large', '-'], new Uint8Array(64 * 2 ** 20 + 1));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ERR_VALUE_TOO_LARGE: .*more than 67108864 bytes, .* in any ring/);
  });

  it('exits with 3 for a key that is not there', async () => {
    expect(await chord(['get', 'nothing'])).toMatchObject({ code: 3, stdout: '' });
    expect((await chord(['get', 'nothing'])).stderr).toMatch(/^ERR_KEY_NOT_FOUND: .*"nothing"/);
    expect(await chord(['del', 'nothing'])).toMatchObject({ code: 3 });
  });

  it('deletes', async () => {
    await chord(['set', 'passing', 'x']);
    expect(await chord(['del', 'passing', '--json'])).toMatchObject({ code: 0 });
    expect(await chord(['get', 'passing'])).toMatchObject({ code: 3 });
  });

  it('prints the version of what it set with --json', async () => {
    const set = await chord(['set', 'v', '1', '--json']);
    const version = /"version":"(\w+)"/.exec(set.stdout)?.[1] ?? 'none';
    const { stdout } = await chord(['get', 'v', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ key: 'v', value: '1', version });
  });
});

describe('chord node --json', () => {
  it('tells in its first line what supervisors and other programs need', () => {
    for (const { ready, address } of ring.nodes) {
      expect(ready).toMatchObject({ event: 'ready', serving: true, http: null, resp: null });
      expect(ready.addr).toEqual(['127.0.0.1', Number(address.split(':')[1])]);
      expect(ready.id).toMatch(/^[1-9A-HJ-NP-Za-km-z]{40,44}$/);
      expect(ready.position).toBeLessThan(2 ** 8);
    }
  });
});

describe('chord ring, check and explain', () => {
  it('draws the members', async () => {
    const { code, stdout } = await chord(['ring']);
    expect(code).toBe(0);
    expect(stdout).toContain('2 members');
    for (const node of ring.nodes) expect(stdout).toContain(node.address);
    expect(stdout.split('●')).toHaveLength(3);
  });

  it('prints the members as JSON', async () => {
    const { stdout } = await chord(['ring', '--json']);
    const expected = ring.nodes.map(
      ({ ready: { id, addr } }) => expect.objectContaining({ id, addr }) as unknown,
    );
    expect(JSON.parse(stdout)).toEqual(expect.arrayContaining(expected));
  });

  it('finds a whole ring whole', async () => {
    expect(await chord(['check'])).toMatchObject({ code: 0 });
    const { stdout } = await chord(['check', '--json']);
    expect(JSON.parse(stdout)).toEqual({ whole: true, members: 2, problems: [], underReplicated: [] });
  });

  it('says that members are missing where it is told how many there should be', async () => {
    expect(await chord(['check', '--members', '2'])).toMatchObject({ code: 0 });
    const { code, stdout } = await chord(['check', '--members', '3']);
    expect(code).toBe(1);
    expect(stdout).toContain('there should be 3 members, and 2 answered');
  });

  it('shows the way to a key', async () => {
    const { code, stdout } = await chord(['explain', 'greeting']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/owner .*\nreplicas .*\ncost +\d+ requests?, /);
    const json = await chord(['explain', 'greeting', '--json']);
    const hop = expect.objectContaining({ ms: expect.any(Number) as unknown, outcome: 'answer' }) as unknown;
    expect(JSON.parse(json.stdout)).toMatchObject({
      key: 'greeting',
      hops: expect.arrayContaining([hop]) as unknown,
    });
  });
});

describe('what goes wrong', () => {
  it('takes k from the node, and says so where another was given', async () => {
    const { code, stderr } = await chord(['get', 'x', '--k', '9']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ERR_PROTOCOL_MISMATCH: .*k is 8 there and 9 here/);
    expect(stderr).toContain('--k');
  });

  it('finds a plaintext ring without being told', async () => {
    const node = await ring.processes.startNode([
      '--encryption',
      'Plaintext',
      '--k',
      '5',
      '--subnet',
      'other',
    ]);
    const env = { CHORD_CONNECT: node.address };
    expect(await ring.processes.run(['set', 'a', 'b'], { env })).toMatchObject({ code: 0 });
    expect(await ring.processes.run(['get', 'a'], { env })).toMatchObject({ code: 0, stdout: 'b' });
  });

  it('refuses a node whose k differs from the ring’s', async () => {
    const { code, stderr } = await plain([
      'node',
      '--listen',
      '127.0.0.1:0',
      '--k',
      '9',
      '--connect',
      ring.nodes[0]?.address ?? '',
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ERR_PROTOCOL_MISMATCH: .*k is 8 there and 9 here/);
  });

  it('says that nobody is there, and what to do', async () => {
    const gone = await ring.processes.startNode([]);
    gone.child.kill('SIGKILL');
    await gone.ended;
    const { code, stderr } = await plain(['get', 'x', '--connect', gone.address]);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^ERR_UNREACHABLE: no node answers at ${gone.address}`));
    expect(stderr).toContain('chord demo');
  });

  it('tries the next address when nobody is at the first', async () => {
    const gone = await ring.processes.startNode([]);
    gone.child.kill('SIGKILL');
    await gone.ended;
    await chord(['set', 'second', 'chance']);
    const list = `${gone.address},${ring.nodes[1]?.address}`;
    expect(await plain(['get', 'second', '--connect', list])).toMatchObject({ code: 0, stdout: 'chance' });
  });

  it('says which port is taken', async () => {
    const { code, stderr } = await plain(['node', '--listen', ring.nodes[0]?.address ?? '']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ERR_ADDRESS_IN_USE: /);
    expect(stderr).toContain('--listen 127.0.0.1:0');
  });

  it.each([
    ['an address of another machine', '192.0.2.1:4444'],
    ['an unknown host', 'host.invalid:4444'],
  ])('tells to listen on an address of this machine instead of %s', async (_name, address) => {
    const { code, stderr } = await plain(['node', '--listen', address]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ERR_ADDRESS_IN_USE: /);
    expect(stderr).toContain('Give an address of this machine');
    expect(stderr).not.toContain('port 0');
  });

  it('says that a node did not answer in time, and not to start one', async () => {
    const frozen = await ring.processes.startNode([]);
    frozen.child.kill('SIGSTOP');
    const { code, stderr } = await plain(['get', 'x', '--connect', frozen.address, '--timeout', '50']);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^ERR_TIMEOUT: no answer in time from ${frozen.address}`));
    expect(stderr).toContain('--timeout MS');
    expect(stderr).not.toContain('chord node');
  });

  it('says that both sides need the same secret, also where one has none', async () => {
    const file = join(ring.folder, 'secret');
    writeFileSync(file, 'salmon\n');
    const { code, stderr } = await chord(['get', 'x', '--k', '8', '--secret-file', file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ERR_UNAUTHORIZED: .*has no secret, and this network has one/);
    expect(stderr).toContain('leave that out where the network has none');
  });

  it('warns of a client that knows no ring', async () => {
    const client = await ring.processes.startNode(['--leech']);
    client.child.kill('SIGTERM');
    expect((await client.ended).stderr).toMatch(/^warning: no --connect was given.*\n$/);
  });

  it('says that peers cannot reach the announced address', async () => {
    const gone = await ring.processes.startNode([]);
    gone.child.kill('SIGKILL');
    await gone.ended;
    const { code, stderr } = await plain([
      'node',
      '--listen',
      '127.0.0.1:0',
      '--out',
      gone.address,
      '--k',
      '8',
      '--profile',
      'local',
      '--connect',
      ring.nodes[0]?.address ?? '',
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ERR_UNREACHABLE: /);
    expect(stderr).toContain('--out HOST:PORT');
  });

  it('says that the announced address is another node’s', async () => {
    const other = ring.nodes[0]?.address ?? '';
    const flags = ['--listen', '127.0.0.1:0', '--k', '8', '--profile', 'local'];
    const { code, stderr } = await plain(['node', ...flags, '--out', other, '--connect', other]);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^ERR_UNREACHABLE: .*another node answers at ${other}: `));
    expect(stderr).toContain('--out HOST:PORT');
  });

  it.each<[string, string[], RegExp]>([
    ['a mistyped command', ['gte', 'x'], /Did you mean get\?/],
    ['help of a mistyped command', ['help', 'gte'], /^error: unknown command 'gte'\n\(Did you mean get\?\)/],
    ['a mistyped command with --help', ['gte', '--help'], /^error: unknown command 'gte'\n\(Did you/],
    ['a mistyped flag', ['get', 'x', '--conect', 'a:1'], /Did you mean --connect\?/],
    ['a missing argument', ['get'], /missing required argument 'key'/],
    ['an argument too many', ['get', 'a', 'b'], /too many arguments/],
    ['no address', ['get', 'x'], /--connect HOST:PORT/],
    ['a wrong address', ['get', 'x', '--connect', 'here'], /HOST:PORT/],
    ['a wrong k', ['node', '--listen', '127.0.0.1:0', '--k', '49'], /1 to 48/],
    ['a node without an address', ['node'], /--listen/],
    ['too many members for k', ['demo', '--k', '2', '--nodes', '5'], /4 positions/],
    ['no command', [], /Usage: chord/],
  ])('exits with 2 for %s', async (_name, args, expected) => {
    const { code, stdout, stderr } = await plain(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(expected);
  });

  it.each([
    '',
    'demo',
    'node',
    'get',
    'set',
    'del',
    'update',
    'keys',
    'explain',
    'ring',
    'check',
    'export',
    'import',
    'shell',
    'sim',
    'bench',
  ])('helps with "chord %s --help"', async (command) => {
    const { code, stdout, stderr } = await plain([...command.split(' ').filter(Boolean), '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Usage: chord ${command}`.trimEnd());
  });
});

/** Sets a key again and again: whoever begins to watch meanwhile is told of the next one. */
async function setMany(key: string): Promise<void> {
  for (let i = 0; i < 30; i++) await chord(['set', key, `v${i}`]);
}

describe('chord watch', () => {
  it('tells of changes line by line until it is stopped', async () => {
    const env = { CHORD_CONNECT: ring.nodes[0]?.address ?? '', CHORD_PROFILE: 'local' };
    const watch = ring.processes.start(['watch', 'watched', '--json', '--timeout', '20000'], env);
    const told = textUntil(watch, /"delete"/);
    // A change before it watches would not be told: set until one is.
    const heard = textUntil(watch, /"set"/);
    await Promise.race([heard, setMany('watched')]);
    await heard;
    await chord(['del', 'watched']);
    const lines = (await told).trim().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ type: 'delete', key: 'watched' });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ type: 'set', key: 'watched' });
    watch.kill('SIGINT');
  });
});

describe('chord demo', () => {
  it('prints commands that work, and ends on SIGTERM', async () => {
    const child = ring.processes.start(['demo', '--nodes', '4']);
    const ended = collect(child);
    const text = await textUntil(child, /Ctrl-C ends it/);
    expect(text).toMatch(/^A ring of 4 members .* \d+\.\d\d s/);
    const address = /get greeting --connect (\S+)/.exec(text)?.[1] ?? '';
    expect(await plain(['get', 'greeting', '--connect', address])).toMatchObject({
      code: 0,
      stdout: 'Hello from the ring!',
    });
    expect((await plain(['ring', '--connect', address])).stdout).toContain('4 members');
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, signal: null });
  });
});
