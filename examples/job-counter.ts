// Workers that share numbered jobs: start as many as you like, on any machine, with the same --queue.
//
//   node dist/examples/job-counter.js --connect 127.0.0.1:4444 --queue today --jobs 1000
//
// `increment` gives each number to one worker, whoever else asks at the same time, and a second counter tells
// how many are done. A worker that dies takes its number with it: that job is not done, and `done` stays
// below the number of jobs. (Where that matters, put each job under a key of its own and use a lock with a
// time to live; see with-lock.ts.) Where the ring had to go on without a majority (`degraded`), the
// increments of one side can be lost, and a number can be given out twice: jobs had better be such that doing
// one again does no harm.
import { parseArgs } from 'node:util';
import { ChordError, ChordSocket } from 'chord-socket';

const USAGE = 'usage: job-counter [--connect HOST:PORT] [--k BITS] [--queue NAME] [--jobs COUNT]';

await main().catch((error: Error) => {
  // What the user can do something about: a flag, an address, a ring that is down.
  console.error(`${error instanceof ChordError ? error.code : 'error'}: ${error.message}`);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const { values: flags } = parseArgs({
    options: {
      connect: { type: 'string', default: '127.0.0.1:4444' },
      k: { type: 'string', default: '32' },
      queue: { type: 'string', default: 'queue' },
      jobs: { type: 'string', default: '10' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (flags.help) return console.log(USAGE);
  // Every number that is given out is compared with it: what is no number would never be reached.
  if (!/^[1-9]\d{0,14}$/.test(flags.jobs)) {
    throw new Error(`--jobs must be a positive integer, got ${JSON.stringify(flags.jobs)}\n${USAGE}`);
  }
  const sock = new ChordSocket('127.0.0.1', 0, { k: Number(flags.k) });
  try {
    await sock.connect(flags.connect);
    await workOn(sock, flags.queue, Number(flags.jobs));
  } finally {
    await sock.close();
  }
}

async function workOn(sock: ChordSocket, queue: string, jobs: number): Promise<void> {
  const mine: number[] = [];
  let done = 0;
  for (;;) {
    const job = await sock.increment(`${queue}/next`);
    if (job > jobs) break;
    await work(sock, queue, job);
    mine.push(job);
    done = await sock.increment(`${queue}/done`);
  }
  console.log(`did ${mine.length} of ${jobs} jobs: ${mine.join(' ')}`);
  if (done === jobs) console.log('that was the last one');
}

/** Here your own work goes. The result is stored under the number, so that doing it again does no harm. */
async function work(sock: ChordSocket, queue: string, job: number): Promise<void> {
  await sock.set(`${queue}/result/${job}`, String(job ** 2));
}
