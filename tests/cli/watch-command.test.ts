// chord watch: how changes are shown line by line, and what it says while no member answers.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { showEvent } from '../../src/cli/shell-output.ts';
import { ChordSocket } from '../../src/index.ts';
import { buildProject, type NodeProcess, Processes } from '../support/processes.ts';

/** A process takes a second to start on a busy machine. */
const PATIENCE = { timeout: 15_000 };

let processes = new Processes();

beforeAll(() => buildProject(), 120_000);

afterEach(async () => {
  await processes.endAll();
  processes = new Processes();
});

/** The lines that a child writes to one of its streams. */
class Lines {
  readonly all: string[] = [];
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, stream: 'stdout' | 'stderr') {
    this.#child = child;
    createInterface({ input: child[stream]! }).on('line', (line) => {
      this.all.push(line);
      child.emit('wrote');
    });
  }

  /** Resolves when a line matches, before or after. */
  async until(pattern: RegExp): Promise<void> {
    while (!this.all.some((line) => pattern.test(line))) await once(this.#child, 'wrote');
  }
}

/** Sets until the watch tells of it: a change before it watches is not told. */
async function setUntilTold(node: NodeProcess, key: string, out: Lines): Promise<void> {
  const client = new ChordSocket('127.0.0.1', 0, { profile: 'local' });
  await client.connect(node.address);
  const isTold = (): boolean => out.all.some((line) => line.startsWith(`set ${key} `));
  while (!isTold()) await client.set(key, 'x');
  await client.close();
}

function watchAll(
  addresses: readonly string[],
  more: readonly string[] = [],
): { child: ChildProcess; out: Lines; err: Lines } {
  const child = processes.start([
    'watch',
    '',
    '--prefix',
    '--profile',
    'local',
    '--connect',
    addresses.join(','),
    ...more,
  ]);
  return { child, out: new Lines(child, 'stdout'), err: new Lines(child, 'stderr') };
}

describe('an event', () => {
  const version = '1';
  it.each([
    ['set k v', 'k', 'v'],
    ['set two words "quoted"', 'two words', '"quoted"'],
    [String.raw`set k "a\nset k b"`, 'k', 'a\nset k b'],
    [String.raw`set "k\n" "\u001b[2J\u009b\u007f\t"`, 'k\n', '\u001b[2J\u009b\u007f\t'],
  ])('is one line, %s', (line, key, value) => {
    expect(showEvent({ type: 'set', key: Buffer.from(key), value: Buffer.from(value), version })).toBe(line);
  });

  it('is told apart from its value by the command', async () => {
    const node = await processes.startNode([]);
    const { child, out } = watchAll([node.address]);
    await setUntilTold(node, 'a', out);
    const client = new ChordSocket('127.0.0.1', 0, { profile: 'local' });
    await client.connect(node.address);
    await client.set('key', 'one\ndelete key');
    await out.until(/key/);
    expect(out.all.at(-1)).toBe(String.raw`set key "one\ndelete key"`);
    child.kill('SIGINT');
    await client.close();
  });
});

describe('chord watch without a member', () => {
  it('ends by Ctrl-C also while it connects', async () => {
    // It takes the connection and says nothing.
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const args = ['watch', 'key', '--connect', `127.0.0.1:${port}`, '--timeout', '600000'];
    const child = processes.start(args);
    const ended = once(child, 'exit');
    const [socket] = (await once(silent, 'connection')) as [Socket];
    child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    socket.destroy();
    silent.close();
  });

  it('says that no owner has told yet where it begins, and goes on asking', async () => {
    const refuse = ['--on-quorum-lost', 'refuse'];
    const first = await processes.startNode(refuse);
    const others = [await processes.startNode([...refuse, '--connect', first.address])];
    others.push(await processes.startNode([...refuse, '--connect', first.address]));
    for (const node of others) {
      node.child.kill('SIGKILL');
      await node.ended;
    }
    const { child, err } = watchAll([first.address], ['--timeout', '1500']);
    const late = 'no owner has told within 1500 ms where the watch begins; it goes on asking, until Ctrl-C';
    await expect.poll(() => err.all, PATIENCE).toContain(late);
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
  });

  it('says once that none answers, and when it is connected again', async () => {
    const node = await processes.startNode([]);
    const { child, out, err } = watchAll([node.address]);
    await setUntilTold(node, 'before', out);
    const { address } = node;
    let running = node;
    for (const [losses, key] of ['first', 'second'].entries()) {
      running.child.kill('SIGKILL');
      await running.ended;
      await expect.poll(() => err.all.length, PATIENCE).toBe(2 * losses + 1);
      running = await processes.startNode([], address);
      await setUntilTold(running, key, out);
    }
    const lost = expect.stringMatching(
      `^no member answers \\(${address}: .*\\); trying again until Ctrl-C$`,
    ) as unknown;
    const found = `connected again, to ${address}`;
    expect(err.all).toEqual([lost, found, lost, found]);
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    expect(err.all).toHaveLength(4);
  });

  it('says nothing where another one is found', async () => {
    const first = await processes.startNode([]);
    const second = await processes.startNode(['--connect', first.address]);
    const { child, out, err } = watchAll([first.address]);
    await setUntilTold(second, 'before', out);
    first.child.kill('SIGKILL');
    await first.ended;
    await setUntilTold(second, 'after', out);
    child.kill('SIGINT');
    await once(child, 'exit');
    expect(err.all).toEqual([]);
  });
});
