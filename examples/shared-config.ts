// A configuration that several processes share. It is one JSON object in the ring; whoever changes a setting
// sends that setting alone, so that two who change different ones at the same time both succeed.
//
//   node dist/examples/shared-config.js --connect 127.0.0.1:4444                  prints it, and every change
//   node dist/examples/shared-config.js --connect 127.0.0.1:4444 color=blue       changes it, and prints it
import { parseArgs } from 'node:util';
import { ChordError, ChordSocket } from 'chord-socket';

const USAGE = 'usage: shared-config [--connect HOST:PORT] [--k BITS] [--key KEY] [NAME=VALUE …]';

await main().catch((error: Error) => {
  // What the user can do something about: a setting, an address, a ring that is down.
  console.error(`${error instanceof ChordError ? error.code : 'error'}: ${error.message}`);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const { values: flags, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      connect: { type: 'string', default: '127.0.0.1:4444' },
      k: { type: 'string', default: '32' },
      key: { type: 'string', default: 'config' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (flags.help) return console.log(USAGE);
  const settings = parseSettings(positionals);
  const sock = new ChordSocket('127.0.0.1', 0, { k: Number(flags.k) });
  try {
    await sock.connect(flags.connect);
    if (positionals.length > 0) console.log(await sock.applyDelta(flags.key, settings));
    else await follow(sock, flags.key);
  } finally {
    await sock.close();
  }
}

/** Prints the configuration, then at each change; where one may have been missed, it is read again. */
async function follow(sock: ChordSocket, key: string): Promise<void> {
  const watch = sock.watch(key);
  await watch.ready;
  print(await sock.get(key));
  for await (const { type, value } of watch) print(type === 'gap' ? await sock.get(key) : value);
}

function print(value: Buffer | undefined): void {
  console.log(value === undefined ? {} : JSON.parse(value.toString()));
}

/** `name=value` as JSON has it where it is JSON, as `retries=3`; else as text; `name=` is null. */
function parseSettings(given: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    given.map((text) => {
      const [name = '', ...rest] = text.split('=');
      if (name === '' || rest.length === 0) {
        throw new Error(`a setting is NAME=VALUE, got ${JSON.stringify(text)}\n${USAGE}`);
      }
      return [name, parseSetting(rest.join('='))];
    }),
  );
}

function parseSetting(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
