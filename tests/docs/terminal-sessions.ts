// The terminal sessions of the documents: blocks in the language `console`, in which `$ ` begins a command
// and the other lines are what it writes to both outputs. All sessions of one document are one story, run in
// order. A block marked `<!-- stays running -->` has one command, which runs until the end of the document.
// `npx chord` is run as the program that npx would find, which spares half a second each.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { collect } from '../support/processes.ts';
import { FreePorts } from './free-ports.ts';
import type { Block } from './markdown-blocks.ts';
import { differenceOf, linesOf } from './output-pattern.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CHORD = `'${process.execPath}' '${ROOT}dist/src/cli/main.js'`;
const LIMIT_MS = 20_000;

/** A command with the output that is promised for it. */
interface Step {
  readonly command: string;
  readonly promised: readonly string[];
}

/** The sessions of one document. Call `close` afterwards, whatever happened. */
export class TerminalSessions {
  readonly #ports = new FreePorts();
  readonly #children = new Set<ChildProcess>();

  /** Runs the commands of one block; what is wrong with the first that fails, or undefined. */
  async run(block: Block, limitMs: number = LIMIT_MS): Promise<string | undefined> {
    const text = await this.#ports.substitute(block.lines.join('\n'));
    for (const step of stepsOf(text)) {
      const stays = block.remark === 'stays running';
      const wrong = await (stays ? this.#begin(step, limitMs) : this.#finish(step, limitMs));
      if (wrong !== undefined) return `$ ${step.command}\n${wrong}`;
    }
    return undefined;
  }

  /** Ends what still runs, by the ids of the groups started here, and waits for it. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.#children].map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exit = once(child, 'exit');
        endGroup(child);
        await exit;
      }),
    );
  }

  async #finish({ command, promised }: Step, limitMs: number): Promise<string | undefined> {
    const child = this.#spawn(command);
    const limit = setTimeout(() => endGroup(child), limitMs);
    const { signal, stdout } = await collect(child);
    clearTimeout(limit);
    if (signal !== null) return `it was still running after ${limitMs} ms; it had written:\n${stdout}`;
    return differenceOf(promised, linesOf(stdout));
  }

  /** Resolves as soon as as many lines are there as promised. */
  async #begin({ command, promised }: Step, limitMs: number): Promise<string | undefined> {
    const child = this.#spawn(command);
    const written: string[] = [];
    if (child.stdout === null) throw new Error('the child has no standard output');
    const output = createInterface({ input: child.stdout });
    const limit = setTimeout(() => output.close(), limitMs);
    for await (const line of output) {
      written.push(line);
      if (written.length === promised.length) break;
    }
    clearTimeout(limit);
    return differenceOf(promised, written);
  }

  /** In a process group of its own, so that what the shell starts can be ended with it. */
  #spawn(command: string): ChildProcess {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(CHORD_|FORCE_COLOR$)/.test(name));
    const line = `exec 2>&1; ${command.replaceAll('npx chord', CHORD)}`;
    const child = spawn('/bin/sh', ['-c', line], {
      cwd: ROOT,
      env: Object.fromEntries(inherited),
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }
}

function stepsOf(text: string): Step[] {
  const steps: { command: string; promised: string[] }[] = [];
  for (const line of text.split('\n')) {
    const last = steps.at(-1);
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), promised: [] });
    else if (last === undefined) throw new Error(`a terminal session begins with a command, got: ${line}`);
    else last.promised.push(line);
  }
  return steps;
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // It has ended by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
