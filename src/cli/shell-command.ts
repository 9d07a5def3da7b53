// The command shell: a prompt on a terminal, or lines from a pipe. It owns where lines come from, the
// history, what Ctrl-C does and the exit code; what a line does is shell-session.ts's.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { clearLine, cursorTo } from 'node:readline';
import { createInterface, type Interface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { ChordSocket } from '../index.ts';
import { withClient } from './connection.ts';
import { describeFailure } from './failure.ts';
import { addRingFlags, flag, formatAddress, type RingFlags } from './flags.ts';
import { paint, paintError, stderrLine, writeLine } from './output.ts';
import { ShellSession } from './shell-session.ts';

interface ShellFlags extends RingFlags {
  readonly history: string;
}

const HISTORY_LINES = 1_000;
const NO_HISTORY = '-';

export function addShell(program: Command): void {
  const shell = program
    .command('shell')
    .description('an interactive prompt with completion and history')
    .addOption(
      flag('--history <file>', 'keeps the lines typed; - keeps none').default(
        join(homedir(), '.chord_history'),
      ),
    )
    .addHelpText(
      'after',
      '\nAt the prompt, help lists the commands. From a pipe, lines are carried out one after the other;\n' +
        'those that fail say so on standard error, and the exit code is that of the first of them.\n' +
        'With --json every result is one line of JSON, as that of the command of the same name.',
    );
  addRingFlags(shell, 'taken from the node').action(runShell);
}

async function runShell(flags: ShellFlags): Promise<void> {
  await withClient(flags, async (ring) => {
    if (process.stdin.isTTY && process.stdout.isTTY) await converse(ring, flags);
    else await obey(ring, flags);
  });
}

/** Lines of a pipe. */
async function obey(ring: ChordSocket, flags: ShellFlags): Promise<void> {
  const session = new ShellSession(ring, flags, (line) => void writeLine(line));
  const { signal } = new AbortController();
  try {
    for await (const line of createInterface({ input: process.stdin })) {
      try {
        if (!(await session.run(line, signal))) break;
      } catch (error) {
        const code = report(error);
        process.exitCode ??= code;
      }
    }
    await session.settle();
  } finally {
    session.close();
    // Behind `exit`, a pipe that stays open would keep the process.
    process.stdin.destroy();
  }
}

/** Lines that somebody types. */
async function converse(ring: ChordSocket, flags: ShellFlags): Promise<void> {
  const address = flags.connect?.map(formatAddress)[0] ?? '';
  const terminal: { lines?: Interface } = {};
  let running: AbortController | undefined;
  const session = new ShellSession(ring, flags, (line) =>
    tell(running === undefined ? terminal.lines : undefined, line),
  );
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: `${paint('cyan', `chord ${address}>`)} `,
    completer: (line: string) => session.complete(line),
    history: loadHistory(flags.history),
    historySize: HISTORY_LINES,
    removeHistoryDuplicates: true,
  });
  terminal.lines = lines;
  lines.on('history', (history: string[]) => saveHistory(flags.history, history));
  lines.on('SIGINT', () => interrupt(lines, running));
  await writeLine(
    paint('dim', `A ring of 2^${ring.k} positions. help lists the commands, Tab completes, Ctrl-D ends.`),
  );
  lines.prompt();
  try {
    for await (const line of lines) {
      running = new AbortController();
      try {
        if (!(await session.run(line, running.signal))) break;
      } catch (error) {
        if (!running.signal.aborted) report(error);
      }
      running = undefined;
      lines.prompt();
    }
  } finally {
    session.close();
    lines.close();
  }
  process.stdout.write('\n');
}

/** Ends what runs; else the line; on an empty line it says how to end the shell. */
function interrupt(lines: Interface, running: AbortController | undefined): void {
  if (running !== undefined) return running.abort(new Error('interrupted'));
  if (lines.line === '') stderrLine('\nexit or Ctrl-D ends the shell');
  else process.stdout.write('\n');
  lines.write(null, { ctrl: true, name: 'e' });
  lines.write(null, { ctrl: true, name: 'u' });
  lines.prompt();
}

/** Shows a line above the one that is being typed; without `lines` nobody is typing. */
function tell(lines: Interface | undefined, line: string): void {
  cursorTo(process.stdout, 0);
  clearLine(process.stdout, 0);
  process.stdout.write(`${paint('yellow', line)}\n`);
  lines?.prompt(true);
}

/** Says what went wrong; returns the exit code that it stands for. */
function report(error: unknown): number {
  const failure = describeFailure(error);
  // Wrong usage, whoever has found it.
  const label = failure.exitCode === 2 ? 'error' : failure.code;
  stderrLine(`${paintError('red', label)}: ${failure.message}`);
  if (failure.advice !== undefined) stderrLine(failure.advice);
  return failure.exitCode;
}

/** The newest line first, as readline wants it. */
function loadHistory(file: string): string[] {
  if (file === NO_HISTORY || !existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').filter(Boolean).toReversed();
}

/** Readable by its owner only, because values may be secret. */
function saveHistory(file: string, history: readonly string[]): void {
  if (file === NO_HISTORY) return;
  try {
    writeFileSync(file, `${history.toReversed().join('\n')}\n`, { mode: 0o600 });
  } catch {
    // A home that cannot be written costs the history, not the shell.
  }
}
