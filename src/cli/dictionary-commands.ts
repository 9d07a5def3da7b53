// The commands get, set, del and keys: one dictionary call each, as a client of the ring. `update` has its
// own file.
import type { Command } from 'commander';
import { ChordError, type EntryView } from '../index.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import { callOptions, withClient } from './connection.ts';
import { CommandFailure, keyNotFound } from './failure.ts';
import { addRingFlags, type RingFlags } from './flags.ts';
import { jsonBytes, stderrLine, writeBytes, writeJson, writeLine } from './output.ts';
import { showWord } from './shell-output.ts';

export function addDictionary(program: Command): void {
  const get = program.command('get').description('write the value of a key, and nothing else');
  addRingFlags(get.argument('<key>', 'text, stored as UTF-8'), 'taken from the node').action(runGet);

  const set = program.command('set').description('store a value under a key');
  set.argument('<key>', 'text, stored as UTF-8').argument('[value]', 'text; - or none reads standard input');
  addRingFlags(set, 'taken from the node').action(runSet);

  const del = program.command('del').description('delete a key; exit code 3 when there was none');
  addRingFlags(del.argument('<key>', 'text, stored as UTF-8'), 'taken from the node').action(runDelete);

  const keys = program.command('keys').description('list the keys of the whole ring, one a line');
  keys
    .argument('[prefix]', 'only keys that begin with this')
    .addHelpText(
      'after',
      '\nA key with line feeds or the like is a JSON string, one that is not UTF-8 is in hexadecimal.\n' +
        'With --json each line is {"key": …}, or {"keyBase64": …} for a key that is not UTF-8.',
    );
  addRingFlags(keys, 'taken from the node').action(runKeys);
}

/** An entry as an object for JSON. */
export function entryJson(key: string, { key: _key, value, ...rest }: EntryView): object {
  return { key, ...jsonBytes('value', value), ...rest };
}

async function runGet(key: string, flags: RingFlags): Promise<void> {
  const entry = await withClient(flags, (ring) => ring.getEntry(key, callOptions(flags)));
  if (entry === undefined) throw keyNotFound(key);
  if (flags.json) {
    await writeJson(entryJson(key, entry));
    return;
  }
  await writeBytes(entry.value);
  // For people only: their prompt should not continue the value's last line.
  if (process.stdout.isTTY && entry.value.at(-1) !== 0x0a) await writeBytes('\n');
}

async function runSet(key: string, value: string | undefined, flags: RingFlags): Promise<void> {
  const stored = await readValue(value);
  const result = await withClient(flags, (ring) => ring.set(key, stored, callOptions(flags)));
  if (flags.json) await writeJson({ key, version: result.version });
  else if (process.stderr.isTTY) stderrLine(`stored ${key}`);
}

async function runDelete(key: string, flags: RingFlags): Promise<void> {
  const deleted = await withClient(flags, (ring) => ring.delete(key, callOptions(flags)));
  if (flags.json) await writeJson({ key, deleted });
  if (!deleted) throw keyNotFound(key);
  if (!flags.json && process.stderr.isTTY) stderrLine(`deleted ${key}`);
}

async function runKeys(prefix: string | undefined, flags: RingFlags): Promise<void> {
  await withClient(flags, async (ring) => {
    const options = { ...callOptions(flags), ...(prefix === undefined ? {} : { prefix }) };
    for await (const key of ring.keys(options)) {
      const read = flags.json ? await writeJson(jsonBytes('key', key)) : await writeLine(showWord(key));
      if (!read) break;
    }
  });
}

/** The value to store: the argument, or all of standard input. */
async function readValue(value: string | undefined): Promise<string | Uint8Array> {
  if (value !== undefined && value !== '-') return value;
  const bytes = value === undefined && process.stdin.isTTY ? Buffer.alloc(0) : await readAll(process.stdin);
  // Not even a dash and nothing on standard input: a forgotten argument must not store an empty value.
  if (value === undefined && bytes.length === 0) {
    throw new CommandFailure('ERR_USAGE', 'no value was given', {
      exitCode: 2,
      advice: "Give it as the second argument ('' for an empty one), or - to read standard input.",
    });
  }
  return bytes;
}

/** All bytes of a stream, up to what a value may have in any ring: what this one takes, its owners say. */
async function readAll(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > WIRE_LIMITS.valueBytes) {
      const most = `more than ${WIRE_LIMITS.valueBytes} bytes, the most that a value may have in any ring`;
      throw new ChordError('ERR_VALUE_TOO_LARGE', `standard input has ${most}`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
