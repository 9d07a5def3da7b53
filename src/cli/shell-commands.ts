// Shell commands: what can be typed at the prompt, each with its usage, what it does and how it does it. The
// table is what help prints and what completion completes.
import type { ChordSocket } from '../index.ts';
import { CommandFailure, keyNotFound } from './failure.ts';
import { paint, writeLine } from './output.ts';
import { byPosition, printCheck, printExplanation, printRing } from './ring-commands.ts';
import { showBytes } from './shell-output.ts';
import type { ShellWatches } from './shell-watches.ts';

/** What a command works with. */
interface ShellContext {
  readonly ring: ChordSocket;
  /** Undefined where the socket cannot watch. */
  readonly watches: ShellWatches | undefined;
  /** For each call to the ring. */
  readonly options: { readonly timeoutMs: number | undefined; readonly signal: AbortSignal };
}

export interface ShellCommand {
  readonly name: string;
  /** The arguments: those in brackets may be left out. */
  readonly usage: string;
  readonly description: string;
  /** Whether Tab completes the first argument to a key of the ring. */
  readonly takesKey: boolean;
  run(context: ShellContext, args: readonly string[]): Promise<void>;
}

export const SHELL_COMMANDS: readonly ShellCommand[] = [
  {
    name: 'get',
    usage: 'KEY',
    description: 'the value of a key',
    takesKey: true,
    async run({ ring, options }, [key = '']) {
      const value = await ring.get(key, undefined, options);
      if (value === undefined) throw keyNotFound(key);
      await writeLine(showBytes(value));
    },
  },
  {
    name: 'entry',
    usage: 'KEY',
    description: 'the value with version, expiry, copies and cost',
    takesKey: true,
    run: ({ ring, options }, [key = '']) => printEntry(ring, key, options),
  },
  {
    name: 'set',
    usage: 'KEY VALUE [TTL-MS]',
    description: 'store a value, perhaps for some milliseconds only',
    takesKey: true,
    async run({ ring, options }, [key = '', value = '', ttl]) {
      const ttlMs = ttl === undefined ? undefined : toNumber(ttl, 'TTL-MS');
      const { version } = await ring.set(key, value, { ...options, ttlMs });
      await writeLine(paint('dim', `version ${version}`));
    },
  },
  {
    name: 'del',
    usage: 'KEY',
    description: 'delete a key',
    takesKey: true,
    async run({ ring, options }, [key = '']) {
      if (!(await ring.delete(key, options))) throw keyNotFound(key);
    },
  },
  {
    name: 'pop',
    usage: 'KEY',
    description: 'delete a key and show what it had',
    takesKey: true,
    async run({ ring, options }, [key = '']) {
      const value = await ring.pop(key, undefined, options);
      if (value === undefined) throw keyNotFound(key);
      await writeLine(showBytes(value));
    },
  },
  {
    name: 'incr',
    usage: 'KEY [BY]',
    description: 'add to a number, 1 unless told otherwise',
    takesKey: true,
    async run({ ring, options }, [key = '', by = '1']) {
      await writeLine(String(await ring.increment(key, toNumber(by, 'BY'), options)));
    },
  },
  {
    name: 'merge',
    usage: 'KEY JSON',
    description: 'put members into a JSON object: merge user \'{"name": "Ada"}\'',
    takesKey: true,
    async run({ ring, options }, [key = '', json = '']) {
      await writeLine(JSON.stringify(await ring.applyDelta(key, parseObject(json), options)));
    },
  },
  {
    name: 'keys',
    usage: '[PREFIX]',
    description: 'the keys of the whole ring; Ctrl-C ends the list',
    takesKey: true,
    async run({ ring, options }, [prefix]) {
      for await (const key of ring.keys({ ...options, prefix })) await writeLine(showBytes(key));
    },
  },
  {
    name: 'size',
    usage: '[PREFIX]',
    description: 'how many keys there are',
    takesKey: false,
    run: async ({ ring, options }, [prefix]) => {
      await writeLine(String(await ring.size({ ...options, prefix })));
    },
  },
  {
    name: 'explain',
    usage: 'KEY',
    description: 'the way to a key: hops, owner, copies, cost',
    takesKey: true,
    run: async ({ ring, options }, [key = '']) => printExplanation(key, await ring.explain(key, options), {}),
  },
  {
    name: 'ring',
    usage: '',
    description: 'the members, drawn',
    takesKey: false,
    run: async ({ ring, options }) => printRing(byPosition(await ring.ring(options)), ring.k, {}),
  },
  {
    name: 'check',
    usage: '',
    description: 'is the ring whole: order, neighbours, copies',
    takesKey: false,
    async run({ ring, options }) {
      if (await printCheck(byPosition(await ring.ring(options)), {})) return;
      throw new CommandFailure('ERR_CHECK', 'the ring is not whole');
    },
  },
  {
    name: 'watch',
    usage: '[KEY or PREFIX*]',
    description: 'tell of changes meanwhile; alone, list what is watched',
    takesKey: true,
    async run({ watches, options }, [name]) {
      if (name === undefined) for (const watched of watches?.names ?? []) await writeLine(watched);
      else await watches?.begin(name, options.signal);
    },
  },
  {
    name: 'unwatch',
    usage: 'KEY or PREFIX*',
    description: 'end a watch',
    takesKey: false,
    async run({ watches }, [name = '']) {
      if (watches?.end(name) === true) return;
      throw new CommandFailure('ERR_USAGE', `${name} is not watched`, { exitCode: 2 });
    },
  },
];

/** The least and the most arguments that a usage stands for. */
export function argumentsOf({ usage }: ShellCommand): { least: number; most: number } {
  const parts = usage.replaceAll(/ or \S+/g, '').match(/\[[^\]]+\]|\S+/g) ?? [];
  return { least: parts.filter((part) => !part.startsWith('[')).length, most: parts.length };
}

async function printEntry(ring: ChordSocket, key: string, options: ShellContext['options']): Promise<void> {
  const entry = await ring.getEntry(key, options);
  if (entry === undefined) throw keyNotFound(key);
  await writeLine(showBytes(entry.value));
  const expiry = entry.expiresAt === undefined ? 'never' : new Date(entry.expiresAt).toISOString();
  const rows = [
    ['version', entry.version],
    ['expires', expiry],
    ['copies', `${entry.agreed} of ${entry.replicas} agreed`],
    ['cost', `${entry.requests} ${entry.requests === 1 ? 'request' : 'requests'}, ${entry.ms.toFixed(2)} ms`],
  ];
  for (const [name = '', value = ''] of rows) await writeLine(`${paint('dim', name.padEnd(8))} ${value}`);
}

/** `name` is that of the argument. */
function toNumber(text: string, name: string): number {
  if (/^-?\d+$/.test(text)) return Number(text);
  const message = `${name} must be an integer, got ${JSON.stringify(text)}: quote a value that has blanks`;
  throw new CommandFailure('ERR_USAGE', message, { exitCode: 2 });
}

function parseObject(json: string): Record<string, unknown> {
  try {
    return JSON.parse(json) as Record<string, unknown>;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure('ERR_USAGE', `that is no JSON: ${reason}`, { exitCode: 2, cause });
  }
}
