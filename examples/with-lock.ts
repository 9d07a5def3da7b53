// Runs a command while holding a lock, so that of all who ask for that lock, on any machine, one runs at a
// time:
//
//   node dist/examples/with-lock.js --connect 127.0.0.1:4444 backup -- tar c /srv
//
// The lock is an entry that only one can create (`ifAbsent`), that its holder keeps alive (`ifVersion` with a
// new time to live), and that expires by itself when the holder dies.
//
// What it promises, and what not. As long as the ring keeps a majority of the entry's copies, no two hold the
// lock within the time to live as the ring measures it. Two can believe that they hold it where
//   - the ring had to go on without a majority (`degraded`: both sides of a partition, two members of which
//     one died): both of two `ifAbsent` may have won, and afterwards the newer entry stands;
//   - a holder stood still for longer than the time to live (a paused machine) and has not noticed yet.
// So a lock saves work; it does not keep money safe. Where two must never act, hand the version of the lock
// on with each action (CHORD_LOCK_VERSION below) and have the one who carries it out refuse an older version
// than the newest that it has seen: later holders have later versions.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ChordError, ChordSocket } from 'chord-socket';

const USAGE = 'usage: with-lock [--connect HOST:PORT] [--k BITS] [--ttl MS] NAME -- COMMAND …';

/** How often one who waits looks whether the lock is free. */
const RETRY_MS = 200;

/** The entry that is the lock, and how to reach it. */
interface Lock {
  readonly sock: ChordSocket;
  readonly key: string;
  readonly ttlMs: number;
}

await main().catch((error: Error) => {
  // What the user can do something about: a flag, an address, a lock that was lost.
  console.error(`${error instanceof ChordError ? error.code : 'error'}: ${error.message}`);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const { values: flags, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      connect: { type: 'string', default: '127.0.0.1:4444' },
      k: { type: 'string', default: '32' },
      ttl: { type: 'string', default: '10000' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (flags.help) return console.log(USAGE);
  const [name, command, ...args] = positionals;
  if (name === undefined || command === undefined)
    throw new Error(`a name and a command are needed\n${USAGE}`);
  if (!/^[1-9]\d{0,8}$/.test(flags.ttl)) {
    throw new Error(`--ttl must be a number of milliseconds, got ${JSON.stringify(flags.ttl)}\n${USAGE}`);
  }
  const sock = new ChordSocket('127.0.0.1', 0, { k: Number(flags.k) });
  try {
    await sock.connect(flags.connect);
    const lock = { sock, key: `lock/${name}`, ttlMs: Number(flags.ttl) };
    process.exitCode = await runAlone(lock, command, args, await acquire(lock));
  } finally {
    await sock.close();
  }
}

/** Waits for the lock; resolves to the version that stands for holding it. */
async function acquire({ sock, key, ttlMs }: Lock): Promise<string> {
  for (;;) {
    try {
      const { version } = await sock.set(key, sock.id, { ifAbsent: true, ttlMs });
      return version;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
    await pause(RETRY_MS);
  }
}

/** Runs the command, keeps the lock meanwhile, and gives it back. Resolves to the exit code. */
async function runAlone(lock: Lock, program: string, rest: readonly string[], held: string): Promise<number> {
  const child = spawn(program, rest, { stdio: 'inherit', env: { ...process.env, CHORD_LOCK_VERSION: held } });
  const exit = once(child, 'exit') as Promise<[code: number | null, signal: NodeJS.Signals | null]>;
  const done = new AbortController();
  const kept = keep(lock, held, done.signal).catch((error: unknown) => {
    // Another may hold it from now on: what we run has to end.
    child.kill();
    throw error;
  });
  kept.catch(() => {});
  const [code] = await exit.finally(() => done.abort());
  const version = await kept;
  // Only our own: where it expired meanwhile, another's is left alone.
  await lock.sock.delete(lock.key, { ifVersion: version }).catch((error: unknown) => {
    if (!isConflict(error)) throw error;
  });
  return code ?? 1;
}

/** Renews the lock, three times in its life, until told to stop; resolves to its last version. */
async function keep({ sock, key, ttlMs }: Lock, held: string, signal: AbortSignal): Promise<string> {
  let version = held;
  for (;;) {
    await pause(ttlMs / 3, undefined, { signal }).catch(() => {});
    if (signal.aborted) return version;
    // A third of its life is gone: an answer that comes later than the rest would come too late.
    const timeoutMs = (2 * ttlMs) / 3;
    ({ version } = await sock.set(key, sock.id, { ifVersion: version, ttlMs, timeoutMs }));
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof ChordError && error.code === 'ERR_CONFLICT';
}
