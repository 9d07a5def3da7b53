// `npm run measure`: how long a ring of members in one process takes to start, and what it costs when idle.
// Prints one table: for plaintext and TLS the median, least and most of several starts on the `local`
// profile, and the processor time and memory of an idle ring on the `lan` profile. Figures depend on the
// machine.
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import vm from 'node:vm';
import { ChordSocket, Protocol } from '../dist/src/index.js';

const MEMBERS = 16;
const STARTS = 5;
const IDLE_MS = 10_000;

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc');

/** Joins members through the first one, all at the same time. */
async function startRing(encryption, profile, members = MEMBERS) {
  const protocol = new Protocol('measure', encryption);
  const make = () => new ChordSocket('127.0.0.1', 0, { k: 32, protocol, profile });
  const nodes = Array.from({ length: members }, make);
  await nodes[0].join();
  const joinThrough = async (node) => {
    await node.connect(...nodes[0].addr);
    await node.join();
  };
  await Promise.all(nodes.slice(1).map(joinThrough));
  return nodes;
}

/** Until every member agrees with its neighbours, has its fingers and all its copies. */
async function untilIdeal(nodes) {
  for (;;) {
    const health = await Promise.all(nodes.map((node) => node.health()));
    if (health.every((one) => one.ok && one.members === MEMBERS)) return;
    await sleep(5);
  }
}

async function measureStart(encryption) {
  const times = [];
  for (let i = 0; i < STARTS; i++) {
    const before = performance.now();
    const nodes = await startRing(encryption, 'local');
    await untilIdeal(nodes);
    times.push(performance.now() - before);
    await Promise.all(nodes.map((node) => node.close()));
  }
  times.sort((a, b) => a - b);
  const [least, median, most] = [times[0], times[STARTS >> 1], times[STARTS - 1]].map((ms) =>
    (ms / 1000).toFixed(2),
  );
  return { what: `${MEMBERS} members, ${encryption}: start to ideal, s`, median, least, most };
}

/**
 * In a process of its own, so that nothing measured before is in its memory; one member has loaded the
 * code.
 */
async function measureIdle(encryption) {
  const first = await startRing(encryption, 'lan', 1);
  collectGarbage();
  const before = process.memoryUsage();
  const nodes = await startRing(encryption, 'lan');
  await untilIdeal(nodes);
  await sleep(IDLE_MS);
  collectGarbage();
  const cpu = process.cpuUsage();
  const start = performance.now();
  await sleep(IDLE_MS);
  const used = process.cpuUsage(cpu);
  const percent = (used.user + used.system) / 10 / (performance.now() - start);
  collectGarbage();
  const after = process.memoryUsage();
  const each = (bytes) => (bytes / 1e6 / MEMBERS).toFixed(2);
  const live = after.heapUsed + after.external - before.heapUsed - before.external;
  const ring = `${MEMBERS} idle members, ${encryption}`;
  await Promise.all([...first, ...nodes].map((node) => node.close()));
  return [
    { what: `${ring}: % of a core`, median: percent.toFixed(2) },
    { what: `${ring}: MB each that are alive`, median: each(live) },
    { what: `${ring}: MB each that the process grew by`, median: each(after.rss - before.rss) },
  ];
}

function inProcessOfItsOwn(encryption) {
  return JSON.parse(
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), encryption], { encoding: 'utf8' }),
  );
}

const [encryption] = process.argv.slice(2);
if (encryption === undefined) {
  const starts = [await measureStart('Plaintext'), await measureStart('SSL')];
  console.table([...starts, ...['Plaintext', 'SSL'].flatMap(inProcessOfItsOwn)]);
} else {
  console.log(JSON.stringify(await measureIdle(encryption)));
}
