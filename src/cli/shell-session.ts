// Shell session: what a typed line does, and what Tab makes of it. It owns the choice of the command, the
// check of its arguments, help and completion; lines come from elsewhere (shell-command.ts).
import type { ChordSocket } from '../index.ts';
import { CommandFailure } from './failure.ts';
import type { RingFlags } from './flags.ts';
import { paint, writeLine } from './output.ts';
import { argumentsOf, SHELL_COMMANDS, type ShellCommand } from './shell-commands.ts';
import { canWatch, ShellWatches } from './shell-watches.ts';
import { parseLine, quoteWord } from './shell-words.ts';

/** A completion may not make the prompt wait, nor fill the screen. */
const COMPLETION_MS = 1_000;
const COMPLETIONS_MAX = 50;

/** How long the end of the shell waits for the changes that its watches have not told yet. */
const SETTLE_MS = 5_000;

const WORDS_OF_THE_SHELL = ['help', 'exit'];

type SessionFlags = Pick<RingFlags, 'timeout' | 'json'>;

export class ShellSession {
  readonly #ring: ChordSocket;
  readonly #flags: SessionFlags;
  readonly #watches: ShellWatches | undefined;
  readonly #commands: readonly ShellCommand[];

  /** `tell` shows a line of a watch while something else may be being typed. */
  constructor(ring: ChordSocket, flags: SessionFlags, tell: (line: string) => void) {
    this.#ring = ring;
    this.#flags = flags;
    this.#watches = canWatch(ring) ? new ShellWatches(ring, tell, flags.json) : undefined;
    this.#commands = SHELL_COMMANDS.filter(
      ({ name }) => this.#watches !== undefined || !name.endsWith('watch'),
    );
  }

  /** Carries a line out; resolves to false where it ends the shell. Rejects as the call to the ring does. */
  async run(line: string, signal: AbortSignal): Promise<boolean> {
    const { words, isOpen } = parseLine(line);
    if (isOpen) throw usage('a quote is not closed');
    const [name, ...args] = words;
    if (name === undefined) return true;
    if (name === 'exit' || name === 'quit') return false;
    if (name === 'help' || name === '?') {
      await this.#help(args[0]);
      return true;
    }
    const command = this.#find(name);
    const { least, most } = argumentsOf(command);
    if (args.length < least || args.length > most) throw usage(`expected: ${usageOf(command)}`);
    const options = { timeoutMs: this.#flags.timeout, signal };
    const json = this.#flags.json === true;
    const context = { ring: this.#ring, watches: this.#watches, options, json };
    const [key = ''] = args;
    const carryOut = (): Promise<void> => command.run(context, args);
    await (command.changes && this.#watches ? this.#watches.changing(key, carryOut) : carryOut());
    return true;
  }

  /** What the last word of the line may become, and that word as it was typed. */
  async complete(line: string): Promise<[completions: string[], word: string]> {
    const { words, last } = parseLine(line);
    const isFirst = words.length === 0 || (words.length === 1 && last !== '');
    if (isFirst || (words[0] === 'help' && words.length <= 2)) {
      const names = [...this.#commands.map(({ name }) => name), ...WORDS_OF_THE_SHELL].toSorted();
      return [names.filter((name) => name.startsWith(last)).map((name) => `${name} `), last];
    }
    const isKey = words.length === (last === '' ? 1 : 2);
    const command = this.#commands.find(({ name }) => name === words[0]);
    if (command?.takesKey !== true || !isKey) return [[], last];
    const keys = await this.#keys(last === '' ? '' : (words[1] ?? ''));
    const typed = keys.map((key) => `${quoteWord(key)} `).filter((key) => key.startsWith(last));
    return [typed, last];
  }

  /** Waits a while until the watches have told what was changed here. */
  async settle(): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    const timer = setTimeout(() => controller.abort(), SETTLE_MS);
    const options = { timeoutMs: this.#flags.timeout, signal };
    try {
      await this.#watches?.settle((key) => this.#ring.getEntry(key, options), signal);
    } catch {
      // A ring that does not answer tells no change either.
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends what runs in the background. */
  close(): void {
    this.#watches?.endAll();
  }

  /** Some keys that begin so; as many as come in time. */
  async #keys(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    const options = { prefix, timeoutMs: COMPLETION_MS, signal: AbortSignal.timeout(COMPLETION_MS) };
    try {
      for await (const bytes of this.#ring.keys(options)) {
        const key = bytes.toString('utf8');
        // Only what can be typed: text, on one line.
        if (!/[\p{Cc}\ufffd]/u.test(key)) keys.push(key);
        if (keys.length >= COMPLETIONS_MAX) break;
      }
    } catch {
      // A ring that does not answer completes nothing; the command itself will say what is wrong.
    }
    return keys.toSorted();
  }

  #find(name: string): ShellCommand {
    const command = this.#commands.find((candidate) => candidate.name === name);
    if (command !== undefined) return command;
    const near = this.#commands.find((candidate) => candidate.name.startsWith(name.slice(0, 2)));
    const hint = near === undefined ? '' : ` Did you mean ${near.name}?`;
    throw usage(`there is no command ${name}; help lists them.${hint}`);
  }

  async #help(name: string | undefined): Promise<void> {
    const listed = name === undefined ? this.#commands : [this.#find(name)];
    const width = Math.max(...listed.map((command) => usageOf(command).length));
    for (const command of listed) {
      await writeLine(`${paint('cyan', usageOf(command).padEnd(width))}  ${command.description}`);
    }
    if (name !== undefined) return;
    await writeLine(`${paint('cyan', 'help [COMMAND]'.padEnd(width))}  this list, or a line of it`);
    await writeLine(`${paint('cyan', 'exit'.padEnd(width))}  end the shell, as Ctrl-D does`);
    await writeLine(
      paint('dim', "Words with blanks go in quotes; '…' takes everything as it is. Tab completes keys."),
    );
  }
}

function usageOf({ name, usage: args }: ShellCommand): string {
  return args === '' ? name : `${name} ${args}`;
}

function usage(message: string): CommandFailure {
  return new CommandFailure('ERR_USAGE', message, { exitCode: 2 });
}
