// What a ring takes in memory: for a value of 64 MiB, while 1,000 values of 1 MiB pass through it, and
// while 10^6 entries of 100 bytes live on one member. Run by `npm run measure:memory`; --quick does a small
// part of it. Exits with 1 where a bound is not kept.

import { randomBytes } from 'node:crypto';
import { ChordSocket, Protocol } from 'chord-socket';
import { createCluster } from 'chord-socket/testing';

const QUICK = process.argv.includes('--quick');
const MIB = 1_048_576;
const VALUES = QUICK ? 10 : 1_000;
const ENTRIES = QUICK ? 50_000 : 1_000_000;
/** Values that are there at one time: the others are deleted again. */
const KEPT = 16;
/** A copy of a 100-byte entry, and what may be in flight while values pass. */
const COPY_BYTES_MAX = 500;
const PASSING_BYTES_MAX = 512 * MIB;
/** What a member remembers of replaced values (limits.historyBytes). */
const REMEMBERED = 32 * MIB;
/** The largest value that the option allows, and what it may take: three copies, each on its way once. */
const LARGEST = (QUICK ? 8 : 64) * MIB;
/** On a busy machine a value takes its time, and that is not what is measured. */
const PATIENT = { timeoutMs: 120_000 };

let failed = false;
await largest();
await passThrough();
await pileUp();
process.exit(failed ? 1 : 0);

/** One value of the largest size, while small ones are read through the same connections. */
async function largest() {
  const limits = { valueBytes: LARGEST };
  const cluster = await createCluster(3, { protocol: new Protocol('memory', 'Plaintext'), limits });
  const [writer, reader] = cluster.nodes;
  const small = Array.from({ length: 32 }, (_, i) => `small ${i}`);
  await writer.update(small.map((key) => [key, key]));
  let lost = 0;
  for (const node of cluster.nodes) node.on('disconnect', () => (lost += 1));
  const value = randomBytes(LARGEST);
  const rss = process.memoryUsage().rss;
  const begun = performance.now();
  let most = 0;
  let slowest = 0;
  let reads = 0;
  const travelling = new AbortController();
  const travels = async () => {
    await writer.set('largest', value, { ...PATIENT, consistency: 'all' });
    if (!value.equals(await reader.get('largest', undefined, PATIENT))) throw new Error('it came back wrong');
    travelling.abort();
  };
  const readSmall = async () => {
    while (!travelling.signal.aborted) {
      const start = performance.now();
      await reader.get(small[reads++ % small.length], undefined, PATIENT);
      slowest = Math.max(slowest, performance.now() - start);
      most = Math.max(most, process.memoryUsage().rss);
    }
  };
  await Promise.all([travels(), readSmall()]);
  const seconds = (performance.now() - begun) / 1_000;
  report(
    `a value of ${LARGEST / MIB} MiB went to 3 members and back in ${seconds.toFixed(1)} s; meanwhile ` +
      `${reads} small reads, the slowest ${Math.round(slowest)} ms, and ${lost} connections lost`,
    [['rss grew at most by', most - rss, LARGEST * 8 + 64 * MIB]],
  );
  if (lost > 0) failed = true;
  await cluster.close();
}

async function passThrough() {
  const cluster = await createCluster(4, { protocol: new Protocol('memory', 'Plaintext') });
  const [writer, reader] = cluster.nodes;
  const before = live();
  let most = 0;
  const begun = performance.now();
  const lane = async (first) => {
    for (let i = first; i < VALUES; i += 4) {
      const value = randomBytes(MIB);
      await writer.set(`value ${i}`, value, PATIENT);
      if (!value.equals(await reader.get(`value ${i}`, undefined, PATIENT)))
        throw new Error(`value ${i} came back wrong`);
      if (i >= KEPT) await writer.delete(`value ${i - KEPT}`, PATIENT);
      most = Math.max(most, process.memoryUsage().rss);
    }
  };
  const rss = process.memoryUsage().rss;
  await Promise.all([0, 1, 2, 3].map(lane));
  const seconds = (performance.now() - begun) / 1_000;
  report(`${VALUES} values of 1 MiB passed 4 members in ${seconds.toFixed(1)} s`, [
    ['rss grew at most by', most - rss, PASSING_BYTES_MAX],
    // Those that are there still, three copies each, a fifth for all else, and what is remembered of others.
    ['live afterwards', live() - before, (KEPT + 4) * 3 * MIB * 1.2 + 4 * REMEMBERED],
  ]);
  await cluster.close();
}

async function pileUp() {
  const options = { profile: 'local', protocol: new Protocol('memory', 'Plaintext') };
  const member = new ChordSocket('127.0.0.1', 0, options);
  await member.join();
  const before = live();
  const begun = performance.now();
  let next = 0;
  const lane = async () => {
    while (next < ENTRIES) await member.set(`key ${next++}`, randomBytes(100), PATIENT);
  };
  await Promise.all(Array.from({ length: 64 }, lane));
  const seconds = (performance.now() - begun) / 1_000;
  const size = await member.size();
  if (size !== ENTRIES) throw new Error(`${ENTRIES} entries were stored, and there are ${size}`);
  report(`${ENTRIES} entries of 100 bytes live on one member, after ${seconds.toFixed(1)} s`, [
    ['live an entry', (live() - before) / ENTRIES, COPY_BYTES_MAX],
  ]);
  await member.close({ force: true });
}

function report(what, figures) {
  console.log(what);
  for (const [name, bytes, most] of figures) {
    const show = (n) => (n >= MIB ? `${(n / MIB).toFixed(1)} MiB` : `${Math.round(n)} B`);
    const verdict = bytes <= most ? 'ok' : 'TOO MUCH';
    if (bytes > most) failed = true;
    console.log(`  ${name}: ${show(bytes)} (at most ${show(most)}) ${verdict}`);
  }
}

/** Bytes that are still reachable. */
function live() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
