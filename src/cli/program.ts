// The command line as a whole: which commands there are, and how a run ends. Each command is in a file of its
// family. Exit codes: 0 done, 1 failed, 2 usage, 3 key not found. Usage errors are commander's, everything
// else is failure.ts's.
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { addBench } from './bench-command.ts';
import { addDemo } from './demo-command.ts';
import { addDictionary } from './dictionary-commands.ts';
import { addUpdate } from './update-command.ts';
import { addWatch } from './watch-command.ts';
import { describeFailure } from './failure.ts';
import { addNode } from './node-command.ts';
import { letReadersGo, outputFailure, paintError, stderrLine, writeBytes } from './output.ts';
import { addInspection } from './ring-commands.ts';
import { addSnapshots } from './snapshot-commands.ts';
import { addShell } from './shell-command.ts';
import { addSim } from './sim-command.ts';

const USAGE = 2;

const EXAMPLES = `
Examples:
  chord demo                                          a live ring of eight members, here
  chord node --listen 127.0.0.1:4444                  the first member of a ring
  chord node --listen 127.0.0.1:0 --connect 127.0.0.1:4444   one more
  chord set greeting hello --connect 127.0.0.1:4444
  chord get greeting --connect 127.0.0.1:4444

Every flag can also be set in the environment: --connect as CHORD_CONNECT, --k as CHORD_K, and so on.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 key not found.`;

/** Runs one command line and sets the process's exit code; never rejects. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  letReadersGo();
  try {
    await carryOut(argv);
    const failure = outputFailure();
    if (failure !== undefined) throw failure;
  } catch (error) {
    process.exitCode = reportFailure(error);
  }
}

async function carryOut(argv: readonly string[]): Promise<void> {
  const program = buildProgram();
  try {
    await program.parseAsync(namedFirst(program, argv));
  } catch (error) {
    // So commander ends where the help or the version was asked for.
    if (!(error instanceof CommanderError) || error.exitCode !== 0) throw error;
  }
}

/** All commands, with errors thrown instead of ending the process. */
function buildProgram(): Command {
  const program = new Command('chord')
    .description('A dictionary that your processes share over a Chord ring, without a server.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({ writeOut: (text) => void writeBytes(text) })
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(add --help for the flags and arguments)')
    .exitOverride();
  addDemo(program);
  addNode(program);
  addDictionary(program);
  addUpdate(program);
  addWatch(program);
  addInspection(program);
  addSnapshots(program);
  addShell(program);
  addSim(program);
  addBench(program);
  return program;
}

/**
 * Only the name, where there is no such command: asked for its help, commander would print the help of
 * everything, and asked to run it, it says what is wrong.
 */
function namedFirst(program: Command, argv: readonly string[]): string[] {
  const [node = '', script = '', ...words] = argv;
  const name = words[0] === 'help' ? words[1] : words[0];
  const isOther = name === undefined || name === 'help' || name.startsWith('-');
  if (isOther || program.commands.some((command) => command.name() === name)) return [...argv];
  return [node, script, name];
}

/** Says on standard error what went wrong and what to do about it; returns the exit code. */
function reportFailure(error: unknown): number {
  // Commander has printed its message already.
  if (error instanceof CommanderError) return USAGE;
  const failure = describeFailure(error);
  // Wrong usage reads as commander's own complaints do.
  const label = failure.exitCode === USAGE ? 'error' : failure.code;
  stderrLine(`${paintError('red', label)}: ${failure.message}`);
  if (failure.advice !== undefined) stderrLine(failure.advice);
  return failure.exitCode;
}

function readVersion(): string {
  // By its own name, so that it is found from the sources and from the build alike.
  const manifest: unknown = createRequire(import.meta.url)('chord-socket/package.json');
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
    return String(manifest.version);
  return 'unknown';
}
