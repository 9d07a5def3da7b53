// Child processes of tests: the built command line, started, awaited and always ended. Every child is killed
// by its own process id at the end, also when a test fails half-way.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = packageRoot();
const MAIN = `${ROOT}/dist/src/cli/main.js`;

/** `chord` for lines of the shell. */
export const CHORD: string = `'${process.execPath}' '${MAIN}'`;

/** Above this file as it is written, and as it is compiled. */
function packageRoot(): string {
  const near = fileURLToPath(new URL('../..', import.meta.url));
  return existsSync(`${near}/package.json`) ? near : fileURLToPath(new URL('../../..', import.meta.url));
}

/** How a finished command ended and what it wrote. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The first line of `chord node --json`. */
interface ReadyLine {
  readonly event: 'ready';
  readonly addr: readonly [host: string, port: number];
  readonly id: string;
  readonly position: number;
  readonly serving: boolean;
  readonly waiting: readonly string[];
}

export interface NodeProcess {
  readonly pid: number;
  readonly ready: ReadyLine;
  /** HOST:PORT, for --connect. */
  readonly address: string;
  readonly child: ChildProcess;
  /** Resolves when it has ended. */
  readonly ended: Promise<Finished>;
}

/** Brings what the command line is built from up to date; costs about a second where it is already. */
export function buildProject(project = 'tsconfig.main.json'): void {
  const compiler = `${ROOT}/node_modules/typescript/bin/tsc`;
  const options = ['-b', project];
  const result = spawnSync(process.execPath, [compiler, ...options], { cwd: ROOT, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`the build failed:\n${result.stdout}${result.stderr}`);
}

/** The children of one test. Call `endAll` afterwards, whatever happened. */
export class Processes {
  readonly #children = new Set<ChildProcess>();

  /** Starts `chord` with these arguments. Its environment has no CHORD_ variables but those given. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    return this.#spawn(process.execPath, [MAIN, ...args], env);
  }

  /** Starts a program of the build, named from the root of the repository. */
  startProgram(path: string, args: readonly string[]): ChildProcess {
    return this.#spawn(process.execPath, [path, ...args], {});
  }

  #spawn(command: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(CHORD_|FORCE_COLOR$)/.test(name));
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** Runs `chord` to its end. */
  async run(
    args: readonly string[],
    options: { env?: Readonly<Record<string, string>>; input?: string | Uint8Array } = {},
  ): Promise<Finished> {
    const child = this.start(args, options.env);
    const finished = collect(child);
    // A command that ends without reading its input breaks the pipe, which is no failure of the test.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
    return finished;
  }

  /** Runs a line of the shell to its end, in the root of the repository. */
  async shell(line: string): Promise<Finished> {
    const child = this.startShell(line);
    child.stdin?.end();
    return collect(child);
  }

  /** Starts one. Signals reach a command that the line ends with by `exec`. */
  startShell(line: string): ChildProcess {
    return this.#spawn('/bin/sh', ['-c', line], {});
  }

  /**
   * Starts `chord node`, on a free port unless told where, and waits for its ready line. `first` is a line of
   * bash that its process carries out before: a limit, or where its standard error goes.
   */
  async startNode(args: readonly string[], listen = '127.0.0.1:0', first?: string): Promise<NodeProcess> {
    const node = ['node', '--listen', listen, '--profile', 'local', '--json', ...args];
    const shell = first === undefined ? [] : ['bash', '-c', `${first}; exec "$@"`, 'bash'];
    const [program = '', ...rest] = [...shell, process.execPath, MAIN, ...node];
    const child = this.#spawn(program, rest, {});
    const ended = collect(child);
    const line = await firstLine(child, ended);
    const ready = parseReady(line);
    return { pid: child.pid ?? 0, ready, address: ready.addr.join(':'), child, ended };
  }

  /** Kills what still runs, and resolves when all of it has ended. */
  async endAll(): Promise<void> {
    await Promise.all(
      [...this.#children].map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exit = once(child, 'exit');
        // A paused process ends too: SIGKILL does not wait for it.
        child.kill('SIGKILL');
        await exit;
      }),
    );
  }
}

/** The first line that the child writes to standard output; rejects with its errors where it ends before. */
async function firstLine(child: ChildProcess, ended: Promise<Finished>): Promise<string> {
  if (!child.stdout) throw new Error('the child has no standard output');
  const lines = createInterface({ input: child.stdout });
  const line = once(lines, 'line').then(([text]) => String(text));
  const early = ended.then(({ code, stderr }) => {
    throw new Error(`ended with ${code} before it wrote a line: ${stderr}`);
  });
  early.catch(() => undefined);
  return Promise.race([line, early]);
}

/** Collects all output until the child has ended and its pipes are closed. */
export async function collect(child: ChildProcess): Promise<Finished> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      resolve({
        code,
        signal,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      });
    });
  });
}

function parseReady(line: string): ReadyLine {
  const ready: unknown = JSON.parse(line);
  if (isReady(ready)) return ready;
  throw new Error(`expected a ready line, got ${line}`);
}

function isReady(value: unknown): value is ReadyLine {
  return typeof value === 'object' && value !== null && 'event' in value && value.event === 'ready';
}
