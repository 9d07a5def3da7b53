// The command watch: a line for every change of a key, or of all keys with a prefix, until it is told to
// stop.
import type { Command } from 'commander';
import { callOptions, withClient } from './connection.ts';
import { addRingFlags, flag, type RingFlags } from './flags.ts';
import { jsonBytes, stderrLine, writeJson, writeLine } from './output.ts';
import { GAP, showBytes } from './shell-output.ts';
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
    .addOption(flag('--since <version>', 'tell what changed behind this version first'));
  addRingFlags(watch, 'taken from the node').action(runWatch);
}

async function runWatch(key: string, flags: WatchFlags): Promise<void> {
  const { signal } = new StopSignal();
  await withClient(flags, async (ring) => {
    await ring.ready({ members: 1, ...callOptions(flags) });
    const what = flags.prefix === true ? { prefix: key } : key;
    const watch = ring.watch(what, { signal, since: flags.since });
    await watch.ready;
    const named = flags.prefix === true ? `all keys that begin with ${quoted(key)}` : quoted(key);
    if (process.stderr.isTTY) stderrLine(`watching ${named} until Ctrl-C`);
    for await (const event of watch) {
      const { type, key: changed, value, version } = event;
      const bytes = value === undefined ? {} : jsonBytes('value', value);
      const shown = value === undefined ? '' : ` ${showBytes(value)}`;
      const goesOn =
        flags.json === true
          ? await writeJson({ type, ...jsonBytes('key', changed), ...bytes, version })
          : await writeLine(type === 'gap' ? GAP : `${type} ${showBytes(changed)}${shown}`);
      if (!goesOn) return;
    }
  }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

function quoted(key: string): string {
  return JSON.stringify(key);
}
