// What keeps a process alive, tried with the built package: open sockets do, closed ones do not.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildProject } from '../support/processes.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const children: ChildProcess[] = [];

beforeAll(() => buildProject(), 120_000);
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function start(script: string): ChildProcess {
  const source = `import { ChordSocket } from 'chord-socket';
    const open = () => new ChordSocket('127.0.0.1', 0, { profile: 'local' });
    ${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

describe('a script', () => {
  it.each([
    ['opens nothing', 'open();'],
    [
      'joins, uses and closes a socket',
      `const s = open(); await s.join(); await s.set('a', '1'); await s.close();`,
    ],
    [
      'closes a member and a client',
      `const s = open(); await s.join(); const c = open(); await c.connect(...s.outAddr);
       await c.set('a', '1'); await c.close(); await s.close();`,
    ],
    [
      'leaves watches open when it closes',
      `const s = open(); await s.join(); const c = open(); await c.connect(...s.outAddr);
       const watches = [s, c].flatMap((sock) => [sock.watch('a'), sock.watch({ prefix: '' })]);
       await Promise.all(watches.map((watch) => watch.ready)); await s.set('a', '1');
       await c.close(); await s.close();`,
    ],
    ['fails to connect', `await open().connect('127.0.0.1', 1).catch(() => {});`],
    ['closes while it is joining', `const s = open(); s.join().catch(() => {}); await s.close();`],
    [
      'closes while it is connecting',
      `const s = open(); s.connect('127.0.0.1', 1).catch(() => {}); await s.close();`,
    ],
  ])('that %s ends by itself', async (_name, script) => {
    const [code] = (await once(start(script), 'exit')) as [number | null];
    expect(code).toBe(0);
  });

  it('that only listens goes on', async () => {
    const child = start(`const s = open(); await s.listen();
      setTimeout(() => console.log('still here'), 300).unref();`);
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    expect(line.toString()).toBe('still here\n');
    expect(child.exitCode).toBeNull();
  });
});
