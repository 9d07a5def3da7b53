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
import { ChordSocket } from 'chord-socket';

const { values: flags } = parseArgs({
  options: {
    connect: { type: 'string', default: '127.0.0.1:4444' },
    k: { type: 'string', default: '32' },
    queue: { type: 'string', default: 'queue' },
    jobs: { type: 'string', default: '10' },
  },
});

const jobs = Number(flags.jobs);
const sock = new ChordSocket('127.0.0.1', 0, { k: Number(flags.k) });
await sock.connect(flags.connect);

const mine: number[] = [];
let done = 0;
for (;;) {
  const job = await sock.increment(`${flags.queue}/next`);
  if (job > jobs) break;
  await work(job);
  mine.push(job);
  done = await sock.increment(`${flags.queue}/done`);
}
console.log(`did ${mine.length} of ${jobs} jobs: ${mine.join(' ')}`);
if (done === jobs) console.log('that was the last one');
await sock.close();

/** Here your own work goes. The result is stored under the number, so that doing it again does no harm. */
async function work(job: number): Promise<void> {
  await sock.set(`${flags.queue}/result/${job}`, String(job ** 2));
}
