// The command update: store all entries of a JSON object, with progress. It owns how a file becomes entries.
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { ChordError, type ChordSocket } from '../index.ts';
import { callOptions, withClient } from './connection.ts';
import { CommandFailure } from './failure.ts';
import { addRingFlags, type RingFlags } from './flags.ts';
import { stderrLine, writeJson } from './output.ts';
import { type ProgressBar, withBar } from './progress.ts';

// Enough at once to keep the ring busy, few enough that progress moves.
const BATCH = 256;
const FAILURES_SHOWN = 10;
/** Units of a key. */
const KEY_SHOWN = 60;

/** Half of a surrogate pair, which has no bytes in UTF-8. */
const NO_TEXT = /\p{Surrogate}/u;

/** An entry that could not be stored. */
interface FailedKey {
  readonly key: string;
  readonly code: string;
  readonly message: string;
}

export function addUpdate(program: Command): void {
  const update = program.command('update').description('store every entry of a JSON object');
  update
    .argument('<file>', 'a JSON file; - reads standard input')
    .addHelpText(
      'after',
      '\nStrings are stored as they are, any other value as its JSON text:\n' +
        '  {"greeting": "hello", "limits": {"users": 10}}',
    );
  addRingFlags(update, 'taken from the node').action(runUpdate);
}

async function runUpdate(file: string, flags: RingFlags): Promise<void> {
  const entries = parseEntries(decode(await readSource(file), file), file);
  const failed = await withClient(flags, (ring) =>
    withBar(
      'storing',
      entries.length,
      (bar) => store(ring, entries, { flags, bar }),
      () => 'done',
    ),
  );
  const stored = entries.length - failed.length;
  if (flags.json) await writeJson({ stored, failed });
  else stderrLine(`stored ${stored} of ${entries.length} entries`);
  const [first] = failed;
  if (first === undefined) return;
  for (const { key, code, message } of failed.slice(0, FAILURES_SHOWN)) {
    const shown = key.length > KEY_SHOWN ? `${key.slice(0, KEY_SHOWN)}…` : key;
    stderrLine(`  ${JSON.stringify(shown)}: ${code}: ${message}`);
  }
  throw new CommandFailure(first.code, `${failed.length} of ${entries.length} entries were not stored`, {
    advice: adviceOn(failed),
  });
}

function adviceOn(failed: readonly FailedKey[]): string {
  const isLarge = ({ code }: FailedKey): boolean => code.endsWith('_TOO_LARGE');
  if (failed.every(isLarge)) return 'Make them smaller, or leave them out.';
  // What is too large or no text stays so.
  const isLasting = (each: FailedKey): boolean => isLarge(each) || each.code === 'ERR_INPUT';
  if (failed.every(isLasting)) return 'Mend them, or leave them out.';
  return 'Running the same command again is safe: what is stored already is stored again.';
}

/** The entries of a JSON object: strings as they are, other values as JSON text. */
export function parseEntries(source: string, name: string): [key: string, value: string][] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(source);
  } catch (error) {
    throw unusable(name, error instanceof Error ? error.message : 'it cannot be read', error);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw unusable(name, 'the top level has to be an object, such as {"greeting": "hello"}');
  }
  return Object.entries(parsed).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
}

/** Stores batch after batch and goes on after failures, so that one bad entry costs itself only. */
async function store(
  ring: ChordSocket,
  entries: readonly [string, string][],
  { flags, bar }: { flags: RingFlags; bar: ProgressBar },
): Promise<FailedKey[]> {
  const failed: FailedKey[] = [];
  for (let start = 0; start < entries.length; start += BATCH) {
    const batch = entries.slice(start, start + BATCH);
    failed.push(...batch.flatMap(refuse));
    const sound = batch.filter((entry) => refuse(entry).length === 0);
    try {
      await ring.update(sound, callOptions(flags));
    } catch (error) {
      failed.push(...failuresOf(error));
    }
    bar.advance(batch.length, `${start + batch.length} of ${entries.length}`);
  }
  return failed;
}

/**
 * The failure of an entry that is no text, as an escape in JSON may have it: the library takes that for
 * misuse of the whole update.
 */
function refuse([key, value]: readonly [string, string]): FailedKey[] {
  const what = NO_TEXT.test(key) ? 'key' : NO_TEXT.test(value) ? 'value' : undefined;
  if (what === undefined) return [];
  const message = `the ${what} is no text: it holds a surrogate without its partner`;
  return [{ key, code: 'ERR_INPUT', message }];
}

/** The keys that a rejected update names; one that names none failed as a whole. */
function failuresOf(error: unknown): FailedKey[] {
  const named = error instanceof ChordError ? error.failed : undefined;
  if (named === undefined) throw error;
  return [...named].map(([key, { code, message }]) => ({ key: String(key), code, message }));
}

async function readSource(file: string): Promise<Uint8Array> {
  if (file === '-') return buffer(process.stdin);
  try {
    return await readFile(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure('ERR_INPUT', `the entries cannot be read: ${reason}`, { cause: error });
  }
}

/** JSON is UTF-8; anything else would be stored as other bytes than the file has. */
function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw unusable(name, 'it is not encoded in UTF-8', error);
  }
}

function unusable(name: string, reason: string, cause?: unknown): CommandFailure {
  const source = name === '-' ? 'standard input' : name;
  return new CommandFailure('ERR_INPUT', `${source} is no JSON object: ${reason}`, { cause });
}
