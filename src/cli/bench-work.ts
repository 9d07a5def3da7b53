// The work of the benchmark: operations by so many at once, and what they took. It owns keys, values and
// timing; where the operations go is the caller's.
import { randomBytes } from 'node:crypto';
import { type ChordSocket, ChordError, type Consistency } from '../index.ts';

export const VALUE_BYTES = 100;
const KEY_BYTES = 12;

/** What one cell of the table took in one round. */
export interface Sample {
  /** Operations a second. */
  readonly rate: number;
  /** Milliseconds an operation: the median and what 99 of 100 stay below. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Pair {
  readonly key: string;
  readonly value: Buffer;
}

/** Fresh random keys and values of 100 bytes, which do not compress. */
export function makePairs(count: number): Pair[] {
  const bytes = randomBytes(count * VALUE_BYTES);
  return Array.from({ length: count }, (_, i) => ({
    key: randomBytes(KEY_BYTES).toString('base64url'),
    value: bytes.subarray(i * VALUE_BYTES, (i + 1) * VALUE_BYTES),
  }));
}

/** Runs `count` operations, `concurrency` at a time. Rejects with the first failure. */
export async function measure(
  count: number,
  concurrency: number,
  operation: (index: number) => Promise<unknown>,
): Promise<Sample> {
  const times = new Float64Array(count);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) {
      const begun = performance.now();
      await operation(i);
      times[i] = performance.now() - begun;
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: concurrency }, lane));
  const seconds = (performance.now() - begun) / 1_000;
  times.sort();
  return { rate: count / seconds, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}

/** Stores pairs that were not there before. */
export function measurePuts(
  socket: ChordSocket,
  pairs: readonly Pair[],
  concurrency: number,
  consistency: Consistency,
): Promise<Sample> {
  return measure(pairs.length, concurrency, async (i) => {
    const pair = pairs[i];
    if (pair !== undefined) await socket.set(pair.key, pair.value, { consistency });
  });
}

/** Reads `count` of the pairs, at random; a wrong or missing value is a failure of the whole run. */
export function measureGets(
  socket: ChordSocket,
  pairs: readonly Pair[],
  count: number,
  concurrency: number,
  consistency: Consistency,
): Promise<Sample> {
  return measure(count, concurrency, async () => {
    const pair = pairs[Math.floor(Math.random() * pairs.length)];
    if (pair === undefined) return;
    const value = await socket.get(pair.key, undefined, { consistency });
    if (value === undefined || !value.equals(pair.value)) {
      throw new ChordError('ERR_STORE', `a wrong value came back under ${pair.key}`);
    }
  });
}

/** The value below which `share` of the sorted numbers lie. */
export function quantile(sorted: Float64Array | readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] =
    sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : sorted.slice(middle - 1);
  return (low + high) / 2;
}
