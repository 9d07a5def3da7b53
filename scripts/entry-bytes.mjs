// `npm run entry-bytes -- [entries] [seed]`: the bytes that move when a member joins a filled ring of eight,
// and when one of three members comes back that has missed ten writes, as the codec writes the messages.
// Exit code 1 where a bound is not kept. Without arguments 100,000 entries: a minute or two.
import { joinBytes, returnBytes } from '../dist/src/sim/entry-bytes.js';

const [entries = 100_000, seed = 1] = process.argv.slice(2).map(Number);
const JOIN_MAX = 1.2;
const RETURN_MAX = 0.01;
const DIFFERENCES = 10;
let missed = 0;
for (const valueBytes of [100, 1_000]) {
  const options = { seed, entries, valueBytes };
  const { copies, leastBytes, movedBytes, ms, byType } = joinBytes({ ...options, members: 8 });
  report(
    `joins a ring of 8 with ${entries} values of ${valueBytes} B, takes ${copies} copies`,
    [movedBytes, leastBytes, ms, byType],
    JOIN_MAX,
  );
}
for (const away of ['restarted', 'cut off', 'went on']) {
  const options = { seed, entries, valueBytes: 100, differences: DIFFERENCES, away };
  const { fullBytes, movedBytes, ms, byType } = returnBytes(options);
  report(`missed ${DIFFERENCES} of ${entries} (${away})`, [movedBytes, fullBytes, ms, byType], RETURN_MAX);
}
process.exitCode = missed === 0 ? 0 : 1;

function report(what, [moved, all, ms, byType], most) {
  const ratio = moved / all;
  if (ratio > most) missed += 1;
  const kinds = byType.slice(0, 4).map(([type, bytes]) => `${type} ${kilobytes(bytes)}`);
  console.log(
    `${what}: moved ${kilobytes(moved)} of ${kilobytes(all)}, ratio ${ratio.toFixed(4)} ` +
      `(at most ${most})${ratio > most ? ' MISSED' : ''}, after ${(ms / 1_000).toFixed(1)} s`,
  );
  console.log(`  ${kinds.join(', ')}`);
}

function kilobytes(bytes) {
  return `${(bytes / 1_000).toFixed(1)} kB`;
}
