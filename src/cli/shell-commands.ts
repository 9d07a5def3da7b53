// Shell commands: what can be typed at the prompt, each with its usage, what it does and how it does it. The
// table is what help prints and what completion completes.
import type { ChordSocket } from '../index.ts';
import { entryJson } from './dictionary-commands.ts';
import { CommandFailure, keyNotFound } from './failure.ts';
import { jsonBytes, paint, writeJson, writeLine } from './output.ts';
import { byPosition, printCheck, printExplanation, printRing } from './ring-commands.ts';
import { showBytes, showWord } from './shell-output.ts';
import type { ShellWatches } from './shell-watches.ts';

/** What a command works with. */
interface ShellContext {
  readonly ring: ChordSocket;
  /** Undefined where the socket cannot watch. */
  readonly watches: ShellWatches | undefined;
  /** For each call to the ring. */
  readonly options: { readonly timeoutMs: number | undefined; readonly signal: AbortSignal };
  /** Whether results are lines of JSON. */
  readonly json: boolean;
}

export interface ShellCommand {
  readonly name: string;
  /** The arguments: those in brackets may be left out. */
  readonly usage: string;
  readonly description: string;
  /** Whether Tab completes the first argument to a key of the ring. */
  readonly takesKey: boolean;
  /** Whether it changes that key. */
  readonly changes?: true;
  run(context: ShellContext, args: readonly string[]): Promise<void>;
}

export const SHELL_COMMANDS: readonly ShellCommand[] = [
  {
    name: 'get',
    usage: 'KEY',
    description: 'the value of a key',
    takesKey: true,
    async run({ ring, options, json }, [key = '']) {
      const entry = await ring.getEntry(key, options);
      if (entry === undefined) throw keyNotFound(key);
      await (json ? writeJson(entryJson(key, entry)) : writeLine(showBytes(entry.value)));
    },
  },
  {
    name: 'entry',
    usage: 'KEY',
    description: 'the value with version, expiry, copies and cost',
    takesKey: true,
    run: (context, [key = '']) => printEntry(context, key),
  },
  {
    name: 'set',
    usage: 'KEY VALUE [TTL-MS]',
    description: 'store a value, perhaps for some milliseconds only',
    takesKey: true,
    changes: true,
    async run({ ring, options, json }, [key = '', value = '', ttl]) {
      const ttlMs = ttl === undefined ? undefined : toLifetime(ttl);
      const { version } = await ring.set(key, value, { ...options, ttlMs });
      await (json ? writeJson({ key, version }) : writeLine(paint('dim', `version ${version}`)));
    },
  },
  {
    name: 'del',
    usage: 'KEY',
    description: 'delete a key',
    takesKey: true,
    changes: true,
    async run({ ring, options, json }, [key = '']) {
      const deleted = await ring.delete(key, options);
      if (json) await writeJson({ key, deleted });
      if (!deleted) throw keyNotFound(key);
    },
  },
  {
    name: 'pop',
    usage: 'KEY',
    description: 'delete a key and show what it had',
    takesKey: true,
    changes: true,
    async run({ ring, options, json }, [key = '']) {
      const value = await ring.pop(key, undefined, options);
      if (value === undefined) throw keyNotFound(key);
      await (json ? writeJson({ key, ...jsonBytes('value', value) }) : writeLine(showBytes(value)));
    },
  },
  {
    name: 'incr',
    usage: 'KEY [BY]',
    description: 'add to a number, 1 unless told otherwise',
    takesKey: true,
    changes: true,
    async run({ ring, options }, [key = '', by = '1']) {
      await writeLine(String(await ring.increment(key, toInteger(by, 'BY'), options)));
    },
  },
  {
    name: 'merge',
    usage: 'KEY JSON',
    description: 'put members into a JSON object: merge user \'{"name": "Ada"}\'',
    takesKey: true,
    changes: true,
    async run({ ring, options }, [key = '', members = '']) {
      await writeJson(await ring.applyDelta(key, parseObject(members), options));
    },
  },
  {
    name: 'keys',
    usage: '[PREFIX]',
    description: 'the keys of the whole ring; Ctrl-C ends the list',
    takesKey: true,
    async run({ ring, options, json }, [prefix]) {
      for await (const key of ring.keys({ ...options, prefix }))
        await (json ? writeJson(jsonBytes('key', key)) : writeLine(showWord(key)));
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
    run: async ({ ring, options, json }, [key = '']) =>
      printExplanation(key, await ring.explain(key, options), { json }),
  },
  {
    name: 'ring',
    usage: '',
    description: 'the members, drawn',
    takesKey: false,
    run: async ({ ring, options, json }) => printRing(byPosition(await ring.ring(options)), ring.k, { json }),
  },
  {
    name: 'check',
    usage: '',
    description: 'is the ring whole: order, neighbours, copies',
    takesKey: false,
    async run({ ring, options, json }) {
      if (await printCheck(byPosition(await ring.ring(options)), { json })) return;
      throw new CommandFailure('ERR_CHECK', 'the ring is not whole');
    },
  },
  {
    name: 'watch',
    usage: '[KEY or PREFIX*]',
    description: 'tell of changes meanwhile; alone, list what is watched',
    takesKey: true,
    async run({ watches, options, json }, [name]) {
      if (name !== undefined) return watches?.begin(name, options);
      for (const watched of watches?.names ?? []) await (json ? writeJson(watched) : writeLine(watched));
    },
  },
  {
    name: 'unwatch',
    usage: 'KEY or PREFIX*',
    description: 'end a watch',
    takesKey: false,
    async run({ watches }, [name = '']) {
      if (watches?.end(name) === true) return;
      throw misuse(`${name} is not watched`);
    },
  },
];

/** The least and the most arguments that a usage stands for. */
export function argumentsOf({ usage }: ShellCommand): { least: number; most: number } {
  const parts = usage.replaceAll(/ or \S+/g, '').match(/\[[^\]]+\]|\S+/g) ?? [];
  return { least: parts.filter((part) => !part.startsWith('[')).length, most: parts.length };
}

async function printEntry({ ring, options, json }: ShellContext, key: string): Promise<void> {
  const entry = await ring.getEntry(key, options);
  if (entry === undefined) throw keyNotFound(key);
  if (json) return void (await writeJson(entryJson(key, entry)));
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

/** `name` is that of the argument; `hint` follows what was got. */
function toInteger(text: string, name: string, hint = ''): number {
  if (!/^-?\d+$/.test(text)) throw misuse(`${name} must be an integer, got ${JSON.stringify(text)}${hint}`);
  if (Number.isSafeInteger(Number(text))) return Number(text);
  throw misuse(`${name} must be within ±(2**53 - 1), got ${text}`);
}

function toLifetime(text: string): number {
  // Where a value has blanks, its second word arrives here.
  const ttlMs = toInteger(text, 'TTL-MS', ': quote a value that has blanks');
  if (ttlMs > 0) return ttlMs;
  throw misuse(`TTL-MS must be 1 or more, got ${text}: leave it out for a value that stays`);
}

function parseObject(json: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw misuse(`that is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
    return parsed as Record<string, unknown>;
  }
  const kind = Array.isArray(parsed) ? 'an array' : parsed === null ? 'null' : `a ${typeof parsed}`;
  throw misuse(`JSON must be an object, such as '{"name": "Ada"}', got ${kind}`);
}

function misuse(message: string, cause?: unknown): CommandFailure {
  return new CommandFailure('ERR_USAGE', message, { exitCode: 2, cause });
}
