// The processes of a measured ring's members. It owns how they are started, and that none of them outlives
// the benchmark; which ring they are of is the caller's.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ChordError } from '../index.ts';

export class MemberProcesses {
  readonly #children: ChildProcess[] = [];
  #ended = false;

  /** Those that were started so far. */
  get count(): number {
    return this.#children.length;
  }

  /** Starts `chord node` with these flags, and resolves to the address that it prints once it has joined. */
  async start(flags: readonly string[]): Promise<string> {
    if (this.#ended) throw new ChordError('ERR_CLOSED', 'the members of this ring have been ended');
    const main = fileURLToPath(new URL('bench-member.js', import.meta.url));
    const child = spawn(process.execPath, [main, 'node', '--json', ...flags], {
      env: ownEnvironment(),
      // A member ends when the pipe to its standard input does.
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#children.push(child);
    return addressOf(child);
  }

  /** Kills them all, and whoever starts one more is refused. */
  endAtOnce(): void {
    this.#ended = true;
    for (const child of this.#children) child.kill('SIGKILL');
  }

  /** The same; resolves when all of them are gone. */
  async end(): Promise<void> {
    const gone = this.#children.map(whenGone);
    this.endAtOnce();
    await Promise.all(gone);
  }
}

/**
 * Without the variables that are flags: they are for the user's own ring, which a member that reads them
 * would join, or whose directory it would write to.
 */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CHORD_')));
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', (line: Buffer) => {
      const { addr } = JSON.parse(line.toString('utf8')) as { addr: [string, number] };
      resolve(addr.join(':'));
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      reject(new ChordError('ERR_UNREACHABLE', `a member's process ended with ${code} before it was ready`));
    });
  });
}

function whenGone(child: ChildProcess): Promise<void> {
  const isGone = child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  return isGone ? Promise.resolve() : new Promise((resolve) => child.once('exit', () => resolve()));
}
