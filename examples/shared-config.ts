// A configuration that several processes share. It is one JSON object in the ring; whoever changes a setting
// sends that setting alone, so that two who change different ones at the same time both succeed.
//
//   node dist/examples/shared-config.js --connect 127.0.0.1:4444                  prints it, and every change
//   node dist/examples/shared-config.js --connect 127.0.0.1:4444 color=blue       changes it, and prints it
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ChordSocket } from 'chord-socket';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    connect: { type: 'string', default: '127.0.0.1:4444' },
    k: { type: 'string', default: '32' },
    key: { type: 'string', default: 'config' },
  },
});

const LOOK_EVERY_MS = 1_000;

const sock = new ChordSocket('127.0.0.1', 0, { k: Number(flags.k) });
await sock.connect(flags.connect);
try {
  if (positionals.length > 0) console.log(await sock.applyDelta(flags.key, parseSettings(positionals)));
  else await follow();
} finally {
  await sock.close();
}

/** Prints the configuration whenever its version is another one: the value is only read to be shown. */
async function follow(): Promise<void> {
  let known: string | undefined;
  for (;;) {
    const entry = await sock.getEntry(flags.key);
    if (entry !== undefined && entry.version !== known) console.log(JSON.parse(entry.value.toString()));
    known = entry?.version;
    await pause(LOOK_EVERY_MS);
  }
}

/** `name=value` as JSON has it where it is JSON, as `retries=3`; else as text; `name=` is null. */
function parseSettings(given: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    given.map((text) => {
      const [name = '', ...rest] = text.split('=');
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
