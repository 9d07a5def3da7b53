// The command watch: a line for every change of a key, or of all keys with a prefix, until it is told to
// stop.
import type { Command } from 'commander';
import type { ChordSocket } from '../index.ts';
import { callOptions, withClient } from './connection.ts';
import { codeOf, describeFailure } from './failure.ts';
import { addRingFlags, flag, type RingFlags } from './flags.ts';
import { tellOfLosses } from './loss-notice.ts';
import { stderrLine, writeJson, writeLine } from './output.ts';
import { eventJson, showEvent } from './shell-output.ts';
import { StopSignal } from './stop-signal.ts';

interface WatchFlags extends RingFlags {
  readonly prefix?: boolean;
  readonly since?: string;
}

export function addWatch(program: Command): void {
  const watch = program.command('watch').description('tell of every change of a key, until Ctrl-C');
  watch
    .argument('<key>', 'text, stored as UTF-8')
    .addOption(flag('--prefix', 'watch all keys that begin with it'))
    .addOption(flag('--since <version>', 'tell what changed behind this version first'))
    .addHelpText(
      'after',
      '\nEach change is one line; a key or a value with line feeds or the like is a JSON string there.\n' +
        'With --json it is {"type":…,"key":…,"value":…,"version":…}. Where the last member that it was\n' +
        'connected to is gone, it says so on standard error, and goes on when one answers again.',
    );
  addRingFlags(watch, 'taken from the node').action(runWatch);
}

async function runWatch(key: string, flags: WatchFlags): Promise<void> {
  const { signal } = new StopSignal();
  const use = async (ring: ChordSocket): Promise<void> => {
    const call = { ...callOptions(flags), signal };
    await ring.ready({ members: 1, ...call });
    const what = flags.prefix === true ? { prefix: key } : key;
    const watch = ring.watch(what, { ...call, since: flags.since });
    await watch.ready.catch((error: unknown) => {
      if (codeOf(error) !== 'ERR_TIMEOUT') throw error;
      stderrLine(`${describeFailure(error).message}, until Ctrl-C`);
    });
    const named = flags.prefix === true ? `all keys that begin with ${quoted(key)}` : quoted(key);
    if (process.stderr.isTTY) stderrLine(`watching ${named} until Ctrl-C`);
    for await (const event of watch) {
      const shown = flags.json === true ? writeJson(eventJson(event)) : writeLine(showEvent(event));
      if (!(await shown)) return;
    }
  };
  const begin = (ring: ChordSocket): void => tellOfLosses(ring, signal);
  await withClient(flags, use, { begin, signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

function quoted(key: string): string {
  return JSON.stringify(key);
}
