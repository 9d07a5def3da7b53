// Group commit: what waits goes together, in order, and fails together.
import { expect, it } from 'vitest';
import type { StoreChange } from '../../src/storage/store.ts';
import { WriteQueue } from '../../src/storage/write-queue.ts';

function change(name: string, bytes = 1): StoreChange {
  return { type: 'put', key: Buffer.from(name), value: new Uint8Array(bytes) };
}

function namesOf(changes: readonly StoreChange[]): string {
  return changes.map(({ key }) => Buffer.from(key).toString()).join(' ');
}

/** A queue whose commits are noted, and wait until they are let go. */
function queueWithGate(): { queue: WriteQueue; groups: string[]; letGo: () => void } {
  const groups: string[] = [];
  const held: (() => void)[] = [];
  const queue = new WriteQueue(async (changes) => {
    groups.push(namesOf(changes));
    await new Promise<void>((resolve) => held.push(resolve));
    if (namesOf(changes).includes('bad')) throw new Error('the disk is full');
  });
  return { queue, groups, letGo: () => held.shift()?.() };
}

/** Everything that can happen without the disk has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('writes the batches of one turn together', async () => {
  const { queue, groups, letGo } = queueWithGate();
  const writes = ['a', 'b', 'c'].map((name) => queue.add([change(name)]));
  await settled();
  expect(groups).toEqual(['a b c']);
  letGo();
  await Promise.all(writes);
});

it('writes what came during a write together afterwards, in the order of the calls', async () => {
  const { queue, groups, letGo } = queueWithGate();
  const writes = [queue.add([change('a')])];
  await settled();
  for (const name of ['b', 'c', 'd']) writes.push(queue.add([change(name)]));
  await settled();
  expect(groups).toEqual(['a']);
  letGo();
  await writes[0];
  await settled();
  expect(groups).toEqual(['a', 'b c d']);
  letGo();
  await Promise.all(writes);
});

it('rejects those of a group that failed, and goes on with the next', async () => {
  const { queue, letGo } = queueWithGate();
  const writes = [queue.add([change('bad')]), queue.add([change('good')])];
  await settled();
  const later = queue.add([change('later')]);
  letGo();
  const results = await Promise.allSettled(writes);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await settled();
  letGo();
  await later;
});

it('bounds a group by its bytes, so that a large one does not hold up the rest', async () => {
  const { queue, groups, letGo } = queueWithGate();
  const writes = Array.from({ length: 4 }, (_, i) => queue.add([change(`k${i}`, 3 * 1_048_576)]));
  await settled();
  expect(groups).toEqual(['k0 k1']);
  letGo();
  await writes[1];
  await settled();
  expect(groups).toEqual(['k0 k1', 'k2 k3']);
  letGo();
  await queue.idle();
});
